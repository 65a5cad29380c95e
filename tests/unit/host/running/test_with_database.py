"""Work on a plugin's database: a process that is not initialized does it, while the plugin does not run."""

from __future__ import annotations

import pytest

from viewra.adapters.database import DatabaseClient
from viewra.errors import PluginFault, PluginUnavailable
from viewra.manifest import Restart
from viewra.types import SchemaRevision, SchemaState

from .conftest import Make, World
from .fake_process import Behaviour

TABLES = ("plugin.SearchService", "plugin.DatabaseService", "viewra.v1.SchemaService")
STATE = SchemaState("1", (SchemaRevision("1"),))


def with_tables(make: Make) -> World:
    world = make(capabilities=("search_service", "database_service"), restart=Restart(max=0))
    world.launcher.behaviour = Behaviour(services=TABLES, state=STATE)
    return world


def described(world: World) -> SchemaState | None:
    url = world.supervisor.configuration.database_url
    return world.supervisor.with_database(lambda database: database.describe(url))


@pytest.mark.parametrize("before", ["ready", "running", "stopped", "quarantined"])
def test_it_stops_and_is_afterwards_as_it_was(make: Make, before: str) -> None:
    world = with_tables(make)
    if before != "ready":
        world.call()
    if before == "stopped":
        world.supervisor.unload()
    if before == "quarantined":
        world.crash()
    assert world.state == before
    reason = world.supervisor.reason
    assert described(world) == STATE
    assert world.running == []
    assert world.latest.calls == ["info", "describe", "stop"]
    assert (world.state, world.supervisor.reason) == ("ready" if before == "running" else before, reason)


@pytest.mark.parametrize("state", ["disabled", "invalid"])
def test_no_process_is_started_of_one_that_may_not_run(make: Make, state: str) -> None:
    world = with_tables(make)
    if state == "disabled":
        world.supervisor.disable()
    else:
        (world.directory / "plugin.cue").write_text("version: 1")
        with pytest.raises(PluginUnavailable):
            world.supervisor.reload()
    with pytest.raises(PluginUnavailable, match=f"plugin p: is {state}: "):
        described(world)
    assert (world.state, world.launcher.plans) == (state, [])


def test_a_process_that_does_not_start_for_it_is_a_crash(make: Make) -> None:
    world = with_tables(make)
    world.launcher.next = [Behaviour(services=TABLES, fails={"handshake": "die"})]
    with pytest.raises(PluginUnavailable, match="at the step handshake"):
        described(world)
    assert (world.state, world.supervisor.stats.crashes) == ("quarantined", 1)


def test_a_start_for_it_that_is_interrupted_is_over(make: Make) -> None:
    world = with_tables(make)
    world.launcher.next = [Behaviour(services=TABLES, fails={"info": KeyboardInterrupt()})]
    with pytest.raises(KeyboardInterrupt):
        described(world)
    assert (world.state, world.running) == ("quarantined", [])
    world.supervisor.unquarantine()
    world.call()


def test_its_process_ends_when_the_work_fails_too(make: Make) -> None:
    world = with_tables(make)

    def work(_database: DatabaseClient) -> None:
        raise PluginFault("p", "its tables are broken", call="describe")

    with pytest.raises(PluginFault, match="its tables are broken"):
        world.supervisor.with_database(work)
    assert (world.state, world.running) == ("ready", [])


def test_new_code_that_looked_at_the_database_is_what_runs_next(make: Make) -> None:
    world = with_tables(make)
    world.call()
    old = world.supervisor.configuration.used.code.code_hash
    world.change("2")
    described(world)
    assert world.supervisor.configuration.used.code.code_hash != old
