"""A plugin's lifecycle with real processes: health, breaker, backpressure, figures, the operator's settings."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.integration.living import CODE, ask, home, running
from viewra.adapters import BreakerState
from viewra.errors import ManifestError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.host.running.status import Condition
from viewra.types import PluginState

from .conftest import States

pytestmark = pytest.mark.process

# ---- health ----


def test_a_process_that_is_stopped_is_unhealthy_and_started_again(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    checks = "runtime: health: {interval_s: 0.2, timeout_s: 0.3, failures: 2}"
    make_plugin("p", CODE, capabilities=("search_service",), extra=checks)
    with running(tmp_path, states) as host:
        pid = int(ask(host))
        eventually(lambda: host.plugins["p"].health_report.condition is Condition.HEALTHY)
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: host.plugins["p"].health_report.condition is Condition.UNHEALTHY)
        reason = states.wait_for("p", PluginState.CRASHED)
        assert reason.startswith("did not answer 2 health checks in a row (no answer within 0.3 s)")
        assert ask(host) != str(pid)
        assert not psutil.pid_exists(pid)


def test_a_plugin_that_says_it_is_unwell_is_degraded_and_left_alone(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    checks = "runtime: health: {interval_s: 0.1, own_interval_s: 0.1, failures: 1}"
    make_plugin("p", CODE, capabilities=("search_service",), extra=checks)
    with running(tmp_path, states) as host:
        pid = ask(host)
        (home(tmp_path) / "unwell").touch()
        eventually(lambda: host.plugins["p"].health_report.condition is Condition.DEGRADED)
        report = host.plugins["p"].health_report
        assert (report.transport, report.own, report.error) == (True, False, "the remote site is down")
        assert ask(host) == pid
        (home(tmp_path) / "unwell").unlink()
        eventually(lambda: host.plugins["p"].health_report.condition is Condition.HEALTHY)
        assert states.of("p").count("crashed") == 0


# ---- calls ----


def test_a_plugin_that_times_out_on_every_call_is_not_asked_for_a_while(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: call_timeout_s: search: 0.2")
    with running(tmp_path, states) as host:
        ask(host)
        for _ in range(5):
            with pytest.raises(PluginTimeout):
                ask(host, "hang")
        assert host.plugins["p"].stats.breaker == BreakerState.OPEN
        with pytest.raises(PluginUnavailable, match=r"its last 5 calls ran out of time; it is tried again in \d+ s"):
            ask(host)
        host.plugins["p"].restart()
        assert ask(host)
        assert host.plugins["p"].stats.breaker == BreakerState.CLOSED


def test_an_error_is_an_answer(tmp_path: Path, make_plugin: Callable[..., Path], states: States) -> None:
    make_plugin("p", CODE, capabilities=("search_service",))
    with running(tmp_path, states) as host:
        for _ in range(8):
            with pytest.raises(PluginFault):
                ask(host, "fault")
        stats = host.plugins["p"].stats
        assert stats.breaker == BreakerState.CLOSED
        assert (stats.hooks["search"].calls, stats.hooks["search"].errors) == (8, {"PluginFault": 8})


def test_calls_beyond_the_bound_wait_and_those_beyond_the_queue_hold_up_their_caller(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    extra = "runtime: {max_calls: 2, max_queue: 1, call_timeout_s: search: 20}"
    make_plugin("p", CODE, capabilities=("search_service",), extra=extra)
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        plugin.load()
        answers: list[str] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(host, "hold"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: (plugin.stats.in_flight, plugin.stats.queued) == (2, 2))
        held = threading.Thread(target=lambda: host.hook.search(query={"q": "x"}, limit=1, offset=0))
        held.start()
        eventually(lambda: plugin.stats.queued == 3)
        assert answers == []
        assert plugin.health().healthy  # whether a full plugin is well can always be asked
        (home(tmp_path) / "go").touch()
        for thread in (*threads, held):
            thread.join()
        assert len(answers) == 4
        assert (plugin.stats.in_flight, plugin.stats.queued) == (0, 0)


def test_waiting_for_a_turn_ends_with_the_deadline(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    extra = "runtime: {max_calls: 1, call_timeout_s: {search: 20, get_search_capabilities: 0.3}}"
    make_plugin("p", CODE, capabilities=("search_service",), extra=extra)
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        plugin.load()
        thread = threading.Thread(target=lambda: ask(host, "hold"))
        thread.start()
        eventually(lambda: plugin.stats.in_flight == 1)
        assert plugin.search is not None
        with pytest.raises(PluginTimeout, match=r"has 1 calls in flight, and none of them ended within 0.3 s"):
            plugin.search.get_search_capabilities()
        (result,) = (one for one in host.hook.get_search_capabilities() if one.plugin_id == "p")
        assert isinstance(result.error, PluginTimeout)
        (home(tmp_path) / "go").touch()
        thread.join()


def test_what_a_process_uses_is_sampled_and_shown_with_its_calls(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=("search_service",))
    with running(tmp_path, states) as host:
        ask(host)
        plugin = host.plugins["p"]
        eventually(lambda: plugin.stats.resources)
        sample = plugin.stats.resources[-1]
        assert sample.rss_bytes > 10_000_000
        assert sample.processes == 1
        assert sample.threads > 1
        text = host.metrics()
        assert 'viewra_plugin_calls_total{hook="search",plugin="p"} 1.0' in text
        assert 'viewra_plugin_up{plugin="p"} 1.0' in text


def test_the_operators_word_on_how_it_is_run_counts_from_the_next_reload_on(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: call_timeout_s: default: 30")
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        plugin.load()
        assert plugin.manifest is not None
        kept = plugin.runtime_settings
        kept.change({"call_timeout_s.search": 0.3, "restart.max": 7})
        with pytest.raises(ManifestError, match=r"health.failures: .*>=1"):
            kept.change({"health.failures": 0})
        with pytest.raises(ManifestError, match="no such setting"):
            kept.change({"patience": 3})
        plugin.reload()
        assert plugin.runtime.restart.max == 7
        with pytest.raises(PluginTimeout, match=r"within 0.3 s"):
            ask(host, "hang")
        shown = {one.key: one for one in kept.shown()}
        most = shown["restart.max"]
        assert (most.value, most.default, most.source) == (7, 5, "operator")
        assert (shown["call_timeout_s.search"].value, shown["call_timeout_s.default"].value) == (0.3, 30)
        assert "settings" not in {one.key.partition(".")[0] for one in plugin.settings.shown()}
    with running(tmp_path, states) as host:
        assert host.plugins["p"].runtime.call_timeout_s == {"default": 30.0, "search": 0.3}
        manifest = host.plugins["p"].manifest
        assert manifest is not None
        host.plugins["p"].runtime_settings.change({}, ["call_timeout_s.search", "restart.max"])
        host.plugins["p"].reload()
        assert host.plugins["p"].runtime == manifest.runtime
