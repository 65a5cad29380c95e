"""Drains runs: each one completes its calls in flight, then stops."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from viewra.adapters import STREAMS_S
from viewra.host.running.run import Run
from viewra.host.sync.background import Background, side_by_side
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.clock import SYSTEM, Clock

LONGEST_S = 3600.0
"""Upper bound for draining a replaced run, in seconds; the deadlines of its calls end long before."""

log = logging.getLogger("viewra.host")


def end(
    runs: Sequence[Run],
    drain_s: float,
    closing: Cancellation,
    *,
    streams_s: float = STREAMS_S,
    clock: Clock = SYSTEM,
) -> None:
    """Stop runs that get no new calls, concurrently, and wait until they have ended.

    Calls in flight get ``drain_s`` seconds to end, streams ``streams_s``; a ``closing`` host does not wait for them.
    """

    def end_one(run: Run) -> None:
        run.drain(drain_s, closing, streams_s)
        if run.stop() == "kill":
            log.warning("plugin %s had to be killed", run.plugin_id)

    if runs:
        works = [lambda run=run: end_one(run) for run in runs]
        side_by_side(clock, f"stop-{runs[0].plugin_id}", works)


class Draining:
    """Drains the replaced runs of one plugin, in the background. Only a closing host waits for them."""

    def __init__(self, plugin_id: str, *, clock: Clock = SYSTEM) -> None:
        self._plugin_id = plugin_id
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._background = Background(clock=clock)

    def add(self, run: Run) -> None:
        """Begin to drain a run that gets no new calls."""
        with self._lock:
            self._runs.add(run)
        if self._background.start(f"drain-{self._plugin_id}", lambda: self._see_off(run)) is None:  # it is closed
            run.connection.hurry()
            self._see_off(run)

    def close(self) -> None:
        """Stop all of them at once, without waiting for their calls."""
        with self._lock:
            runs = tuple(self._runs)
        for run in runs:
            run.connection.hurry()
        self._background.close()

    def _see_off(self, run: Run) -> None:
        try:
            run.connection.drained(LONGEST_S)
            if run.stop() == "kill":
                log.warning("plugin %s: the replaced process had to be killed", self._plugin_id)
        finally:
            with self._lock:
                self._runs.discard(run)
