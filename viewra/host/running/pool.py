"""The runs that serve one plugin's calls, and the state that goes with them: changed together, under one lock.

What of a plugin breaks down is counted here, too, since it decides which state comes next.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection

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
"""Called with plugin id, old state, new state and reason, in the order of the changes; must return at once."""


@attrs.frozen
class Loss:
    """What follows from the end of a run, or from a start that failed.

    It is started again after ``pause_s``, None where it is not. ``quarantine`` is the reason of a quarantine, "" where
    there is none; ``others`` are runs that have to end with it.
    """

    pause_s: float | None = None
    quarantine: str = ""
    others: tuple[Run, ...] = ()


class Pool:
    """One plugin's state, and its runs: 0 … n processes of one version. For any thread.

    ``state`` is where the plugin is in its life, ``reason`` why it is there: empty where there is nothing to say, else
    its first line says it all, and others are output. ``runs`` are those that serve, in the order in which they came; a
    call goes to the one with the fewest calls in flight. Only the methods change these three.
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
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.crashes = 0
        self._plugin_id = plugin_id
        self._on_state = on_state
        self._lock = threading.Lock()
        self.state, self.reason = state, reason
        self.runs: tuple[Run, ...] = ()
        self._only: Connection | None = None  # that of the only run: the rule, and quick
        self._backoff = Backoff(policy, now=clock.now, chance=chance)
        self._losses: dict[Run, Loss] = {}
        self._told = ""  # the reason that came with the runs

    # ---- what there is ----

    @property
    def short_reason(self) -> str:
        """The reason without the output that goes with it."""
        return self.reason.partition("\n")[0]

    @property
    def first(self) -> Run | None:
        """The run that serves longest."""
        runs = self.runs
        return runs[0] if runs else None

    @property
    def idle_s(self) -> float:
        """For how many seconds no run has had a call; 0 where none serves."""
        return min((run.connection.idle_s for run in self.runs), default=0.0)

    @property
    def pause_s(self) -> float:
        """Seconds in which nothing is started; 0 where it may be."""
        with self._lock:
            return self._backoff.left_s

    @property
    def awaited_s(self) -> float:
        """Seconds that a call waits for the restart that is due then; 0 where it is not to wait."""
        with self._lock:
            return self._backoff.awaited_s if self.state is PluginState.BACKOFF else 0.0

    def run_of(self, connection: Connection) -> Run | None:
        """The run that serves by this connection; None when it serves no more."""
        return next((run for run in self.runs if run.connection is connection), None)

    # ---- changes ----

    def enter(self) -> Connection | None:
        """A call enters the connection of a run that serves; None when there is no run."""
        with self._lock:  # or it might enter one that was taken away and found idle in between
            if self._only is not None:
                return self._only.enter()
            if not self.runs:
                return None
            return min((run.connection for run in self.runs), key=_in_flight).enter()

    def become(
        self, event: Event, state: PluginState, reason: str = "", *, only_from: Collection[PluginState] = ()
    ) -> bool:
        """Change the state, if it is one of ``only_from`` (none given: whichever it is); whether it was changed.

        Raises IllegalTransition for what cannot follow.
        """
        with self._lock:
            if only_from and self.state not in only_from:
                return False
            self._change(event, state, reason)
        return True

    def serve(self, runs: tuple[Run, ...], policy: Restart, reason: str = "") -> tuple[Run, ...]:
        """From now on calls go to these; gives the runs that served until now, which may still have calls in flight."""
        with self._lock:
            old = self.runs
            self._change(Event.PROVEN, PluginState.RUNNING, reason, again=bool(old))
            self._have(runs)
            self._told = reason
            self._backoff.follow(policy)
            self._backoff.end_pause()
        return old

    def join(self, run: Run) -> bool:
        """Calls go to this run, too, which is of the version that serves; False when that has ended."""
        with self._lock:
            if not self.runs:
                return False
            self._have((*self.runs, run))
            self._change(Event.TOLD, self.state, self._told)
        return True

    def take(
        self, event: Event, state: PluginState, reason: str = "", *, beside: Run | None = None, idle_s: float = 0.0
    ) -> tuple[Run, ...]:
        """Take all runs away, so that no call enters them any more, and change the state; gives them.

        None of them, with nothing changed, when ``beside`` does not serve, or one had a call within ``idle_s``.
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
        """It may be started at once."""
        with self._lock:
            self._backoff.end_pause()

    def forgive(self, policy: Restart) -> None:
        """Forget the crashes that there were."""
        with self._lock:
            self._backoff.forgive(policy)

    # ---- breaking down ----

    def lose(self, run: Run, reason: str) -> bool:
        """A run ended by itself, for a reason; False for one that was taken away before. ``loss`` says what follows."""
        with self._lock:
            if run not in self.runs:
                return False
            self.crashes += 1
            others = tuple(one for one in self.runs if one is not run)
            pause_s = self._backoff.crashed(run.ran_s)
            self._losses[run] = self._after_loss(others, reason, pause_s)
        return True

    def loss(self, run: Run) -> Loss | None:
        """What follows from the end of this run; tells it once."""
        with self._lock:
            return self._losses.pop(run, None)

    def failed(self, reason: str, *, crash: bool, again: bool) -> Loss:
        """A start failed. ``crash``: it counts for the quarantine; ``again``: it is tried again without a call."""
        with self._lock:
            self._change(Event.FAILED, PluginState.CRASHED, reason)
            self.crashes += crash
            pause_s = self._backoff.crashed() if crash else self._backoff.failed()
            return self._after_crash(reason, pause_s, again=again, awaited=False)

    def missed(self, reason: str, *, crash: bool) -> Loss:
        """One more run beside those that serve could not be started."""
        with self._lock:
            self.crashes += crash
            pause_s = self._backoff.crashed() if crash else self._backoff.failed()
            return self._after_loss(self.runs, reason, pause_s) if self.runs else Loss()

    def _after_loss(self, others: tuple[Run, ...], reason: str, pause_s: float | None) -> Loss:
        """The ``others`` serve on while the missing one is started again, if it is."""
        if others and pause_s is not None:
            self._have(others)
            first, output = _parted(reason)
            told = f"one of its processes is missing, and is started again in {pause_s:.1f} s: {first}"
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
        told = f"{first}; {'it is started again' if again else 'a call may start it again'} in {pause_s:.1f} s"
        self._change(Event.PAUSE, PluginState.BACKOFF, told + output)
        self._backoff.pause(pause_s, awaited=awaited)
        return Loss(pause_s if again else None)

    # ---- within ----

    def _have(self, runs: tuple[Run, ...]) -> None:
        self.runs = runs
        self._only = runs[0].connection if len(runs) == 1 else None

    def _change(self, event: Event, state: PluginState, reason: str, *, again: bool = False) -> None:
        require(self.state, event, state)
        old, self.state = self.state, state
        self.reason = encodable(reason)  # it is stored, and shown
        if old is not state or again:
            self._on_state(self._plugin_id, old, state, self.reason)  # under the lock: that is their order


def _in_flight(connection: Connection) -> int:
    return connection.in_flight


def _parted(reason: str) -> tuple[str, str]:
    """The first line, and the output that follows it, with its line end."""
    first, _, output = reason.partition("\n")
    return first, f"\n{output}" if output else ""
