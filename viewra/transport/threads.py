"""Threads for gRPC's handlers: those that answer calls, and those that last as long as their connection.

Both have to be ThreadPoolExecutors because gRPC looks for one.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeAlias

_Task: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


_log = logging.getLogger(__name__)
_JOIN_S = 10.0


def ended(thread: threading.Thread) -> bool:
    """Wait for a thread that was told to end, a bounded time; one that does not end is named in the log."""
    thread.join(_JOIN_S)
    if thread.is_alive():
        _log.error("the thread %s did not end within %g s", thread.name, _JOIN_S)
    return not thread.is_alive()


class Workers(ThreadPoolExecutor):
    """So many threads, started with the first tasks, for a server's calls; no interpreter waits for them at its end.

    A task has no future, which would take as long as all of the hand-over: gRPC's answer for themselves.
    """

    def __init__(self, most: int, name: str) -> None:
        super().__init__(most)
        self._most, self._name = most, name
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._started = 0

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a thread do the task; from one thread at a time, as gRPC's server does."""
        if self._started < self._most:
            self._started += 1
            threading.Thread(target=self._work, name=f"{self._name}_{self._started}", daemon=True).start()
        self._tasks.put((task, arguments, named))
        return _NOBODYS

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when they have done their tasks; nobody waits for them."""
        del wait, cancel_futures
        for _ in range(self._started):
            self._tasks.put(None)

    def _work(self) -> None:
        while (work := self._tasks.get()) is not None:
            task, arguments, named = work
            try:
                task(*arguments, **named)
            except BaseException:  # a thread that ends would be missed by all calls to come
                traceback.print_exc()
            del work, task, arguments, named  # a call's state must not outlive it until the next one comes


class _Nobodys(Future[Any]):
    """The future of a task that nobody asks about."""

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """A server counts its calls by these, for a limit that is not used."""


_NOBODYS = _Nobodys()


class ThreadEach(ThreadPoolExecutor):
    """An executor that starts a thread for each task and keeps none: nothing to shut down, nothing to wait for.

    A handler function that has one as its attribute ``experimental_thread_pool`` runs there; should gRPC drop that
    attribute, the handler occupies one of the server's own threads, which is only a waste.
    """

    def __init__(self, name: str) -> None:
        super().__init__(1)
        self._name = name

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run the task in a thread of its own."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(task(*arguments, **named))
            except BaseException as error:  # the future's owner raises or logs it
                future.set_exception(error)

        threading.Thread(target=run, name=self._name, daemon=True).start()
        return future
