"""Changed code replaces the serving code once it is proven, without losing a call, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from viewra.errors import HandshakeError, PluginClosed, PluginFault, PluginUnavailable
from viewra.host.installed import installation as installed
from viewra.host.installed.code_hash import code_hash
from viewra.host.installed.discovery import Found, read
from viewra.host.running import watchdog
from viewra.manifest import Restart

from .conftest import Make, World
from .fake_process import Behaviour

TABLES = ("plugin.SearchService", "plugin.DatabaseService", "viewra.v1.SchemaService", "viewra.v1.LifecycleService")
OFTEN = Restart(max=1000)


def started(make: Make, **runtime: object) -> World:
    world = make(restart=OFTEN, **runtime)
    world.call()
    world.clock.advance(0.0)
    return world


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_new_processes_are_proven_before_the_swap(make: Make, workers: int) -> None:
    world = started(make, workers=workers)
    old = world.supervisor.pids
    seen: list[tuple[int, ...]] = []
    world.launcher.behaviour = Behaviour(takes={"initialize": 2.0})
    world.clock.at(1.0, lambda: seen.append(world.supervisor.pids))
    world.clock.at(2.5, lambda: seen.append(world.supervisor.pids))
    world.change("new")
    assert world.supervisor.reload() == "reloaded, with the changed code of version 1.0.0"
    assert set(seen) <= {old, world.supervisor.pids}
    assert len(world.supervisor.pids) == workers
    assert set(world.supervisor.pids).isdisjoint(old)
    world.clock.advance(1.0)
    assert tuple(process.pid for process in world.running) == world.supervisor.pids
    assert world.states == ["starting", "running", "running"]
    assert world.supervisor.stats.reloads == 1


@pytest.mark.parametrize("workers", [1, 3])
def test_replaced_processes_answer_the_calls_that_they_have_and_then_end(make: Make, workers: int) -> None:
    world = started(make, workers=workers)
    old = [world.call(5.0 + number) for number in range(workers)]
    assert set(old) == set(world.supervisor.pids)
    world.change("new")
    world.supervisor.reload()
    assert world.call() not in old
    world.clock.advance(4.0)
    assert {process.pid for process in world.running} == {*old, *world.supervisor.pids}
    world.clock.advance(workers + 1.5)
    assert {process.pid for process in world.running} == set(world.supervisor.pids)


def test_closing_waits_for_no_call_of_a_replaced_process(make: Make) -> None:
    world = started(make)
    world.call(5000.0)
    world.change("new")
    world.supervisor.reload()
    world.clock.advance(10.0)
    assert len(world.running) == 2
    began = world.clock.now()
    world.supervisor.close()
    assert world.clock.now() - began < 5.0
    assert world.running == []
    world.clock.advance(5000.0)


STEPS = ("spawn", "handshake", "connect", "services", "info", "initialize", "start")


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("step", STEPS)
def test_what_does_not_start_leaves_the_old_ones_serving(make: Make, step: str, workers: int) -> None:
    world = started(make, workers=workers)
    old = world.supervisor.pids
    error = HandshakeError("no", step=step) if step in STEPS[:4] else PluginFault("p", "no", call=step)
    world.launcher.next = [Behaviour()] * (workers - 1) + [Behaviour(fails={step: error})]
    world.change("bad")
    with pytest.raises(PluginUnavailable, match=f"1.0.0 serves on: it did not start, at the step {step}: no"):
        world.supervisor.reload()
    assert (world.state, world.supervisor.pids) == ("running", old)
    assert "serves on" in world.supervisor.reason
    world.clock.advance(1.0)
    assert tuple(process.pid for process in world.running) == old
    assert world.supervisor.stats.crashes == 0
    assert world.supervisor.reload(only_changed=True) == "", "it was refused before"
    world.change("1")
    assert world.supervisor.reload(only_changed=True) == ""
    assert world.supervisor.reason == ""


def test_one_that_lost_a_service_is_not_used(make: Make) -> None:
    world = started(make)
    world.launcher.behaviour = Behaviour(services=())
    world.change("less")
    with pytest.raises(PluginUnavailable, match="lost a service that it had: search_service"):
        world.supervisor.reload()
    assert world.call() == 1001
    assert len(world.running) == 1


@pytest.mark.parametrize("state", ["ready", "stopped", "backoff", "quarantined", "disabled"])
def test_one_that_does_not_run_takes_up_new_code(make: Make, state: str) -> None:
    world = make(restart=Restart(max=0 if state == "quarantined" else 9))
    assert world.supervisor.link.code_hash
    if state in {"backoff", "quarantined"}:
        world.call()
        world.crash()
    elif state == "stopped":
        world.supervisor.unload()
    elif state == "disabled":
        world.supervisor.disable()
    assert world.state == state
    world.change("new")
    assert world.supervisor.reload() == "version 1.0.0 is in use from its next start on"
    assert world.state == (state if state in {"stopped", "disabled"} else "ready")
    world.clock.advance(100.0)
    assert world.running == []


@pytest.mark.parametrize("moment", ["before", "while the new one starts", "after"])
def test_a_process_that_dies_around_a_reload_leaves_one_that_serves(make: Make, moment: str) -> None:
    world = started(make)
    first = world.latest
    world.launcher.behaviour = Behaviour(takes={"initialize": 2.0})
    world.change("new")
    if moment == "before":
        first.die()
    elif moment == "while the new one starts":
        world.clock.at(1.0, first.die)
    world.supervisor.reload()
    if moment == "after":
        first.die()
    world.clock.advance(10.0)
    assert world.state == "running"
    assert [process.pid for process in world.running] == list(world.supervisor.pids)
    assert len(world.running) == 1


def test_a_reload_that_is_interrupted_says_nothing_of_the_code(make: Make) -> None:
    world = started(make)
    world.launcher.behaviour = Behaviour(takes={"initialize": 20.0})
    world.change("new")
    world.clock.at(1.0, world.supervisor.unload)
    with pytest.raises(PluginClosed):
        world.supervisor.reload()
    world.clock.advance(1.0)
    assert (world.state, world.running) == ("stopped", [])
    world.launcher.behaviour = Behaviour()
    world.supervisor.load()
    assert world.state == "running"


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("how", ["blue-green", "restart"])
@pytest.mark.parametrize("later", [0.5, 3.0])
def test_closing_in_the_middle_of_a_reload_is_bounded(make: Make, how: str, workers: int, later: float) -> None:
    world = started(make, reload=how, workers=workers, start_timeout_s=120.0)
    world.call(2.0)  # in flight: it is waited for where the new process must not start before
    world.launcher.behaviour = Behaviour(takes={"initialize": 100.0})
    world.change("new")
    world.clock.at(later, world.supervisor.close)
    began = world.clock.now()
    with pytest.raises(PluginClosed):
        world.supervisor.reload()
    world.clock.advance(0.1)
    assert world.clock.now() - began < later + 5.0
    assert (world.state, world.running) == ("stopped", [])
    world.clock.advance(10.0)


def test_closing_does_not_wait_for_one_that_quiesces(make: Make) -> None:
    world = make(reload="restart", restart=OFTEN)
    services = ("plugin.SearchService", "viewra.v1.LifecycleService")
    world.launcher.next = [Behaviour(services=services, takes={"quiesce": 3600.0})]
    world.call()
    world.change("new")
    world.clock.at(1.0, world.supervisor.close)
    began = world.clock.now()
    with pytest.raises(PluginClosed):
        world.supervisor.reload()
    assert world.clock.now() - began < 5.0
    world.clock.advance(20.0)


def test_a_change_is_hashed_once_and_its_manifest_evaluated_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make)
    hashed, evaluated = [0], [0]

    def counted_hash(directory: Path) -> str:
        hashed[0] += 1
        return code_hash(directory)

    def counted_read(*arguments: Any) -> Found:
        evaluated[0] += 1
        return read(*arguments)

    monkeypatch.setattr(installed, "code_hash", counted_hash)
    monkeypatch.setattr(installed, "read", counted_read)
    world.change("new")
    code = world.supervisor.installation.on_disk()
    assert world.supervisor.reload(only_changed=True, code=code) != ""
    assert (hashed, evaluated) == ([1], [0]), "the manifest is the same"
    manifest = world.directory / "plugin.cue"
    manifest.write_text(manifest.read_text().replace("1.0.0", "2.0.0"))
    code = world.supervisor.installation.on_disk()
    assert world.supervisor.reload(only_changed=True, code=code) == "reloaded: 1.0.0 → 2.0.0"
    assert (hashed, evaluated) == ([2], [1])
    world.supervisor.restart()
    assert (hashed, evaluated) == ([3], [1])


@pytest.mark.parametrize("how", ["blue-green", "restart"])
def test_a_process_that_exceeds_a_limit_once_started_is_not_used(
    make: Make, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = iter((40, 40, 65, 40))
    monkeypatch.setattr(watchdog, "resident", lambda _pid: next(used) * watchdog.MB)
    world = started(make, reload=how, limits={"memory_mb": 64})
    world.change("new")
    world.supervisor.reload()
    kept = world.call()
    world.change("newer")
    with pytest.raises(PluginUnavailable, match="uses 65 MB of memory once started, its limit is 64 MB"):
        world.supervisor.reload()
    assert world.state == "running"
    assert how == "restart" or world.call() == kept
    world.clock.advance(10.0)
    assert len(world.running) == 1


def test_a_start_that_exceeds_a_limit_is_no_crash(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "resident", lambda _pid: 65 * watchdog.MB)
    world = make(limits={"memory_mb": 64})
    for _ in range(7):
        with pytest.raises(PluginUnavailable, match="did not start: it uses 65 MB"):
            world.call()
        world.clock.advance(100.0)
    assert world.state != "quarantined"
    assert world.supervisor.stats.crashes == 0
    assert world.running == []
