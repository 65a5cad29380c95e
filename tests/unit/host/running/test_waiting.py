"""Calls that wait for a process: for how long, and what they are told when that was too long."""

from __future__ import annotations

from typing import Any

import pytest

from viewra.errors import PluginUnavailable
from viewra.manifest import Restart

from .conftest import Make, World


def ends_whenever_it_serves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process ends at the moment when calls could be sent to it."""
    runs = world.supervisor._runs
    serve = runs.serve

    def dies(*arguments: Any) -> object:
        world.latest.die()
        return serve(*arguments)

    monkeypatch.setattr(runs, "serve", dies)


def test_a_call_waits_for_its_turn_as_long_as_a_start_may_take(make: Make) -> None:
    world = make(start_timeout_s=5.0)
    failed: list[PluginUnavailable] = []

    def call() -> None:
        with pytest.raises(PluginUnavailable, match="plugin p: is still ready") as caught:
            world.call()
        failed.append(caught.value)

    with world.supervisor._runs.alone():
        world.clock.at(0.0, call)
        world.clock.advance(4.9)
        assert not failed
        world.clock.advance(0.2)
        assert failed
    world.call()


def test_a_call_whose_process_ends_each_time_fails_when_its_time_is_over(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(start_timeout_s=3.0, restart=Restart(max=100, window_s=600.0))
    ends_whenever_it_serves(world, monkeypatch)
    began = world.clock.now()
    with pytest.raises(PluginUnavailable, match="plugin p: its process ended with exit status 9; it is started again"):
        world.call()
    assert world.clock.now() == began + 3.0
    assert world.supervisor.stats.crashes > 1


def test_a_process_that_cannot_be_put_to_use_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> object:
        raise RuntimeError("no room for it")

    with monkeypatch.context() as patch:
        patch.setattr(world.supervisor._runs, "serve", fails)
        with pytest.raises(RuntimeError):
            world.call()
    assert world.running == []
    assert world.supervisor.reason.startswith("did not start: RuntimeError: no room for it; a call may start it again")


def test_a_manifest_that_is_no_longer_valid_is_what_a_start_fails_for(world: World) -> None:
    (world.directory / "plugin.cue").write_text('id: "p"\nversion: 1\n')
    with pytest.raises(PluginUnavailable, match="is invalid"):
        world.call()
    assert (world.state, world.launcher.plans) == ("invalid", [])
    assert "version" in world.supervisor.reason
    assert "; " in world.supervisor.reason, "all that is wrong with it"
