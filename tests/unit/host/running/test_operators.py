"""What operators do to a plugin, in states in which there is nothing to do, too."""

from __future__ import annotations

import pytest

from viewra.errors import PluginUnavailable

from .conftest import Make, World
from .fake_process import Behaviour


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


def test_one_that_is_not_valid_stays_so_when_it_is_disabled(world: World) -> None:
    supervisor = invalid(world).supervisor
    reason = supervisor.reason
    supervisor.disable()
    assert (world.state, supervisor.reason) == ("invalid", reason)


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
