"""A stream to a plugin object in this process; the counterpart of ``adapters/_streams.py``.

The author's generator runs on a thread of its own. One that hangs loses its stream, but keeps its thread.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self

from viewra.adapters._failures import too_late
from viewra.adapters._futures import as_plugin_error
from viewra.adapters._silence import Silence
from viewra.adapters._traffic import StreamVisit, Traffic
from viewra.codec.streams import CallEnded, Item, StreamRpc, Value
from viewra.errors import PluginError, PluginTimeout
from viewra.transport.deadlines import Deadlines
from viewra.transport.handoff import Handoff, HandoffClosed

Run = Callable[[Iterator[Any], Callable[[], bool]], Iterable[Any]]
"""Runs the author's method; gives checked values, and raises a PluginError."""


class LocalExchange(Generic[Item, Value]):
    """An ``Exchange`` with a thread of this process. ``visit`` is what ``traffic`` gave for it."""

    def __init__(
        self,
        plugin_id: str,
        traffic: Traffic,
        deadlines: Deadlines,
        rpc: StreamRpc[Item, Value],
        visit: StreamVisit,
        most_s: float,
    ) -> None:
        self._plugin_id = plugin_id
        self._rpc = rpc
        self._leave = partial(traffic.leave_stream, rpc, visit)
        self._down: Handoff[Item] = Handoff()
        self._up: Handoff[Value] = Handoff()
        self._lock = threading.Lock()  # its end is counted once
        self._first_s: float | None = None
        self._ended = False
        self._error: BaseException | None = None  # of the author's method
        self._silence = Silence(deadlines, self._cut)
        self._deadlines = deadlines
        self._most_s = most_s
        self._all_late = False
        self._watched = deadlines.watch(visit.came + most_s, self._too_long)

    def run(self, method: Run) -> None:
        """Have the author's method answer, on this thread."""
        try:
            values = method(self._items(), lambda: not self._ended)
            try:
                for value in values:
                    self._up.put(value, None)  # ended by the caller, or with its time
            finally:
                with contextlib.suppress(Exception):
                    getattr(values, "close", _nothing)()
        except HandoffClosed:
            return
        except BaseException as error:  # the author's code may raise anything
            self._error = error
        self._up.close()

    def send(self, item: Item, timeout_s: float) -> bool:
        """Send an item, as ``Exchange`` has it."""
        try:
            if self._down.put(item, timeout_s):
                return True
        except HandoffClosed:
            return False
        message = f"did not read what it was sent for {timeout_s:g} s"
        raise self._fail(PluginTimeout(self._plugin_id, message, call=self._rpc.method))

    def finish(self) -> None:
        """Send no more items."""
        self._down.close()

    def receive(self, timeout_s: float) -> Value | None:
        """Wait for the next value, as ``Exchange`` has it."""
        if self._ended:
            if isinstance(self._error, PluginError):
                raise self._error
            return None
        try:
            self._silence.begin(timeout_s)
            value = self._up.take()
        except HandoffClosed:
            if self._closed():  # by another thread
                return None
            error = self._failure(timeout_s)
            if error is not None:
                raise self._fail(error) from error.__cause__
            self._end(None)
            return None
        except BaseException as error:  # Ctrl-C, or no thread for the deadline
            raise self._fail(error) from None
        finally:
            self._silence.end()
        if self._first_s is None:
            self._first_s = time.monotonic()
        return value

    def close(self) -> None:
        """End the stream, if it is not over."""
        self._end(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _closed(self) -> bool:
        with self._lock:
            return self._ended

    def _items(self) -> Iterator[Item]:
        while True:
            try:
                yield self._down.take()
            except HandoffClosed:
                if self._ended:
                    raise CallEnded("the host ended the call") from None
                return

    def _failure(self, timeout_s: float) -> PluginError | None:
        if self._all_late:
            return too_late(self._plugin_id, self._rpc.method, self._most_s)
        if self._silence.late:
            if self._first_s is None:
                return too_late(self._plugin_id, self._rpc.method, timeout_s)
            return PluginTimeout(self._plugin_id, f"sent nothing for {timeout_s:g} s", call=self._rpc.method)
        if self._error is None:
            return None
        return as_plugin_error(self._plugin_id, self._rpc.method, self._error)

    def _too_long(self) -> None:
        self._all_late = True
        self._cut()

    def _cut(self) -> None:
        self._up.close(drop=True)
        self._down.close(drop=True)

    def _fail(self, error: BaseException) -> BaseException:
        self._end(error)
        return error

    def _end(self, error: BaseException | None) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
            if isinstance(error, PluginError):
                self._error = error
        self._silence.over()
        self._deadlines.done(self._watched)
        self._cut()
        self._leave(error, self._first_s)


def _nothing() -> None:
    """Stands in for the end of an iterable that has none."""
