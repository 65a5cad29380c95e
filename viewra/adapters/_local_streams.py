"""A stream to a plugin object in this process; the counterpart of ``adapters/_streams.py``.

The author's generator runs on a thread of its own. One that hangs loses its stream, but keeps its thread.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Generic

from viewra.adapters._ending import Ending
from viewra.adapters._failures import too_late
from viewra.adapters._futures import as_plugin_error
from viewra.adapters._silence import Silence
from viewra.adapters._traffic import StreamVisit, Traffic
from viewra.codec.streams import CallEnded, Item, StreamRpc, Value
from viewra.errors import PluginError
from viewra.transport.deadlines import Deadlines
from viewra.transport.handoff import Handoff, HandoffClosed

Run = Callable[[Iterator[Any], Callable[[], bool]], Iterable[Any]]
"""Runs the author's method; gives checked values, and raises a PluginError."""


class LocalExchange(Ending, Generic[Item, Value]):
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
        super().__init__(plugin_id, rpc.method, partial(traffic.leave_stream, rpc, visit))
        self._down: Handoff[Item] = Handoff()
        self._up: Handoff[Value] = Handoff()
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
        raise self._fail(self._unread(timeout_s))

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
            return too_late(self._plugin_id, self._method, self._most_s)
        if self._silence.late:
            return self._silent(timeout_s)
        if self._error is None:
            return None
        return as_plugin_error(self._plugin_id, self._method, self._error)

    def _too_long(self) -> None:
        self._all_late = True
        self._cut()

    def _cut(self) -> None:
        self._up.close(drop=True)
        self._down.close(drop=True)

    def _let_go(self) -> None:
        self._deadlines.done(self._watched)
        self._cut()


def _nothing() -> None:
    """Stands in for the end of an iterable that has none."""
