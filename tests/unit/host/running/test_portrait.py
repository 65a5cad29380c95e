"""What is seen of a plugin: before its first start, while it runs, and with host services."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import attrs

from viewra.bridge import HostedPlugin
from viewra.types import PluginInfo

from .conftest import Make, World


def test_one_that_was_not_started_has_no_process_and_says_what_its_manifest_says(world: World) -> None:
    shown = world.supervisor
    assert (shown.pid, shown.pids, shown.state) == (None, (), "ready")
    stats = shown.stats
    assert (stats.pid, stats.started_at, stats.runs, stats.pids) == (None, None, (), ())
    assert (stats.starts, stats.crashes, stats.reloads, stats.breaker) == (0, 0, 0, "closed")
    assert (stats.host_calls, stats.fetched_bytes) == ({}, 0)
    assert (shown.info.id, shown.info.name, shown.info.version) == ("p", "p", "1.0.0")
    assert shown.info.capabilities == ("search_service",)


def test_one_that_runs_shows_each_of_its_processes_and_the_oldest_first(make: Make) -> None:
    world = make(workers=2)
    world.call()
    world.clock.advance(1.0)
    shown, first = world.supervisor, world.supervisor.pool.runs[0]
    assert (shown.pid, shown.pids) == (1001, (1001, 1002))
    stats = shown.stats
    assert (stats.pid, stats.started_at, stats.pids) == (1001, first.started_at, (1001, 1002))
    assert (stats.starts, stats.state) == (2, "running")
    assert [one.origin for one in stats.runs] == [one.origin for one in world.launcher.processes]
    first.connection.enter()
    assert [one.in_flight for one in shown.stats.runs] == [1, 0]
    first.connection.leave()


def test_a_process_says_more_of_itself_than_its_manifest(world: World) -> None:
    world.call()
    run = world.supervisor.pool.runs[0]
    run.info = PluginInfo("other", name="Sung", capabilities=("songs",))
    info = world.supervisor.info
    assert (info.id, info.name, info.version, info.capabilities) == ("p", "Sung", "1.0.0", ("songs",))
    installation = world.supervisor.installation
    installation.found = attrs.evolve(installation.found, manifest=None)
    assert world.supervisor.info == run.info


def test_a_host_with_services_counts_what_was_asked_of_them(world: World) -> None:
    figures: dict[str, object] = {"library": "figures"}
    hosted = SimpleNamespace(figures=figures, fetched_bytes=9)
    world.supervisor.configuration.hosted = cast(HostedPlugin, hosted)
    stats = world.supervisor.stats
    assert (stats.host_calls, stats.fetched_bytes) == (figures, 9)
    assert cast(object, world.supervisor.hosted) is hosted
