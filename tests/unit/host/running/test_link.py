"""What adapters ask of a plugin's link: what it offers, where its calls go, what is remembered of its code."""

from __future__ import annotations

import attrs
import pytest

from viewra.errors import PluginClosed, PluginUnavailable

from .conftest import Make, World
from .fake_process import SEARCH, Behaviour

TABLES = (*SEARCH, "plugin.DatabaseService")


def test_it_counts_the_processes_that_serve(make: Make) -> None:
    world = make(workers=2)
    link = world.supervisor.link
    assert (link.running, link.processes) == (False, 0)
    world.call()
    world.clock.advance(1.0)
    assert (link.running, link.processes) == (True, 2)
    world.supervisor.unload()
    assert (link.running, link.processes) == (False, 0)


def test_what_one_offers_is_what_it_may_be_called_for(world: World) -> None:
    link = world.supervisor.link
    asked = ("plugin", "search_service", "asset_service")
    assert [link.offers(name) for name in asked] == [True, True, False]
    world.supervisor.disable()
    assert [link.offers(name) for name in asked] == [False, False, False]
    world.supervisor.enable()
    world.supervisor.unload()
    assert [link.offers(name) for name in asked] == [True, True, False], "an operator may start it"


def test_services_of_the_wire_are_known_while_a_process_serves(world: World) -> None:
    link = world.supervisor.link
    assert not link.serves(SEARCH[0])
    world.call()
    assert link.serves(SEARCH[0])
    assert not link.serves("plugin.AssetService")


def test_only_one_with_tables_has_a_database(make: Make) -> None:
    with_tables, without = make(capabilities=("database_service",)), make()
    link = with_tables.supervisor.link
    assert link.database_url == with_tables.supervisor.configuration.database_url != ""
    assert without.supervisor.link.database_url == ""


def test_texts_are_remembered_of_the_code_that_gave_them(world: World) -> None:
    link = world.supervisor.link
    world.call()
    assert link.recall("about") is None
    link.remember("about", "a text")
    assert (link.recall("about"), link.recall("other")) == ("a text", None)
    world.change("new")
    assert link.recall("about") is None, "nothing is known of code that has not run"
    world.supervisor.reload()
    assert link.recall("about") is None
    link.remember("about", "another text")
    assert link.recall("about") == "another text"


def test_its_priorities_are_those_of_its_manifest(world: World) -> None:
    installation = world.supervisor.installation
    assert world.manifest is not None
    manifest = attrs.evolve(world.manifest, priority={"title": 7})
    installation.found = attrs.evolve(installation.found, manifest=manifest)
    assert world.supervisor.link.priority == {"title": 7}
    installation.found = attrs.evolve(installation.found, manifest=None)
    assert world.supervisor.link.priority == {}


@pytest.mark.parametrize("state", ["stopped", "disabled", "ready"])
def test_a_call_whose_process_was_ended_on_purpose_is_told_that_it_was_stopped(make: Make, state: str) -> None:
    world = make(idle_timeout_s=5.0)
    connection = world.supervisor.link.acquire(1.0)
    connection.leave()
    if state == "stopped":
        world.supervisor.unload()
    elif state == "disabled":
        world.supervisor.disable()
    else:
        world.clock.tick(world.supervisor.tending, 6.0)
    assert world.state == state
    error = world.supervisor.link.loss(connection, "search")
    assert (type(error), error.message, error.call) == (PluginClosed, "was stopped", "search")


def test_a_call_to_a_process_that_was_replaced_and_is_gone_is_told_so(world: World) -> None:
    connection = world.supervisor.link.acquire(1.0)
    connection.leave()
    world.launcher.next = [Behaviour()]
    world.change("new")
    world.supervisor.reload()
    world.clock.advance(1.0)
    error = world.supervisor.link.loss(connection, "search")
    assert isinstance(error, PluginUnavailable)
    assert (error.message, error.call, error.in_call) == ("its process is gone", "search", True)


def test_one_that_proved_to_have_no_service_is_known_and_offers_none(make: Make) -> None:
    world = make(capabilities=())
    world.launcher.behaviour = Behaviour(services=())
    link = world.supervisor.link
    known = [link.known]
    world.call()
    assert [*known, link.known] == [False, True]
    assert not link.offers("search_service")


def test_a_connection_that_broke_takes_no_process_that_lives(world: World) -> None:
    connection = world.supervisor.link.acquire(1.0)
    connection.leave()
    assert world.supervisor.link.loss(connection, "search").message == "the connection to it broke"
    assert (world.state, world.supervisor.link.processes) == ("running", 1)
    world.latest.die()
    world.supervisor.link.loss(connection, "search")
    assert world.supervisor.link.processes == 0


def test_where_no_process_was_left_nothing_is_taken_over(world: World) -> None:
    world.supervisor.adopt()
    assert (world.state, world.launcher.peers) == ("ready", [])
