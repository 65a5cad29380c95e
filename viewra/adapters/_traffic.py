"""Limits and counts all calls of one plugin, across its processes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from viewra.adapters._breaker import Breaker, BreakerState
from viewra.adapters._gate import Gate
from viewra.adapters._stats import CallStats, HookStats
from viewra.codec import lifecycle
from viewra.codec.rpc import Rpc
from viewra.codec.streams import StreamRpc
from viewra.errors import PluginBusy, PluginFault, PluginTimeout, PluginUnavailable

CALLS, QUEUE = 64, 256
"""The default limits of a plugin's calls in flight and in line."""


class Visit(NamedTuple):  # made for each call, and an attrs class takes longer
    """An admitted call: when it came (monotonic seconds), and its number with the breaker, if it has one."""

    came: float
    number: int = 0


class StreamVisit(NamedTuple):
    """An admitted stream: when it came, and its number with the breaker of the process that was there then."""

    came: float
    number: int
    breaker: Breaker


class Traffic:
    """The gate, the breaker and the counts of one plugin's calls.

    ``calls`` may be in flight at a time. Of calls that were started and not yet waited for, ``queue`` may wait in line;
    starting one more blocks until that one is over. Calls of the lifecycle bypass the gate and the breaker, so that the
    health of a busy plugin can always be asked.

    As many streams may be open, with a gate and a breaker of their own: those that last leave calls their places, and
    no slow route of a plugin keeps it from being asked for metadata.
    """

    def __init__(self, plugin_id: str, *, calls: int = CALLS, queue: int = QUEUE) -> None:
        self.breaker = Breaker()
        self._plugin_id = plugin_id
        self._calls = calls
        self._gate = Gate(calls)
        self._streams = Gate(calls)
        self._of_streams: Breaker | None = None  # made for the first stream: most plugins have none
        self._queue = queue
        self._stats = CallStats()

    def renew(self, *, calls: int, queue: int) -> None:
        """Another process answers from now on: close the breakers, and apply the limits of its version."""
        self.breaker.reset()
        self._of_streams = None
        self._queue = queue
        if calls != self._calls:
            self._calls = calls
            self._gate.resize(calls)
            self._streams.resize(calls)

    @property
    def in_flight(self) -> int:
        """Calls in flight, and open streams."""
        return self._gate.inside + self._streams.inside

    @property
    def queued(self) -> int:
        """Calls and streams in line."""
        return self._gate.waiting + self._streams.waiting

    @property
    def crowded(self) -> bool:
        """Whether the line is full, so that starting a further call blocks."""
        return self._gate.waiting >= self._queue

    @property
    def breaker_state(self) -> BreakerState:
        """The breaker's treatment of the next call."""
        return self.breaker.state

    @property
    def hooks(self) -> Mapping[str, HookStats]:
        """The counts of each method that was called."""
        return self._stats.snapshot()

    def enter(self, rpc: Rpc[..., Any], timeout_s: float) -> Visit | None:
        """Begin a call, after at most ``timeout_s`` seconds in line. Returns the argument for ``leave``.

        None if there was no place within that time. Raises PluginUnavailable if the breaker is open.
        """
        came = time.monotonic()
        if rpc.service == lifecycle.SERVICE:
            return Visit(came)
        if not self._gate.enter(timeout_s):
            return None
        number = self.breaker.ask()
        if isinstance(number, str):
            self._gate.leave()
            raise PluginUnavailable(self._plugin_id, number, call=rpc.method)
        return Visit(came, number)

    def leave(self, rpc: Rpc[..., Any], visit: Visit, error: BaseException | None) -> None:
        """End a call that ``enter`` admitted, with or without ``error``."""
        self._stats.record(rpc.method, time.monotonic() - visit.came, error)
        if rpc.service == lifecycle.SERVICE:
            return
        if error is None or isinstance(error, PluginFault):
            self.breaker.settle(visit.number, answered=True)
        else:
            self.breaker.settle(visit.number, answered=False if isinstance(error, PluginTimeout) else None)
        self._gate.leave()

    def enter_stream(self, rpc: StreamRpc[Any, Any], timeout_s: float) -> StreamVisit:
        """Begin a stream, after at most ``timeout_s`` seconds in line. Returns the argument for ``leave_stream``.

        Raises PluginBusy if there was no place within that time, PluginUnavailable if the breaker is open.
        """
        came = time.monotonic()
        if not self._streams.enter(timeout_s):
            error = PluginBusy(
                self._plugin_id, f"has {self._streams.inside} open streams, which is its limit", call=rpc.method
            )
            self._stats.record(rpc.method, time.monotonic() - came, error)
            raise error
        breaker = self._of_streams = self._of_streams or Breaker()
        number = breaker.ask()
        if isinstance(number, str):
            self._streams.leave()
            raise PluginUnavailable(self._plugin_id, number, call=rpc.method)
        return StreamVisit(came, number, breaker)

    def leave_stream(
        self, rpc: StreamRpc[Any, Any], visit: StreamVisit, error: BaseException | None, first_s: float | None
    ) -> None:
        """End a stream that ``enter_stream`` admitted.

        ``first_s`` is when its first value came (monotonic seconds), which counts as the call's time and for the
        breaker: silence after that is no time-out of a call.
        """
        self._stats.record(rpc.method, (first_s or time.monotonic()) - visit.came, error)
        if first_s is not None or isinstance(error, PluginFault):
            visit.breaker.settle(visit.number, answered=True)
        else:
            visit.breaker.settle(visit.number, answered=False if isinstance(error, PluginTimeout) else None)
        self._streams.leave()

    def no_turn(self, rpc: Rpc[..., Any], waited_s: float) -> PluginTimeout:
        """The error for a call that got no place in time; it is counted, although the plugin never got it."""
        error = PluginTimeout(
            self._plugin_id,
            f"has {self._gate.inside} calls in flight, and none of them ended within {waited_s:g} s",
            call=rpc.method,
        )
        self._stats.record(rpc.method, waited_s, error)
        return error
