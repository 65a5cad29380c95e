"""Futures of calls: nobody can cancel them, and they are settled once, by whoever comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import Any, TypeVar

T = TypeVar("T")


def under_way() -> Future[Any]:
    """A future that nobody can cancel: a call is ended by its deadline, and its answer must find the future ready."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


def in_thread(plugin_id: str, work: Callable[[], T], future: Future[T] | None = None) -> Future[T]:
    """Run ``work`` on a thread of its own, which no shutdown waits for; the future gives its value or error."""
    answer: Future[T] = under_way() if future is None else future
    threading.Thread(target=complete, args=(answer, work), name=f"call-{plugin_id}", daemon=True).start()
    return answer


def complete(future: Future[T], work: Callable[[], T]) -> None:
    """Do the work here, and give the future its value or error."""
    try:
        value = work()
    except BaseException as error:  # whoever reads the future decides what it means
        settle(future, error=error)
    else:
        settle(future, value)


def settle(future: Future[Any], value: object = None, *, error: BaseException | None = None) -> bool:
    """Give a future its value or error, unless somebody was faster; whether it took it."""
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
    except InvalidStateError:  # its deadline came first
        return False
    return True
