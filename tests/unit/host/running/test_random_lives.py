"""Random operations on a plugin with fake processes: in hundreds of lifecycles the host's invariants hold."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from viewra.errors import PluginError
from viewra.host.running.states import CHANGES
from viewra.manifest import HealthChecks, Restart, Runtime
from viewra.types import PluginState

from .conftest import World
from .fake_process import Behaviour

STEPS = ("spawn", "handshake", "connect", "services", "info", "initialize", "start")
VERBS = ("load", "unload", "enable", "disable", "restart", "reload", "unquarantine", "detach", "adopt")


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp(prefix="viewra-lives-"))
        self.version = 0

    @initialize(workers=st.integers(1, 3), how=st.sampled_from(["blue-green", "restart"]), most=st.integers(0, 3))
    def begin(self, workers: int, how: str, most: int) -> None:
        runtime = Runtime(
            workers=workers,
            reload=how,
            restart=Restart(max=most, window_s=8.0),
            idle_timeout_s=20.0,
            start_timeout_s=10.0,
            health=HealthChecks(interval_s=2.0, own_interval_s=3.0, timeout_s=1.0, failures=2, restart="both"),
        )
        self.world = World(self.scratch, runtime, frozenset({"search_service"}))

    @rule(verb=st.sampled_from(VERBS))
    def verb(self, verb: str) -> None:
        with contextlib.suppress(PluginError):
            getattr(self.world.supervisor, verb)()

    @rule(verb=st.sampled_from(VERBS), later=st.floats(0.0, 5.0))
    def verb_meanwhile(self, verb: str, later: float) -> None:
        def do() -> None:
            with contextlib.suppress(PluginError):
                getattr(self.world.supervisor, verb)()

        self.world.clock.at(later, do)

    @rule(takes=st.floats(0.0, 15.0))
    def call(self, takes: float) -> None:
        with contextlib.suppress(PluginError):
            self.world.call(takes)

    @rule(index=st.integers(0, 5), later=st.floats(0.0, 5.0))
    def crash(self, index: int, later: float) -> None:
        def die() -> None:
            if running := self.world.running:
                running[index % len(running)].die()

        self.world.clock.at(later, die)

    @rule(step=st.sampled_from(STEPS), how=st.sampled_from(["die", "hang", "slow"]))
    def next_start(self, step: str, how: str) -> None:
        if how == "die":
            self.world.launcher.next.append(Behaviour(fails={} if step == "spawn" else {step: "die"}))
        else:
            self.world.launcher.next.append(Behaviour(takes={step: 3600.0 if how == "hang" else 3.0}))

    @rule(index=st.integers(0, 5), what=st.sampled_from(["silent", "deaf"]))
    def ail(self, index: int, what: str) -> None:
        if running := self.world.running:
            setattr(running[index % len(running)].behaviour, what, True)

    @rule()
    def change(self) -> None:
        self.version += 1
        self.world.change(f"version {self.version}")

    @rule(seconds=st.floats(0.0, 60.0))
    def time_goes_on(self, seconds: float) -> None:
        self.world.clock.tick(self.world.supervisor.tending, seconds)

    @invariant()
    def what_serves_and_the_state_agree(self) -> None:
        world = getattr(self, "world", None)
        if world is None:
            return
        assert world.clock.failures == []
        assert (world.state == "running") == bool(world.supervisor.pids)
        assert {(old, new) for old, new, _ in world.changes} <= CHANGES
        assert all(before[1] is after[0] for before, after in pairwise(world.changes))

    def teardown(self) -> None:
        world = self.world
        try:
            world.launcher.next.clear()
            world.clock.advance(120.0)  # whatever hung is over, and whatever was to come meanwhile came
            with contextlib.suppress(PluginError):
                world.supervisor.enable()
                world.supervisor.unquarantine()
                world.supervisor.load()
            for process in world.running:
                process.behaviour.silent = False
            if world.state == str(PluginState.RUNNING):
                world.call()
            world.supervisor.close()
            world.clock.advance(120.0)
            assert world.clock.failures == []
            assert [process.pid for process in world.running] == []
            assert world.clock.waiting == []
            assert [peer for peer in world.launcher.peers if not peer.closed] == []
        finally:
            world.runtime_dir.close()
            shutil.rmtree(self.scratch, ignore_errors=True)


TestLives = Lives.TestCase
TestLives.settings = settings(stateful_step_count=25, suppress_health_check=list(HealthCheck))
