"""Launches that cannot be: hosts that only look, starts that are cancelled or never end."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from viewra.errors import PluginClosed, PluginUnavailable, ViewraError
from viewra.host.logs.log import PluginLog
from viewra.host.running import launching
from viewra.host.running.supervisor import Supervisor
from viewra.host.sync.cancellation import Cancellation
from viewra.manifest import Restart

from .conftest import Make, World
from .fake_process import Behaviour
from .test_adoption import LASTING, RECORD


@pytest.fixture
def looking(world: World) -> Supervisor:
    """Of a host that only looks at the same plugin."""
    installation, configuration = world.supervisor.installation, world.supervisor.configuration
    return Supervisor(
        installation,
        configuration,
        plugin_log=PluginLog("p"),
        machinery=None,
        enabled=False,
        on_state=lambda *_: None,
    )


def test_a_host_that_only_looks_starts_and_attaches_to_nothing(looking: Supervisor) -> None:
    looking.enable()
    looking.start_eagerly()
    looking.adopt()
    with pytest.raises(PluginUnavailable, match="plugin p: is not started by a host that only looks"):
        looking.draft_migration("more tables")
    with pytest.raises(PluginUnavailable, match="is not attached to by a host that only looks"):
        looking.attach(RECORD)
    with pytest.raises(PluginUnavailable, match="plugin p: is not started by a host that only looks"):
        looking.load()
    assert looking.stats.starts == 0
    looking.close()


def test_code_of_a_disabled_one_is_not_run_to_draft_a_migration(world: World) -> None:
    world.supervisor.disable()
    with pytest.raises(PluginUnavailable, match="is disabled: not enabled; its code is run") as refused:
        world.supervisor.draft_migration("more tables")
    assert refused.value.hint == "viewra plugins enable p"


@pytest.mark.parametrize("cancelled", [True, False])
def test_an_environment_that_is_not_built_is_no_crash(
    world: World, monkeypatch: pytest.MonkeyPatch, cancelled: bool
) -> None:
    def build(_code: object, beginning: Cancellation) -> None:
        if cancelled:
            beginning.close()
        raise ViewraError("its packages cannot be had", hint="connect to the internet")

    monkeypatch.setattr(world.supervisor.configuration, "build_environment", build)
    if cancelled:
        with pytest.raises(PluginClosed, match="was stopped while it started"):
            world.call()
    else:
        with pytest.raises(PluginUnavailable, match="did not start: its packages cannot be had") as refused:
            world.call()
        assert refused.value.hint == "connect to the internet"
    assert (world.launcher.plans, world.supervisor.stats.crashes) == ([], 0)


def test_starts_beside_the_others_that_never_end_are_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[int, float]] = []

    def never(_clock: object, _name: str, works: Any, longest_s: float) -> None:
        waits.append((len(works), longest_s))

    monkeypatch.setattr(launching, "side_by_side", never)
    world = make(workers=3, start_timeout_s=7.0, restart=Restart(max=100))
    world.call()
    world.clock.advance(0.1)
    assert waits == [(2, 74.0)]
    assert "a start has not ended in its time" in world.supervisor.reason
    assert len(world.running) == 1


def test_of_several_starts_one_that_fails_ends_the_others(make: Make) -> None:
    world = make(workers=3, restart=Restart(max=100))
    world.launcher.next = [Behaviour(), Behaviour(), Behaviour(fails={"start": "die"})]
    world.call()
    world.clock.advance(0.1)
    assert [process.ended for process in world.launcher.processes] == [False, True, True]
    assert world.supervisor.stats.crashes == 1
    world.clock.advance(5.0)
    assert len(world.running) == 3


def test_what_a_lasting_process_announced_says_where_it_runs(make: Make) -> None:
    world = make(detachable=True)
    world.launcher.behaviour = Behaviour(services=LASTING)
    world.call()
    run = world.supervisor.pool.first
    assert run is not None
    assert run.announced == attrs.evolve(RECORD, pid=1001, started=100100, test=False)
