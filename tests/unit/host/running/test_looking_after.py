"""What a supervisor does for operators and hosts beside starts: folders, sandboxes, forks, and drains."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.errors import PluginFault
from viewra.host.running.confining import UNCONFINED_SANDBOX
from viewra.host.running.draining import LONGEST_S, Draining
from viewra.host.running.run import Run

from .conftest import Make, World
from .test_adoption import RECORD, by_hand


def has_other_folders(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.supervisor.configuration, "has_other_folders", lambda _: True)


def test_folders_of_the_library_that_changed_replace_its_processes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.supervisor.use_folders()
    world.call()
    world.supervisor.use_folders()
    assert len(world.launcher.plans) == 1
    has_other_folders(world, monkeypatch)
    world.supervisor.use_folders()
    assert world.call() == 1002
    world.supervisor.unload()
    world.supervisor.use_folders()
    assert (world.state, len(world.launcher.plans)) == ("stopped", 2)


def test_a_process_run_by_hand_is_not_replaced_for_folders(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    process = by_hand(world)
    world.supervisor.attach(RECORD)
    has_other_folders(world, monkeypatch)
    world.supervisor.use_folders()
    assert (world.call(), world.launcher.plans) == (77, [])
    world.supervisor.unload()
    process.left = True


def test_a_sandbox_is_that_of_the_process_or_of_the_next_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    next_one = SimpleNamespace(backend="landlock")
    assert world.supervisor.sandbox is UNCONFINED_SANDBOX
    monkeypatch.setattr(world.supervisor.configuration, "sandbox", lambda _: next_one)
    assert cast(Any, world.supervisor.sandbox) is next_one
    world.call()
    assert world.supervisor.sandbox is UNCONFINED_SANDBOX


def test_a_forked_child_of_the_host_stops_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.call()
    with monkeypatch.context() as patch:
        patch.setattr(world.supervisor._runs, "_owner", -1)
        world.supervisor._runs.close("it ends")
    assert world.state == "running"
    assert not world.latest.ended


def test_where_all_run_or_none_does_nothing_is_missing(make: Make) -> None:
    world = make(workers=2)
    workers = world.supervisor._runs.workers
    assert workers.missing == 0
    workers.fill()
    assert world.launcher.plans == []
    world.call()
    assert workers.missing == 1
    world.clock.advance(1.0)
    assert workers.missing == 0
    workers.fill()
    assert len(world.launcher.plans) == 2


def test_nothing_is_missing_beside_a_process_run_by_hand(make: Make) -> None:
    world = make(workers=3)
    process = by_hand(world)
    world.supervisor.attach(RECORD)
    assert world.supervisor._runs.workers.missing == 0
    world.supervisor.unload()
    process.left = True


def test_what_is_to_be_drained_after_the_end_is_stopped_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    done: list[object] = []
    connection = SimpleNamespace(
        hurry=lambda: done.append("hurry"), drained=lambda timeout_s: done.append(("drained", timeout_s))
    )

    def stop() -> str:
        done.append("stop")
        return "kill"

    draining = Draining("p", clock=world.clock)
    draining.close()
    draining.add(cast(Run, SimpleNamespaceByIdentity(connection=connection, stop=stop)))
    assert done == ["hurry", ("drained", LONGEST_S), "stop"]
    assert "plugin p: the replaced process had to be killed" in caplog.text
    draining.close()
    assert done == ["hurry", ("drained", LONGEST_S), "stop"], "it is forgotten"


class SimpleNamespaceByIdentity(SimpleNamespace):
    """Known by itself, as a run is."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def test_one_run_by_hand_is_left_even_if_it_does_not_stop(world: World) -> None:
    process = by_hand(world, fails={"stop": PluginFault("p", "not now", call="stop")})
    world.supervisor.attach(RECORD)
    world.supervisor.unload()
    assert (world.state, process.left, process.ended) == ("stopped", True, False)
