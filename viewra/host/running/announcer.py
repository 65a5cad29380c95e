"""Passes changes of plugins' states to observers in order, on a thread of its own.

An observer may therefore be slow, fail, or act on the plugin whose state changed: the thread that changed the state
does not wait for the observer and holds no lock that the observer could wait for.
"""

from __future__ import annotations

import logging
import queue
import threading

from viewra.host.running.pool import StateListener
from viewra.types import PluginState

PATIENCE_S = 5.0
"""Seconds that a closing host waits until observers have handled all changes."""

log = logging.getLogger("viewra.host")


class Announcer:
    """Accepts changes from any thread without blocking and calls ``tell`` for each in order, until ``close``."""

    def __init__(self, tell: StateListener, *, patience_s: float = PATIENCE_S) -> None:
        self._tell = tell
        self._patience_s = patience_s
        self._changes: queue.SimpleQueue[tuple[str, PluginState, PluginState, str] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="states", daemon=True)
        self._thread.start()

    def __call__(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        """Queue a change of a plugin's state."""
        self._changes.put((plugin_id, old, new, reason))

    def close(self) -> None:
        """Deliver the queued changes within ``patience_s`` seconds, and end the thread."""
        self._changes.put(None)
        if self._thread is threading.current_thread():  # an observer closes the host
            return
        self._thread.join(self._patience_s)
        if self._thread.is_alive():
            log.warning("an observer of plugin states has not returned for %g s: it is abandoned", self._patience_s)

    def _run(self) -> None:
        while (change := self._changes.get()) is not None:
            try:
                self._tell(*change)
            except Exception:  # later changes are delivered all the same
                log.exception("an observer of plugin states failed")
