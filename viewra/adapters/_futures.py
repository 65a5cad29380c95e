"""Futures of calls: they cannot be cancelled, are set once, and every wait for them ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import Any, TypeVar

from viewra.errors import PluginError, PluginFault, PluginTimeout
from viewra.text import clean, kind, reason

T = TypeVar("T")
S = TypeVar("S")

BACKSTOP_S = 600.0
"""Seconds after a call's deadline at which every wait for it ends; a start and a migration may come before the call."""

log = logging.getLogger("viewra.adapters")


class Pending(Future[T]):
    """The future of a plugin's call, already running, so that it cannot be cancelled.

    Its deadline sets it. If that fails, ``result`` and ``exception`` without a time-out end ``deadline_s`` plus
    ``BACKSTOP_S`` seconds after they began, with a PluginTimeout.
    """

    def __init__(self, plugin_id: str, method: str, deadline_s: float = 0.0) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()
        self._plugin_id = plugin_id
        self._method = method
        self._longest_s = deadline_s + BACKSTOP_S

    def result(self, timeout: float | None = None) -> T:
        """The value; raises a PluginError, and TimeoutError only with a ``timeout``."""
        try:
            return super().result(self._longest_s if timeout is None else timeout)
        except TimeoutError:
            if timeout is None:
                raise self._endless() from None
            raise
        finally:
            del self  # as in the base class: the error, which the future keeps, refers to this frame

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error, or None; raises TimeoutError only with a ``timeout``."""
        try:
            return super().exception(self._longest_s if timeout is None else timeout)
        except TimeoutError:
            if timeout is None:
                return self._endless()
            raise

    def _endless(self) -> PluginTimeout:
        message = f"the host waited {self._longest_s:g} s for an answer, far beyond the call's deadline, and gave up"
        log.error("plugin %s, %s: %s", self._plugin_id, self._method, message)
        return PluginTimeout(self._plugin_id, message, call=self._method)


def in_thread(plugin_id: str, work: Callable[[], T], future: Future[T] | None = None, method: str = "") -> Future[T]:
    """Run ``work`` on its own thread, for which no shutdown waits. The future gets its value or error."""
    answer: Future[T] = Pending(plugin_id, method) if future is None else future
    thread = threading.Thread(target=complete, args=(answer, work), name=f"call-{plugin_id}", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # no more threads can be started
        settle(answer, error=as_plugin_error(plugin_id, method, error))
    return answer


def complete(future: Future[T], work: Callable[[], T]) -> None:
    """Do the work here, and set the future to its value or error."""
    try:
        value = work()
    except BaseException as error:  # the reader of the future interprets it
        settle(future, error=error)
    else:
        settle(future, value)


def follow(source: Future[S], target: Future[T], convert: Callable[[S], T]) -> None:
    """When ``source`` has ended, set ``target`` to its converted value, or to the error."""

    def ended(_future: Future[S]) -> None:
        complete(target, lambda: convert(source.result()))

    source.add_done_callback(ended)


def settle(future: Future[Any], value: object = None, *, error: BaseException | None = None) -> bool:
    """Set a future to its value or error, unless it is set. Returns whether it took it.

    A PluginError loses its traceback, whose frames would keep the plugin's answer as long as the error.
    """
    if isinstance(error, PluginError):
        error.__traceback__ = None
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
    except InvalidStateError:  # its deadline came first
        return False
    return True


def as_plugin_error(plugin_id: str, method: str, error: BaseException) -> PluginError:
    """A call's error as a PluginError: any other exception is a bug of the host, or exhausted resources."""
    if isinstance(error, PluginError):
        return error
    log.error("the host failed to call plugin %s, %s", plugin_id, method, exc_info=error)
    return PluginFault(
        plugin_id, f"the host failed to call it: {kind(error)}: {clean(reason(error), 500)}", call=method
    )
