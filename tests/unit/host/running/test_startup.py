"""The steps of a start: what a process says of itself decides what it gets, and a step that fails is named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.errors import HandshakeError, NotOffered, PluginFault, PluginUnavailable
from viewra.host.running import startup
from viewra.host.running.hosting import Hosting
from viewra.types import PluginContext

from .conftest import Make, World
from .fake_process import SEARCH, Behaviour
from .test_adoption import LASTING
from .test_hosting import BRIDGE, FakeHosted


def refused(world: World, step: str, why: str) -> PluginUnavailable:
    """The error of a start that fails at this step."""
    with pytest.raises(PluginUnavailable) as caught:
        world.call()
    assert caught.value.message == f"did not start, at the step {step}: {why}"
    assert world.running == []
    return caught.value


def test_one_that_lists_no_services_is_taken_at_its_manifests_word(make: Make) -> None:
    world = make(capabilities=("search_service", "metadata_scraper"))
    world.launcher.behaviour = Behaviour(services=None)
    world.call()
    assert world.supervisor.services == {"search_service", "metadata_scraper"}
    assert not world.supervisor.link.serves(SEARCH[0]), "as far as known"
    assert world.launcher.peers[-1].followed, "it may be an old plugin in Go"


@pytest.mark.parametrize("listed", [True, False])
def test_output_comes_by_the_connection_where_a_process_serves_that(make: Make, listed: bool) -> None:
    world = make()
    world.launcher.behaviour = Behaviour(services=(*SEARCH, "plugin.GRPCStdio") if listed else SEARCH)
    world.call()
    assert world.launcher.peers[-1].followed is listed


def test_what_its_manifest_claims_and_it_lacks_is_told(make: Make) -> None:
    world = make(capabilities=("search_service", "database_service", "metadata_scraper"))
    world.call()
    assert world.supervisor.reason == "its manifest claims what it lacks: database_service, metadata_scraper"
    assert world.records.kept["services"][1] == {"search_service"}
    exact = make()
    exact.call()
    assert (exact.supervisor.reason, exact.records.kept) == ("", {})


def test_a_version_of_the_protocol_that_nobody_speaks_is_named(make: Make) -> None:
    world = make()
    world.launcher.behaviour = Behaviour(line="1|99|unix|/nowhere|grpc")
    error = refused(world, "handshake", "it speaks protocol version 99, this host speaks 1")
    assert error.hint


def test_one_that_ends_when_all_is_proven_has_not_started(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    prove = startup.prove

    def proves_and_dies(*arguments: Any) -> None:
        prove(*arguments)
        world.latest.die(3)

    monkeypatch.setattr(startup, "prove", proves_and_dies)
    refused(world, "start", "it started, but its process ended with exit status 3")
    assert world.supervisor.stats.crashes == 1


class FakeGroup:
    """A control group."""

    door = "/groups/p/door"
    breach = ""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def kill(self) -> None:
        raise AssertionError("nothing condemns it")


@pytest.mark.parametrize("how", ["ends", "does not spawn"])
def test_a_control_group_goes_with_its_process(world: World, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    group = FakeGroup()
    monkeypatch.setattr(startup, "new_group", lambda *_: group)
    if how == "ends":
        world.call()
        assert (world.launcher.plans[-1].door, group.closed) == (FakeGroup.door, 0)
        world.supervisor.unload()
        world.clock.advance(0.0)
    else:
        world.launcher.next = [Behaviour(fails={"spawn": HandshakeError("no memory", step="spawn")})]
        refused(world, "spawn", "no memory")
    assert group.closed == 1


def hosted(world: World) -> FakeHosted:
    """The host services that its next process is offered."""
    services = FakeHosted()
    world.supervisor.configuration.hosted = cast(Any, services)
    return services


def test_a_stream_of_host_services_that_cannot_be_opened_fails_the_start(make: Make) -> None:
    world = make()
    services = hosted(world)
    services.fails = True
    world.launcher.behaviour = Behaviour(services=(*SEARCH, BRIDGE))
    with pytest.raises(PluginUnavailable, match="its stream for host services cannot be opened: the channel"):
        world.call()
    services.fails = False
    world.supervisor.load()
    assert services.opened == 1
    world.supervisor.configuration.hosted = None


def test_one_that_dials_its_host_is_told_where_before_it_is_initialized(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[list[str]] = []
    dialled = SimpleNamespace(
        address="unix:/host", broker_id=7, announce=lambda: announced.append(list(world.latest.calls))
    )
    monkeypatch.setattr(Hosting, "serve_dialled", lambda *_: dialled)
    world.call()
    (context,) = world.latest.given["initialize"]
    assert isinstance(context, PluginContext)
    assert (context.host_service_addr, context.host_broker_id) == ("unix:/host", 7)
    assert announced == [["info"]]


def test_a_socket_for_host_services_that_cannot_be_made_fails_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object) -> None:
        raise OSError("no descriptors are left")

    monkeypatch.setattr(Hosting, "serve_dialled", fails)
    refused(world, "connect", "its socket for host services cannot be made: no descriptors are left")


def test_only_one_with_tables_is_told_where_its_database_is(make: Make) -> None:
    without, with_tables = make(), make(capabilities=("search_service", "database_service"))
    with_tables.launcher.behaviour = Behaviour(services=(*SEARCH, "plugin.DatabaseService"))
    for world, has_one in ((without, False), (with_tables, True)):
        world.call()
        (context,) = world.latest.given["initialize"]
        assert isinstance(context, PluginContext)
        assert bool(context.database_url) is has_one


@pytest.mark.parametrize(
    ("error", "why", "hint"),
    [
        (
            NotOffered("p", "has no such call"),
            "it cannot outlive its host: it has no lease",
            "remove runtime.detachable from its manifest",
        ),
        (PluginFault("p", "not now", call="renew"), "not now", None),
    ],
)
def test_one_that_is_to_last_and_gets_no_lease_does_not_start(
    make: Make, error: Exception, why: str, hint: str | None
) -> None:
    world = make(detachable=True)
    world.launcher.next = [Behaviour(services=LASTING, fails={"renew": error})]
    assert refused(world, "lease", why).hint == hint


def test_a_lease_that_was_not_renewed_once_is_renewed_the_next_time(make: Make) -> None:
    world = make(detachable=True)
    world.launcher.behaviour = Behaviour(services=LASTING)
    world.call()
    world.latest.behaviour.fails["renew"] = PluginFault("p", "busy", call="renew")
    world.clock.advance(25.0)
    assert (world.state, world.latest.calls.count("renew")) == ("running", 3)


@pytest.mark.parametrize("lasts", [False, True])
def test_the_folder_of_its_sockets_goes_with_a_process_and_stays_with_one_that_lasts(make: Make, lasts: bool) -> None:
    world = make(detachable=lasts)
    world.launcher.behaviour = Behaviour(services=LASTING)
    world.call()
    run = world.supervisor.pool.first
    assert run is not None
    assert run.scratch is not None
    assert run.scratch.is_relative_to(world.runtime_dir.path) is not lasts
    assert str(run.scratch) == world.launcher.plans[-1].environment["PLUGIN_UNIX_SOCKET_DIR"]
    assert run.scratch.is_dir()
    world.supervisor.unload()
    world.clock.advance(0.0)
    assert not run.scratch.exists()
