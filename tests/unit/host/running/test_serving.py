"""What holds from the moment at which another version serves: its limits, its services, and a way back to it."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from .conftest import Make, World
from .fake_process import Behaviour

SEARCH, DATABASE = "plugin.SearchService", "plugin.DatabaseService"


def test_the_limits_of_its_calls_are_those_of_the_version_that_serves(make: Make) -> None:
    world = make(max_calls=4, max_queue=5)
    world.call()
    traffic = world.supervisor.traffic
    assert (traffic._calls, traffic._queue) == (4, 5)
    world.runtime = attrs.evolve(world.runtime, max_calls=2, max_queue=3)
    world.change("new")
    world.supervisor.reload()
    assert (traffic._calls, traffic._queue) == (2, 3)


@pytest.mark.parametrize(
    ("services", "reason"),
    [((SEARCH,), ""), ((), "its manifest claims what it lacks: search_service"), ((SEARCH, DATABASE), "")],
)
def test_what_its_process_lacks_is_told_and_what_it_has_counts(
    world: World, services: tuple[str, ...], reason: str
) -> None:
    world.launcher.behaviour = Behaviour(services=services)
    world.call()
    assert (world.state, world.supervisor.reason) == ("running", reason)
    known = world.records.kept.get("services")
    assert (known is None) is (services == (SEARCH,)), "what the manifest says anyway is not written down"


@pytest.mark.parametrize(
    ("reload", "services", "kept"),
    [
        ("blue-green", (SEARCH,), False),
        ("restart", (SEARCH,), True),
        ("blue-green", (SEARCH, DATABASE), True),
    ],
)
def test_code_is_kept_where_a_reload_ends_the_old_process_first(
    make: Make, monkeypatch: pytest.MonkeyPatch, reload: str, services: tuple[str, ...], kept: bool
) -> None:
    world = make(reload=reload, capabilities=("search_service", "database_service")[: len(services)])
    world.launcher.behaviour = Behaviour(services=services)
    codes: list[tuple[Path, str]] = []
    monkeypatch.setattr(world.supervisor.installation.kept, "keep", lambda *given: codes.append(given))
    world.call()
    assert codes == ([(world.directory, world.supervisor.installation.used.code_hash)] if kept else [])
