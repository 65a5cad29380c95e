"""After a crash: pauses that double, quarantine, calls that wait or fail, with one process."""

from __future__ import annotations

import pytest

from viewra.errors import PluginClosed, PluginError, PluginFault, PluginUnavailable
from viewra.host.running.backoff import FIRST_PAUSE_S, JITTER, LONGEST_PAUSE_S
from viewra.manifest import Restart

from .conftest import Make, World
from .fake_process import SEARCH, Behaviour

OFTEN = Restart(max=1000)


def test_a_crash_is_told_and_it_is_started_again(world: World) -> None:
    world.call()
    world.latest.behaviour.lines = ("Traceback", "ValueError: no")
    world.crash(3)
    assert world.state == "backoff"
    first, *output = world.supervisor.reason.splitlines()
    assert first.startswith(
        "its process ended with exit status 3; its last output: ValueError: no; it is started again 0"
    )
    assert output == ["Traceback", "ValueError: no"]
    world.clock.advance(1.0)
    assert world.states == ["starting", "running", "crashed", "backoff", "starting", "running"]
    assert world.supervisor.reason == ""
    assert world.supervisor.stats.crashes == 1


def test_pauses_double_until_the_longest(make: Make) -> None:
    world = make(restart=OFTEN)
    world.call()
    pauses = []
    for _ in range(12):
        world.crash()
        began = world.clock.now()
        while world.state != "running":
            world.clock.advance(0.05)
        pauses.append(world.clock.now() - began)
    for number, pause in enumerate(pauses):
        wanted = min(FIRST_PAUSE_S * 2**number, LONGEST_PAUSE_S)
        assert wanted * (1 - JITTER) - 0.1 <= pause <= wanted * (1 + JITTER) + 0.1
    world.clock.advance(OFTEN.window_s + 1)  # it ran long: what was before is forgiven
    world.latest.die()
    world.clock.advance(FIRST_PAUSE_S * (1 + JITTER) + 0.01)
    assert world.state == "running"


@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_too_many_crashes_lead_to_quarantine_which_lasts(make: Make, most: int) -> None:
    world = make(restart=Restart(max=most, window_s=600.0))
    world.call()
    for _ in range(most):
        world.latest.die()
        world.clock.advance(60.0)
        assert world.state == "running"
    world.latest.die()
    world.clock.advance(600.0)
    assert world.state == "quarantined"
    assert world.supervisor.reason.startswith(f"broke down more than {most} times in 600 s; the last time: its process")
    assert world.records.kept["quarantine"].reason == world.supervisor.reason
    with pytest.raises(PluginUnavailable, match="is in quarantine"):
        world.call()
    with pytest.raises(PluginUnavailable, match="is in quarantine"):
        world.supervisor.load()
    world.supervisor.unquarantine()
    assert (world.state, world.records.kept["quarantine"]) == ("ready", None)
    world.call()


def test_changed_code_leaves_quarantine(make: Make) -> None:
    world = make(restart=Restart(max=0))
    world.call()
    world.latest.die()
    world.clock.advance(1.0)
    world.change("mended")
    world.call()
    assert world.states[-3:] == ["quarantined", "starting", "running"]
    assert world.records.kept["quarantine"] is None


def test_what_it_serves_stays_known_while_no_process_runs(world: World) -> None:
    """Or what asks just then takes it for a plugin without batches, events or pages."""
    link = world.supervisor.link
    assert not link.serves(SEARCH[0]), "it has not been started"
    world.call()
    world.crash()
    assert not world.running
    assert (link.serves(SEARCH[0]), link.serves("viewra.v1.HttpService")) == (True, False)
    world.change("another version may serve something else")
    world.launcher.behaviour = Behaviour(fails={"info": "die"})
    world.clock.advance(1.0)
    assert not world.running
    assert not link.serves(SEARCH[0]), "nobody knows yet"


@pytest.mark.parametrize("later", ["at once", "in its pause", "restarted", "in quarantine"])
def test_a_call_is_told_how_its_process_ended_whenever_it_asks(make: Make, later: str) -> None:
    world = make(restart=Restart(max=0) if later == "in quarantine" else OFTEN)
    link = world.supervisor.link
    connection = link.acquire(1.0)
    world.latest.behaviour.lines = ("ValueError: no", "")
    world.latest.die(3)
    if later != "at once":
        world.clock.advance(60.0 if later == "restarted" else 0.0)
    error = link.loss(connection, "search")
    connection.leave()
    assert isinstance(error, PluginUnavailable)
    assert error.in_call
    assert error.message == "its process ended with exit status 3; its last output: ValueError: no"


def test_a_call_waits_for_a_restart_that_is_due_soon(world: World) -> None:
    world.call()
    world.crash()
    began = world.clock.now()
    assert world.call() == 1002
    assert 0 < world.clock.now() - began <= FIRST_PAUSE_S * (1 + JITTER)
    assert world.supervisor.stats.starts == 2


def test_a_call_does_not_wait_for_a_pause_that_is_long(make: Make) -> None:
    world = make(restart=Restart(max=1000, window_s=1e6))
    world.call()
    for _ in range(7):
        world.crash()
        world.clock.advance(100.0)
    world.crash()
    began = world.clock.now()
    with pytest.raises(PluginUnavailable, match=r"it is started again .* s later"):
        world.call()
    assert world.clock.now() == began


@pytest.mark.parametrize("verb", ["unload", "disable", "close"])
def test_a_restart_that_is_due_is_called_off(world: World, verb: str) -> None:
    world.call()
    world.crash()
    getattr(world.supervisor, verb)()
    world.clock.advance(100.0)
    assert world.running == []
    assert world.state == {"unload": "stopped", "disable": "disabled", "close": "stopped"}[verb]


def test_the_operators_word_ends_a_pause(make: Make) -> None:
    world = make(restart=OFTEN)
    world.launcher.next = [Behaviour(fails={"start": "die"})]
    with pytest.raises(PluginUnavailable):
        world.call()
    world.supervisor.load()
    assert world.state == "running"


def test_a_restart_that_fails_is_tried_again_after_a_longer_pause(make: Make) -> None:
    world = make(restart=OFTEN)
    world.call()
    world.launcher.next = [Behaviour(fails={"initialize": "die"}) for _ in range(4)]
    world.latest.die()
    world.clock.advance(60.0)
    assert world.state == "running"
    assert world.supervisor.stats.crashes == 5
    assert world.states.count("backoff") == 5


def test_an_end_that_a_call_sees_first_is_one_crash(world: World) -> None:
    link = world.supervisor.link
    connection = link.acquire(1.0)
    world.latest.over.set()  # its own thread has not told yet
    error = link.loss(connection, "search")
    assert isinstance(error, PluginUnavailable)
    assert error.in_call
    assert world.state == "backoff"
    connection.leave()
    on_exit = world.latest._on_exit
    assert on_exit is not None
    on_exit()
    world.clock.advance(1.0)
    assert (world.state, world.supervisor.stats.crashes) == ("running", 1)


@pytest.mark.parametrize(("verb", "kind"), [("unload", PluginClosed), ("disable", PluginClosed)])
def test_a_call_whose_process_was_stopped_is_told_so(world: World, verb: str, kind: type[PluginError]) -> None:
    link = world.supervisor.link
    connection = link.acquire(1.0)
    world.clock.at(0.5, connection.leave)
    getattr(world.supervisor, verb)()
    assert isinstance(link.loss(connection, "search"), kind)


@pytest.mark.parametrize("handle", ["failed", "missed"])
def test_a_start_that_was_stopped_or_is_over_changes_nothing(world: World, handle: str) -> None:
    world.call()
    crashes = world.supervisor._runs.crashes
    error = PluginClosed("p", "was stopped") if handle == "missed" else PluginUnavailable("p", "did not start")
    getattr(crashes, handle)(error)
    assert (world.state, world.supervisor.stats.crashes, world.running[0].pid) == ("running", 0, 1001)
    assert world.supervisor.pool.pause_s == 0
    assert crashes.restart.off() is False


def test_each_breakdown_is_in_the_log_with_its_output(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.call()
    world.latest.behaviour.lines = ("ValueError: no",)
    world.crash(3)
    assert "plugin p: its process ended with exit status 3" in caplog.text
    assert "ValueError: no" in caplog.text
    caplog.clear()
    world.launcher.next = [Behaviour(fails={"start": "die"}, lines=("KeyError: yes",))]
    world.clock.advance(1.0)
    assert "plugin p: did not start, at the step start" in caplog.text
    assert "KeyError: yes" in caplog.text


def test_a_reason_without_output_is_one_line(make: Make) -> None:
    world = make(capabilities=("search_service", "database_service"))
    world.launcher.behaviour = Behaviour(
        services=("plugin.SearchService", "plugin.DatabaseService"),
        fails={"migrate": PluginFault("p", "no such table", call="migrate")},
    )
    with pytest.raises(PluginUnavailable):
        world.call()
    assert (world.state, world.supervisor.reason) == (
        "stopped",
        "did not start, at the step migrate: no such table",
    )
