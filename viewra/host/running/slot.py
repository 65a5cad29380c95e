"""Which run of a plugin's process serves its calls, and the state that goes with it: changed together, under one lock.

Why it changes is the supervisor's business.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from viewra.adapters import Connection
from viewra.host.running.run import Run
from viewra.types import PluginState

StateListener = Callable[[str, PluginState, PluginState, str], None]
"""Called with plugin id, old state, new state and reason, in the order of the changes; must return at once."""


class Slot:
    """One plugin's state and the run that serves, if any. For any thread."""

    def __init__(self, plugin_id: str, on_state: StateListener, state: PluginState, reason: str = "") -> None:
        self._plugin_id = plugin_id
        self._on_state = on_state
        self._lock = threading.Lock()
        self._state, self._reason = state, reason
        self._run: Run | None = None
        self._connection: Connection | None = None  # that of the run

    @property
    def state(self) -> PluginState:
        """Where the plugin is in its life."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is there; empty where there is nothing to say. The first line says it all, others are output."""
        return self._reason

    @property
    def run(self) -> Run | None:
        """The run that serves."""
        return self._run

    def enter(self) -> Connection | None:
        """A call enters the connection of the run that serves; None when there is no such run."""
        with self._lock:  # or it might enter one that was taken away and found idle in between
            return self._connection.enter() if self._connection is not None else None

    def become(self, state: PluginState, reason: str = "", *, only_from: Collection[PluginState] = ()) -> bool:
        """Change the state, if it is one of ``only_from`` (none given: whichever it is); whether it was changed."""
        with self._lock:
            if only_from and self._state not in only_from:
                return False
            self._change(state, reason)
        return True

    def serve(self, run: Run, reason: str = "") -> Run | None:
        """From now on calls go to ``run``; gives the run that served until now, which still has calls under way."""
        with self._lock:
            old, self._run = self._run, run
            self._connection = run.connection
            self._change(PluginState.RUNNING, reason, again=old is not None)
        return old

    def take(self, state: PluginState, reason: str = "", *, run: Run | None = None, idle_s: float = 0.0) -> Run | None:
        """Take the run away, so that no call enters it any more, and change the state; gives it.

        None, with nothing changed, when none serves, when it is not ``run``, or when it had a call within ``idle_s``.
        """
        with self._lock:
            taken = self._run
            if taken is None or (run is not None and taken is not run):
                return None
            if idle_s and taken.connection.idle_s < idle_s:
                return None
            self._run = self._connection = None
            self._change(state, reason)
        return taken

    def _change(self, state: PluginState, reason: str, *, again: bool = False) -> None:
        old, self._state, self._reason = self._state, state, reason
        if old is not state or again:
            self._on_state(self._plugin_id, old, state, reason)  # under the lock: that is their order
