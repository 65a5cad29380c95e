"""Tells observers of the changes of plugins' states, one after the other, on a thread of its own.

So an observer may take its time, fail, or do something with the very plugin that it is told of: whoever changed the
state is not held up, and holds nothing that the observer could wait for.
"""

from __future__ import annotations

import logging
import queue
import threading

from viewra.host.running.pool import StateListener
from viewra.types import PluginState

PATIENCE_S = 5.0
"""How long a closing host waits for observers that have not heard of everything yet."""

log = logging.getLogger("viewra.host")


class Announcer:
    """Takes changes from any thread, at once, and gives them to ``tell`` in their order, until ``close``."""

    def __init__(self, tell: StateListener, *, patience_s: float = PATIENCE_S) -> None:
        self._tell = tell
        self._patience_s = patience_s
        self._changes: queue.SimpleQueue[tuple[str, PluginState, PluginState, str] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="states", daemon=True)
        self._thread.start()

    def __call__(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        """A plugin's state has changed."""
        self._changes.put((plugin_id, old, new, reason))

    def close(self) -> None:
        """Tell what there is to tell, within ``patience_s`` seconds, and end."""
        self._changes.put(None)
        if self._thread is threading.current_thread():  # an observer closes the host
            return
        self._thread.join(self._patience_s)
        if self._thread.is_alive():
            log.warning("an observer of plugin states has not returned for %g s: it is left behind", self._patience_s)

    def _run(self) -> None:
        while (change := self._changes.get()) is not None:
            try:
                self._tell(*change)
            except Exception:  # an observer's failure is its own
                log.exception("an observer of plugin states failed")
