"""When a plugin's database is migrated in a start, and that the time for it is not the start's."""

from __future__ import annotations

import pytest

from viewra.errors import PluginUnavailable
from viewra.host.database.own import OwnDatabase
from viewra.types import SchemaRevision, SchemaState

from .conftest import Make, World
from .fake_process import Behaviour, FakeDatabase

TABLES = ("plugin.SearchService", "plugin.DatabaseService", "viewra.v1.SchemaService")
WITHOUT_SCHEMA = TABLES[:2]
STATE = SchemaState("", (SchemaRevision("1"),))


def with_tables(make: Make, services: tuple[str, ...] = TABLES, **takes: float) -> World:
    world = make(capabilities=("search_service", "database_service"), start_timeout_s=6.0)
    world.launcher.behaviour = Behaviour(services=services, state=STATE, database=FakeDatabase(""), takes=takes)
    return world


def test_one_that_describes_its_database_finds_it_migrated_when_it_is_initialized(make: Make) -> None:
    world = with_tables(make)
    world.call()
    calls = world.latest.calls
    assert [call for call in calls if call != "describe"] == ["info", "migrate", "initialize", "start"]
    assert calls.index("describe") < calls.index("migrate")


def test_any_other_opens_it_in_initialize_and_is_asked_to_migrate_then(make: Make) -> None:
    world = with_tables(make, WITHOUT_SCHEMA)
    world.call()
    assert world.latest.calls == ["info", "initialize", "migrate", "start"]


@pytest.mark.parametrize(("services", "initialized"), [(TABLES, False), (WITHOUT_SCHEMA, True)])
def test_only_one_that_cannot_describe_it_is_initialized_for_its_database_alone(
    make: Make, services: tuple[str, ...], initialized: bool
) -> None:
    world = with_tables(make, services)
    world.supervisor.with_database(lambda _: None)
    assert ("initialize" in world.latest.calls) is initialized
    assert {"start", "migrate"}.isdisjoint(world.latest.calls)


def test_a_migration_takes_no_time_of_the_start(make: Make) -> None:
    world = with_tables(make, migrate=100.0, initialize=3.0, start=2.0)
    world.call()
    assert world.state == "running"


def test_all_other_steps_share_the_time_of_the_start(make: Make) -> None:
    world = with_tables(make, migrate=100.0, initialize=3.0, start=4.0)
    with pytest.raises(PluginUnavailable, match="at the step start: did not answer within 3 s"):
        world.call()


def test_a_database_is_copied_before_it_is_migrated(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = with_tables(make)
    copied: list[list[str]] = []
    monkeypatch.setattr(OwnDatabase, "protect", lambda _own, _state: copied.append(list(world.latest.calls)))
    world.call()
    assert copied == [["info", "describe"]]


def test_new_code_that_has_nothing_to_migrate_runs_beside_the_old(make: Make) -> None:
    world = with_tables(make, initialize=1.0)
    world.call()
    world.change("new")
    both: list[int] = []
    world.clock.at(0.5, lambda: both.append(len(world.running)))
    world.supervisor.reload()
    assert both == [2]


@pytest.mark.parametrize("services", [TABLES, WITHOUT_SCHEMA])
def test_which_code_has_migrated_is_noted_before_it_starts(
    make: Make, monkeypatch: pytest.MonkeyPatch, services: tuple[str, ...]
) -> None:
    world = with_tables(make, services)
    noted: list[set[str]] = []
    monkeypatch.setattr(OwnDatabase, "migrated", lambda _: noted.append(set(world.latest.calls) - {"describe"}))
    world.call()
    assert noted == [{"info", "initialize", "migrate"}]
