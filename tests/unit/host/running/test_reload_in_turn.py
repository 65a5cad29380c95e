"""Changed code that takes the serving code's place after its end: calls wait, and the old code can serve again."""

from __future__ import annotations

from typing import Any

import pytest

from viewra.errors import PluginUnavailable
from viewra.host.database.own import OwnDatabase
from viewra.host.running.run import QUIESCE_S
from viewra.manifest import Restart
from viewra.types import SchemaRevision, SchemaState

from .conftest import Make, World
from .fake_process import Behaviour, FakeProcess

TABLES = ("plugin.SearchService", "plugin.DatabaseService", "viewra.v1.SchemaService", "viewra.v1.LifecycleService")
WITHOUT_SCHEMA = TABLES[:2]
OFTEN = Restart(max=1000)


def started(make: Make, **runtime: object) -> World:
    world = make(restart=OFTEN, **runtime)
    world.call()
    world.clock.advance(0.0)
    return world


def test_one_after_the_other_calls_wait_and_none_is_lost(make: Make) -> None:
    world = started(make, reload="restart")
    old = world.call(1.0)
    world.launcher.behaviour = Behaviour(takes={"initialize": 3.0})
    answered: list[int] = []
    world.clock.at(2.0, lambda: answered.append(world.call()))
    world.change("new")
    world.supervisor.reload()
    world.clock.advance(0.1)
    assert answered == [world.supervisor.pid] != [old]
    assert world.states == ["starting", "running", "draining", "starting", "running"]
    assert len(world.running) == 1


def test_the_old_code_serves_again_when_the_new_does_not_start_in_its_place(make: Make) -> None:
    world = started(make, reload="restart")
    world.launcher.next = [Behaviour(fails={"start": "die"})]
    world.change("bad")
    with pytest.raises(PluginUnavailable, match="serves on"):
        world.supervisor.reload()
    assert world.state == "running"
    kept = world.launcher.plans[-1].directory
    assert kept is not None
    assert (kept / "main.py").read_text() == "1"
    world.call()


def test_where_neither_starts_the_next_call_tries_again(make: Make) -> None:
    world = started(make, reload="restart")
    world.launcher.next = [Behaviour(fails={"start": "die"}), Behaviour(fails={"start": "die"})]
    world.change("bad")
    with pytest.raises(PluginUnavailable, match="cannot serve again"):
        world.supervisor.reload()
    assert (world.state, world.running) == ("crashed", [])
    world.call()
    assert world.state == "running"


def test_an_error_that_nobody_expects_leaves_the_old_code_serving(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    world = started(make, reload="restart")
    world.launcher.next = [Behaviour(fails={"start": RuntimeError("a bug")})]
    world.change("bad")
    with pytest.raises(PluginUnavailable, match="RuntimeError: a bug"):
        world.supervisor.reload()
    assert world.state == "running"
    caplog.clear()


def test_a_quiesce_that_never_ends_holds_up_nothing(make: Make) -> None:
    world = make(reload="restart", restart=OFTEN)
    world.launcher.next = [
        Behaviour(services=("plugin.SearchService", "viewra.v1.LifecycleService"), takes={"quiesce": 3600.0})
    ]
    world.call()
    world.change("new")
    began = world.clock.now()
    world.supervisor.reload()
    assert world.clock.now() - began < QUIESCE_S + 5


def test_a_pending_migration_makes_them_follow_each_other(make: Make) -> None:
    world = make(capabilities=("search_service", "database_service"), restart=OFTEN)
    first, second = SchemaRevision("1"), SchemaRevision("2")
    world.launcher.behaviour = Behaviour(services=TABLES, state=SchemaState("1", (first,)))
    world.call()
    world.launcher.behaviour = Behaviour(services=TABLES, state=SchemaState("1", (first, second)))
    world.change("new tables")
    world.supervisor.reload()
    assert world.states == ["starting", "running", "draining", "starting", "running"]
    assert [process.calls.count("migrate") for process in world.launcher.processes] == [1, 0, 1]


# ---- once ----


def test_nothing_is_copied_of_one_without_tables(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def copy(*_arguments: object) -> None:
        raise AssertionError("it has no database")

    monkeypatch.setattr(OwnDatabase, "copy", copy)
    world = make(reload="restart")
    world.call()
    world.change("new")
    world.supervisor.reload()
    assert world.call() == 1002


@pytest.mark.parametrize("services", [WITHOUT_SCHEMA, TABLES])
def test_one_that_says_nothing_of_its_database_is_replaced_too(make: Make, services: tuple[str, ...]) -> None:
    world = make(capabilities=("search_service", "database_service"), reload="restart")
    world.launcher.behaviour = Behaviour(services=services)
    world.call()
    before = world.latest
    world.change("new")
    world.supervisor.reload()
    assert world.call() == 1002
    assert ("describe" in before.calls) is (services is TABLES)


def test_a_new_process_of_code_that_has_migrated_runs_beside_the_old(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(capabilities=("search_service", "database_service"))
    world.launcher.behaviour = Behaviour(services=WITHOUT_SCHEMA)
    monkeypatch.setattr(OwnDatabase, "must_migrate", lambda *_: False)
    world.call()
    beside: list[int] = []
    launch = world.launcher.launch

    def counted(*arguments: Any, **named: Any) -> FakeProcess:
        beside.append(len(world.running))
        return launch(*arguments, **named)

    monkeypatch.setattr(world.launcher, "launch", counted)
    world.supervisor.reload()
    assert beside == [1]
    monkeypatch.setattr(OwnDatabase, "must_migrate", lambda *_: True)
    world.clock.advance(1.0)
    world.supervisor.reload()
    assert beside == [1, 0]
