"""Runs that are to end: each answers the calls that it has, then stops."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from viewra.host.running.run import Run
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.clock import SYSTEM, Clock
from viewra.host.sync.tasks import Tasks, side_by_side

LONGEST_S = 3600.0
"""Backstop for the calls of a run that was replaced: they have deadlines of their own, which end long before."""

log = logging.getLogger("viewra.host")


def end(runs: Sequence[Run], drain_s: float, closing: Cancellation, *, clock: Clock = SYSTEM) -> None:
    """Stop runs that no call enters any more, side by side, and wait for that.

    Calls in flight have ``drain_s`` seconds to end; a ``closing`` host does not wait for them.
    """

    def end_one(run: Run) -> None:
        run.drain(drain_s, closing)
        if run.stop() == "kill":
            log.warning("plugin %s had to be killed", run.plugin_id)

    if runs:
        works = [lambda run=run: end_one(run) for run in runs]
        side_by_side(clock, f"stop-{runs[0].plugin_id}", works)


class Draining:
    """The replaced runs of one plugin, a task each. Only a closing host waits for them."""

    def __init__(self, plugin_id: str, *, clock: Clock = SYSTEM) -> None:
        self._plugin_id = plugin_id
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._tasks = Tasks(clock=clock)

    def add(self, run: Run) -> None:
        """Let a run end that no call enters any more."""
        with self._lock:
            self._runs.add(run)
        if self._tasks.start(f"drain-{self._plugin_id}", lambda: self._see_off(run)) is None:  # it is closed
            run.connection.hurry()
            self._see_off(run)

    def close(self) -> None:
        """End them all now, whatever they still answer."""
        with self._lock:
            runs = tuple(self._runs)
        for run in runs:
            run.connection.hurry()
        self._tasks.close()

    def _see_off(self, run: Run) -> None:
        try:
            run.connection.drained(LONGEST_S)
            if run.stop() == "kill":
                log.warning("plugin %s: the replaced process had to be killed", self._plugin_id)
        finally:
            with self._lock:
                self._runs.discard(run)
