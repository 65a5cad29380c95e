"""Runs that were replaced: each answers the calls that it has, then ends. Only a closing host waits for that."""

from __future__ import annotations

import logging
import threading

from viewra.host.running.run import Run

LONGEST_S = 3600.0
"""Backstop for the calls of a run that was replaced: they have deadlines of their own, which end long before."""

log = logging.getLogger("viewra.host")


class Draining:
    """The replaced runs of one plugin, a thread each."""

    def __init__(self, plugin_id: str) -> None:
        self._plugin_id = plugin_id
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, Run] = {}

    def add(self, run: Run) -> None:
        """See a run off that no call enters any more."""
        thread = threading.Thread(target=self._see_off, args=(run,), name=f"drain-{self._plugin_id}", daemon=True)
        with self._lock:
            self._threads[thread] = run
        thread.start()

    def close(self) -> None:
        """End them all now, whatever they still answer."""
        with self._lock:
            threads = dict(self._threads)
        for run in threads.values():
            run.connection.hurry()
        for thread in threads:
            thread.join()

    def _see_off(self, run: Run) -> None:
        run.connection.drained(LONGEST_S)
        if run.stop() == "kill":
            log.warning("plugin %s: the replaced process had to be killed", self._plugin_id)
        with self._lock:
            del self._threads[threading.current_thread()]
