"""Processes that this host did not start: detached by an earlier host, or started by hand."""

from __future__ import annotations

import attrs
import pytest

from viewra.errors import PluginFault, PluginUnavailable
from viewra.host.running import lease, reattach
from viewra.host.running.reattach import Reattach
from viewra.manifest import HealthChecks, Restart

from .conftest import Make, World
from .fake_process import HANDSHAKE, Behaviour, FakeProcess

LASTING = ("plugin.SearchService", "viewra.v1.LifecycleService")


def lasting(make: Make) -> World:
    world = make(detachable=True)
    world.launcher.behaviour = Behaviour(services=LASTING)
    world.call()
    return world


def next_host(world: World) -> None:
    """The host is gone, and another one opens."""
    world.supervisor.close()
    world.supervisor = world.host()
    world.supervisor.adopt()


def by_hand(world: World, **named: object) -> FakeProcess:
    process = FakeProcess(world.clock, 77, Behaviour(**named), None)  # type: ignore[arg-type]
    world.launcher.processes.append(process)
    return process


RECORD = Reattach(77, "unix", "/nowhere", started=7700, test=True)


def test_a_lasting_process_is_left_and_taken_over(make: Make) -> None:
    world = lasting(make)
    assert not world.launcher.plans[0].tied
    assert world.supervisor.detach()
    assert (world.state, world.supervisor.reason) == ("stopped", "left to the next host")
    next_host(world)
    assert (world.state, world.supervisor.pid) == ("running", 1001)
    assert world.latest.calls.count("initialize") == 1, "it goes on where it was"
    assert world.call() == 1001
    assert len(world.launcher.plans) == 1


@pytest.mark.parametrize("why", ["other code", "it ended", "it does not answer", "disabled"])
def test_what_cannot_be_taken_over_is_started_anew(make: Make, why: str) -> None:
    world = lasting(make)
    assert world.supervisor.detach()
    if why == "other code":
        world.change("other")
    elif why == "it ended":
        world.latest.die()
    elif why == "it does not answer":
        world.latest.behaviour.fails["info"] = PluginFault("p", "no", call="info")
    world.supervisor.close()
    world.supervisor = world.host(enabled=why != "disabled")
    world.supervisor.adopt()
    assert world.state == ("disabled" if why == "disabled" else "ready")
    if why in {"other code", "disabled"}:
        assert world.running == []
    for process in world.running:
        process.left = True
    if why != "disabled":
        assert world.call() == 1002


def test_a_lease_is_renewed_while_a_host_runs_it_and_not_afterwards(make: Make) -> None:
    world = lasting(make)
    world.clock.advance(4 * lease._EVERY_S + 0.1)
    assert world.latest.calls.count("renew") == 5
    world.supervisor.detach()
    world.clock.advance(1000.0)
    assert world.latest.calls.count("renew") == 5
    world.latest.left = True


def test_one_that_is_not_lasting_cannot_be_left(world: World) -> None:
    assert not world.supervisor.detach()
    world.call()
    assert not world.supervisor.detach()
    assert world.state == "running"


def test_one_that_ends_as_it_is_left_is_not_left(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = lasting(make)
    with monkeypatch.context() as patch:
        patch.setattr(world.supervisor.pool, "take", lambda *_, **__: ())
        assert not world.supervisor.detach()
    assert reattach.take(world.supervisor.installation.backups) is None
    assert world.state == "running"


def test_one_process_lasts_whatever_the_workers(make: Make) -> None:
    world = make(detachable=True, workers=3)
    world.launcher.behaviour = Behaviour(services=LASTING)
    world.call()
    world.clock.advance(1.0)
    assert len(world.running) == 1


def test_one_run_by_hand_serves_and_is_never_ended(make: Make) -> None:
    often = HealthChecks(interval_s=2.0, own_interval_s=2.0, timeout_s=1.0, failures=2, restart="both")
    world = make(restart=Restart(max=0), idle_timeout_s=5.0, workers=3, health=often)
    process = by_hand(world)
    world.call()
    world.supervisor.attach(RECORD)
    assert (world.call(), world.supervisor.pids) == (77, (77,))
    process.behaviour.silent = True
    world.clock.tick(world.supervisor.tending, 12.0)
    with pytest.raises(PluginUnavailable, match="is run by hand"):
        world.supervisor.reload()
    world.supervisor.unload()
    assert not process.ended
    assert process.calls[-1] == "stop"
    assert process.signals == []
    process.left = True


@pytest.mark.parametrize("state", ["ready", "running", "stopped", "disabled"])
@pytest.mark.parametrize("step", ["gone", "connect", "initialize"])
def test_one_that_cannot_be_attached_to_is_told_and_left(make: Make, state: str, step: str) -> None:
    world = make()
    if state in {"running", "stopped"}:
        world.call()
    if state == "stopped":
        world.supervisor.unload()
    if state == "disabled":
        world.supervisor.disable()
    record = RECORD
    process = by_hand(world)
    if step == "gone":
        record = attrs.evolve(RECORD, pid=78)
    else:
        process.behaviour.fails[step] = PluginFault("p", "no", call=step) if step == "initialize" else "die"
    with pytest.raises(PluginUnavailable, match="could not be attached to"):
        world.supervisor.attach(record)
    assert world.state == ("disabled" if state == "disabled" else "crashed")
    process.left = True
    if state != "disabled":
        world.call()
    assert HANDSHAKE.startswith("1|1|unix")
