"""What operators do to a plugin, in states in which there is nothing to do, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.errors import PluginFault, PluginUnavailable
from viewra.host.running import reattach, supervisor
from viewra.manifest import Restart

from .conftest import Make, World
from .fake_process import Behaviour
from .test_adoption import RECORD


def invalid(world: World) -> World:
    (world.directory / "plugin.cue").write_text("version: 1")
    with pytest.raises(PluginUnavailable):
        world.supervisor.reload()
    assert world.state == "invalid"
    return world


def test_what_starts_share_is_prepared_before_one_is_enabled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    world.supervisor.disable()
    monkeypatch.setattr(world.supervisor.configuration, "prepare", lambda: done.append(f"user {world.state}"))
    monkeypatch.setattr(world.supervisor._runs.launching, "prepare", lambda _: done.append(f"code {world.state}"))
    world.supervisor.enable()
    assert (done, world.state) == (["user disabled", "code disabled"], "ready")
    monkeypatch.setattr(world.supervisor._runs.launching, "_machinery", None)
    world.supervisor.enable()
    assert done[2:] == ["user ready"], "a host that starts nothing builds nothing"


def test_one_that_is_not_lazy_starts_when_it_is_enabled(make: Make) -> None:
    world = make(lazy=False)
    world.supervisor.disable()
    world.supervisor.enable()
    world.clock.advance(1.0)
    assert world.state == "running"


def test_one_that_runs_stays_as_it_is_when_it_is_enabled(world: World) -> None:
    pid = world.call()
    world.supervisor.enable()
    assert (world.state, world.supervisor.pid) == ("running", pid)


def test_one_that_runs_stays_as_it_is_when_it_is_loaded(world: World) -> None:
    pid = world.call()
    world.supervisor.load()
    assert (world.supervisor.pids, len(world.launcher.plans)) == ((pid,), 1)


def test_one_that_waits_to_start_again_still_does_after_the_operator_tried_in_vain(world: World) -> None:
    world.call()
    world.crash()
    assert world.state == "backoff"
    world.launcher.next = [Behaviour(fails={"handshake": "die"})]
    with pytest.raises(PluginUnavailable):
        world.supervisor.load()
    world.clock.advance(60.0)
    assert world.state == "running"


def test_one_that_is_not_valid_stays_so_when_it_is_disabled(world: World) -> None:
    reason = invalid(world).supervisor.reason
    world.supervisor.disable()
    assert (world.state, world.supervisor.reason) == ("invalid", reason)


def test_a_refused_version_is_not_tried_again_and_is_told_of_until_it_goes(world: World) -> None:
    world.call()
    world.launcher.next = [Behaviour(fails={"start": "die"})]
    world.change("new")
    with pytest.raises(PluginUnavailable):
        world.supervisor.reload()
    told = world.supervisor.reason
    assert "is not used" in told
    assert world.supervisor.reload(only_changed=True) == ""
    assert (world.supervisor.reason, len(world.launcher.plans)) == (told, 2)
    world.change("1")
    assert world.supervisor.reload(only_changed=True) == ""
    assert (world.state, world.supervisor.reason) == ("running", "")


def test_one_that_is_not_in_quarantine_stays_as_it_is_when_it_is_let_out(world: World) -> None:
    pid = world.call()
    world.supervisor.unquarantine()
    assert (world.state, world.supervisor.pid) == ("running", pid)


def test_reloads_are_counted(world: World) -> None:
    world.call()
    for _ in range(2):
        world.supervisor.reload()
    assert world.supervisor.stats.reloads == 2


def test_one_that_is_not_lazy_starts_when_it_is_let_out_of_quarantine(make: Make) -> None:
    world = make(lazy=False, restart=Restart(max=0))
    world.call()
    world.crash()
    assert world.state == "quarantined"
    world.supervisor.unquarantine()
    world.clock.advance(1.0)
    assert world.state == "running"


@pytest.mark.parametrize(("state", "pauses"), [("ready", [0.0]), ("stopped", []), ("disabled", []), ("running", [])])
def test_only_one_that_waits_to_be_started_starts_by_itself(
    make: Make, monkeypatch: pytest.MonkeyPatch, state: str, pauses: list[float]
) -> None:
    world = make(lazy=False)
    if state != "ready":
        world.call()
    if state == "stopped":
        world.supervisor.unload()
    if state == "disabled":
        world.supervisor.disable()
    found: list[float] = []
    monkeypatch.setattr(world.supervisor._runs.crashes.restart, "set", found.append)
    world.supervisor.start_eagerly()
    assert found == pauses
    monkeypatch.setattr(world.supervisor._runs.launching, "_machinery", None)
    world.supervisor.start_eagerly()
    assert found == pauses


def test_a_migration_is_drafted_of_the_code_in_use(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[object, ...]] = []

    def draft(*arguments: object) -> Path:
        given.append(arguments)
        return Path("/p/migrations/1.py")

    monkeypatch.setattr(supervisor, "draft", draft)
    one = world.supervisor
    assert one.draft_migration("more tables") == Path("/p/migrations/1.py")
    assert given == [(one.installation, one.configuration, one._machinery, "more tables")]


def test_a_host_that_starts_nothing_leaves_a_detached_process_to_one_that_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = world.supervisor.installation.backups
    reattach.keep(backups, RECORD)
    monkeypatch.setattr(world.supervisor._runs.launching, "_machinery", None)
    world.supervisor.adopt()
    assert reattach.take(backups) == RECORD


def test_all_of_one_is_closed_even_if_it_does_not_stop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(world.supervisor.tending, "close", lambda: closed.append("tending"))
    monkeypatch.setattr(world.supervisor.log, "close", lambda: closed.append("log"))
    world.supervisor.close()
    assert closed == ["tending", "log"]
    with monkeypatch.context() as patch:
        patch.setattr(world.supervisor._runs, "close", lambda _reason: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.supervisor.close()
    assert closed == ["tending", "log", "log"]


def test_settings_of_one_that_does_not_run_are_read_again(world: World) -> None:
    before = world.runtimes
    world.supervisor.installation.used  # noqa: B018 - its hash is found out
    assert world.supervisor.reload() == "version 1.0.0 is in use, and does not run: ready"
    assert world.runtimes == before + 1
    assert world.launcher.plans == []


def test_code_that_is_valid_again_is_ready_again(world: World) -> None:
    manifest = (world.directory / "plugin.cue").read_text()
    invalid(world)
    (world.directory / "plugin.cue").write_text(manifest)
    assert world.supervisor.reload() == "version 1.0.0 is in use from its next start on"
    assert world.state == "ready"


@pytest.mark.parametrize("why", ["unloaded", "its migration failed"])
def test_new_code_of_a_stopped_one_waits_for_the_operator_if_he_stopped_it(make: Make, why: str) -> None:
    world = make(capabilities=("search_service", "database_service"), lazy=False)
    services = ("plugin.SearchService", "plugin.DatabaseService")
    fails = PluginFault("p", "no such table", call="migrate")
    world.launcher.next = [Behaviour(services=services, fails={"migrate": fails} if why != "unloaded" else {})]
    if why == "unloaded":
        world.call()
        world.supervisor.unload()
    else:
        with pytest.raises(PluginUnavailable):
            world.call()
    assert world.state == "stopped"
    world.change("new")
    world.supervisor.reload()
    world.clock.advance(1.0)
    assert world.state == ("stopped" if why == "unloaded" else "running")
    if why == "unloaded":
        invalid(world)
