"""Holds the runs that serve one plugin's calls, and the plugin's state; changes both together under one lock.

The pool also counts crashes, because they determine the next state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from weakref import WeakKeyDictionary

import attrs

from viewra.adapters import Connection
from viewra.host.running.backoff import Backoff
from viewra.host.running.run import Run
from viewra.host.running.states import Event, require
from viewra.host.sync.clock import SYSTEM, Clock
from viewra.manifest import Restart
from viewra.text import encodable
from viewra.types import PluginState

StateListener = Callable[[str, PluginState, PluginState, str], None]
"""Called with plugin id, old state, new state and reason, in the order of the changes; must not block."""


@attrs.frozen
class Loss:
    """The consequence of a crash or of a failed start.

    The plugin is started again after ``pause_s`` seconds; None: it is not. ``quarantine`` is the reason of a
    quarantine, "" if there is none; ``others`` are the runs that have to be stopped, too.
    """

    pause_s: float | None = None
    quarantine: str = ""
    others: tuple[Run, ...] = ()


class Pool:
    """One plugin's state and its runs: 0 … n processes of one version. Thread-safe.

    ``reason`` explains ``state``: it may be empty; its first line is the reason, further lines are the process's
    output. ``runs`` are those that serve, oldest first; a call enters the run with the fewest calls in flight. Only
    the methods change these three attributes.
    """

    def __init__(
        self,
        plugin_id: str,
        on_state: StateListener,
        state: PluginState,
        reason: str = "",
        *,
        policy: Restart,
        clock: Clock = SYSTEM,
    ) -> None:
        self.crashes = 0
        self._plugin_id = plugin_id
        self._on_state = on_state
        self._lock = threading.Lock()
        self.state, self.reason = state, reason
        self.runs: tuple[Run, ...] = ()
        self._only: Connection | None = None  # that of the only run: the usual case needs no search
        self._backoff = Backoff(policy, now=clock.now)
        self._losses: dict[Run, Loss] = {}
        self._ends: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()
        self._told = ""  # the reason given with the runs

    # ---- state ----

    @property
    def short_reason(self) -> str:
        """The reason without the process's output."""
        return self.reason.partition("\n")[0]

    @property
    def first(self) -> Run | None:
        """The oldest run that serves."""
        runs = self.runs
        return runs[0] if runs else None

    @property
    def idle_s(self) -> float:
        """Seconds since the last call of any run ended; 0 if none serves."""
        return min((run.connection.idle_s for run in self.runs), default=0.0)

    @property
    def pause_s(self) -> float:
        """Remaining seconds of the pause before the next start; 0 if a start may begin."""
        with self._lock:
            return self._backoff.left_s

    @property
    def awaited_s(self) -> float:
        """Seconds that a call waits for the next restart; 0 if calls do not wait."""
        with self._lock:
            return self._backoff.awaited_s if self.state is PluginState.BACKOFF else 0.0

    def run_of(self, connection: Connection) -> Run | None:
        """The run with this connection; None if it no longer serves."""
        return next((run for run in self.runs if run.connection is connection), None)

    def end_of(self, connection: Connection) -> str:
        """How the crashed run with this connection ended; "" if none did. The state's reason may say more by now."""
        with self._lock:
            return self._ends.get(connection, "")

    # ---- changes ----

    def enter(self) -> Connection | None:
        """Enter a call into the connection of a run that serves, and return that; None if no run serves."""
        with self._lock:  # otherwise the call might enter a run that was meanwhile taken as idle
            if self._only is not None:
                return self._only.enter()
            if not self.runs:
                return None
            return min((run.connection for run in self.runs), key=_in_flight).enter()

    def become(
        self, event: Event, state: PluginState, reason: str = "", *, only_from: Collection[PluginState] = ()
    ) -> bool:
        """Change the state if it is one of ``only_from`` (empty: any state); returns whether it was changed.

        Raises IllegalTransition if the new state may not follow.
        """
        with self._lock:
            if only_from and self.state not in only_from:
                return False
            self._change(event, state, reason)
        return True

    def serve(self, runs: tuple[Run, ...], policy: Restart, reason: str = "") -> tuple[Run, ...]:
        """Send calls to these runs from now on; returns the previous runs, which may still have calls in flight."""
        with self._lock:
            old = self.runs
            self._change(Event.PROVEN, PluginState.RUNNING, reason, again=bool(old))
            self._have(runs)
            self._told = reason
            self._backoff.follow(policy)
            self._backoff.end_pause()
        return old

    def join(self, run: Run) -> bool:
        """Add a run of the version that serves; False if that version no longer serves."""
        with self._lock:
            if not self.runs:
                return False
            self._have((*self.runs, run))
            self._change(Event.TOLD, self.state, self._told)
        return True

    def spare(self) -> Run | None:
        """Remove and return the run with the fewest calls, the youngest of equals; None if only one serves."""
        with self._lock:
            if len(self.runs) < 2:
                return None
            run = min(reversed(self.runs), key=lambda one: one.connection.in_flight)
            self._have(tuple(one for one in self.runs if one is not run))
        return run

    def take(
        self, event: Event, state: PluginState, reason: str = "", *, beside: Run | None = None, idle_s: float = 0.0
    ) -> tuple[Run, ...]:
        """Remove and return all runs, so that they get no new calls, and change the state.

        Removes none and changes nothing if ``beside`` does not serve, or if any run had a call within ``idle_s``.
        """
        with self._lock:
            taken = self.runs
            if not taken or (beside is not None and beside not in taken):
                return ()
            if idle_s and any(run.connection.idle_s < idle_s for run in taken):
                return ()
            self._change(event, state, reason)
            self._have(())
        return taken

    def end_pause(self) -> None:
        """End the pause: a start may begin at once."""
        with self._lock:
            self._backoff.end_pause()

    def forgive(self, policy: Restart) -> None:
        """Forget all crashes."""
        with self._lock:
            self._backoff.forgive(policy)

    # ---- crashes ----

    def lose(self, run: Run, reason: str) -> bool:
        """Remove a crashed run; False if the pool no longer had it. ``loss`` then returns the consequence."""
        with self._lock:
            if run not in self.runs:
                return False
            self.crashes += 1
            self._ends[run.connection] = _parted(reason)[0]
            others = tuple(one for one in self.runs if one is not run)
            pause_s = self._backoff.crashed(run.ran_s)
            self._losses[run] = self._after_loss(others, reason, pause_s)
        return True

    def loss(self, run: Run) -> Loss | None:
        """The consequence of this run's crash; only the first call returns it."""
        with self._lock:
            return self._losses.pop(run, None)

    def failed(self, reason: str, *, crash: bool, again: bool) -> Loss:
        """Note a failed start. ``crash``: it counts toward quarantine; ``again``: a restart follows without a call."""
        with self._lock:
            self._change(Event.FAILED, PluginState.CRASHED, reason)
            self.crashes += crash
            pause_s = self._backoff.crashed() if crash else self._backoff.failed()
            return self._after_crash(reason, pause_s, again=again, awaited=False)

    def missed(self, reason: str, *, crash: bool) -> Loss:
        """Note a failed start of an additional run while others serve."""
        with self._lock:
            self.crashes += crash
            pause_s = self._backoff.crashed() if crash else self._backoff.failed()
            return self._after_loss(self.runs, reason, pause_s) if self.runs else Loss()

    def _after_loss(self, others: tuple[Run, ...], reason: str, pause_s: float | None) -> Loss:
        """The ``others`` continue to serve if the missing run is started again; otherwise they have to stop."""
        if others and pause_s is not None:
            self._have(others)
            first, output = _parted(reason)
            told = f"one of its processes is missing, and is started again {pause_s:.1f} s later: {first}"
            self._change(Event.LOST, PluginState.RUNNING, told + output)
            return Loss(pause_s)
        self._change(Event.LOST, PluginState.CRASHED, reason)
        self._have(())
        return attrs.evolve(self._after_crash(reason, pause_s, again=True, awaited=True), others=others)

    def _after_crash(self, reason: str, pause_s: float | None, *, again: bool, awaited: bool) -> Loss:
        first, output = _parted(reason)
        if pause_s is None:
            policy = self._backoff.policy
            why = f"broke down more than {policy.max} times in {policy.window_s:g} s; the last time: {first}{output}"
            self._change(Event.GIVE_UP, PluginState.QUARANTINED, why)
            return Loss(quarantine=self.reason)
        # "later" stays true for as long as the reason is shown.
        told = f"{first}; {'it is started again' if again else 'a call may start it again'} {pause_s:.1f} s later"
        self._change(Event.PAUSE, PluginState.BACKOFF, told + output)
        self._backoff.pause(pause_s, awaited=awaited)
        return Loss(pause_s if again else None)

    # ---- private ----

    def _have(self, runs: tuple[Run, ...]) -> None:
        self.runs = runs
        self._only = runs[0].connection if len(runs) == 1 else None

    def _change(self, event: Event, state: PluginState, reason: str, *, again: bool = False) -> None:
        require(self.state, event, state)
        old, self.state = self.state, state
        self.reason = encodable(reason) if reason else ""  # it is stored and shown
        if old is not state or again:
            self._on_state(self._plugin_id, old, state, self.reason)  # under the lock: in order


def _in_flight(connection: Connection) -> int:
    return connection.in_flight


def _parted(reason: str) -> tuple[str, str]:
    """The first line, and the rest with the line break before it."""
    first, _, output = reason.partition("\n")
    return first, f"\n{output}" if output else ""
