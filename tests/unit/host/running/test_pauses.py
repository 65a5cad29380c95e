"""What a pause after a crash, and the crashes before it, mean once an operator or another version comes in between."""

from __future__ import annotations

import pytest

from viewra.errors import PluginUnavailable
from viewra.manifest import Restart

from .conftest import Make, World
from .fake_process import Behaviour


@pytest.fixture
def pausing(world: World) -> World:
    """Its process has crashed, and starts again after a pause."""
    world.call()
    world.crash()
    assert world.state == "backoff"
    return world


def test_one_that_was_disabled_in_a_pause_does_not_start_by_itself_once_it_is_enabled(pausing: World) -> None:
    pausing.supervisor.disable()
    pausing.supervisor.enable()
    pausing.clock.advance(60.0)
    assert (pausing.state, len(pausing.launcher.plans)) == ("ready", 1)


def test_one_that_was_disabled_in_a_pause_has_no_pause_once_it_is_enabled(pausing: World) -> None:
    pausing.supervisor.disable()
    pausing.supervisor.enable()
    began = pausing.clock.now()
    pausing.call()
    assert pausing.clock.now() == began


def test_crashes_of_other_code_do_not_count(make: Make) -> None:
    world = make(restart=Restart(max=2))
    for text in ("a", "b", "c"):
        for _ in range(2):
            world.clock.advance(30.0)
            world.call()
            world.crash()
        assert world.state == "backoff"
        world.change(text)


def test_services_of_other_code_say_nothing_of_code_that_has_not_started(world: World) -> None:
    world.launcher.next = [Behaviour(services=("plugin.SearchService", "plugin.DatabaseService"))]
    world.call()
    assert world.supervisor.services == {"search_service", "database_service"}
    world.supervisor.unload()
    world.change("new")
    world.launcher.next = [Behaviour(fails={"handshake": "die"})]
    with pytest.raises(PluginUnavailable):
        world.supervisor.load()
    assert world.supervisor.services == {"search_service"}


def test_one_that_had_a_call_lately_is_not_idle(world: World) -> None:
    pid = world.call()
    world.clock.advance(5.0)
    world.supervisor._runs.end_idle(6.0)
    assert (world.state, world.supervisor.pids) == ("running", (pid,))
    world.supervisor._runs.end_idle(5.0)
    assert (world.state, world.supervisor.reason, world.supervisor.pids) == ("ready", "no call for 5 s", ())
