"""A plugin's lifecycle with real processes: crashes, quarantine, workers, and services that a start finds out."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.integration.living import CODE, ask, home, running, starts
from viewra.errors import PluginUnavailable
from viewra.host.admin.describe import summary
from viewra.types import PluginState

from .conftest import States

pytestmark = pytest.mark.process


# ---- death ----


def test_a_crash_is_noticed_at_once_with_its_signal_and_last_words(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: restart: max: 50")
    with running(tmp_path, states) as host:
        os.kill(int(ask(host)), signal.SIGSEGV)  # nobody calls it
        reason = states.wait_for("p", PluginState.CRASHED)
        assert reason.startswith("its process ended with SIGSEGV")
        states.wait_for("p", PluginState.RUNNING, times=2)
        with pytest.raises(PluginUnavailable, match="SIGSEGV"):
            ask(host, "die")
        reason = states.wait_for("p", PluginState.CRASHED, times=3)
        assert [line for line in reason.split("\n") if line.startswith("last words")] == [
            f"last words {number}" for number in range(10, 30)
        ]
        assert states.of("p")[:6] == ["ready", "starting", "running", "crashed", "backoff", "starting"]


def test_a_call_whose_process_dies_under_it_is_made_once_more(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=("search_service",))
    with running(tmp_path, states) as host:
        first = ask(host)
        assert ask(host, "die once") != first
        (home(tmp_path) / "died").unlink()
        (result,) = (
            one for one in host.hook.search(query={"q": "die once"}, limit=1, offset=0) if one.plugin_id == "p"
        )
        assert result.ok
        assert host.plugins["p"].stats.crashes == 2


def test_a_quarantine_outlives_its_host_and_ends_with_other_code(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: restart: max: 0")
    with running(tmp_path, states) as host:
        os.kill(int(ask(host)), signal.SIGKILL)
        reason = states.wait_for("p", PluginState.QUARANTINED)
        assert "broke down more than 0 times in 60 s; the last time: its process ended with SIGKILL" in reason
        with pytest.raises(PluginUnavailable, match="is in quarantine") as caught:
            ask(host)
        assert "viewra plugins unquarantine p" in str(caught.value.hint)
    with running(tmp_path, states) as host:
        assert host.plugins["p"].state is PluginState.QUARANTINED
        host.plugins["p"].unquarantine()
        os.kill(int(ask(host)), signal.SIGKILL)
        states.wait_for("p", PluginState.QUARANTINED, times=2)
    (directory / "main.py").write_text((directory / "main.py").read_text() + "\n# a new version\n")
    with running(tmp_path, states) as host:
        assert host.plugins["p"].state is PluginState.READY
        assert ask(host)


def test_two_processes_serve_and_one_that_is_killed_is_replaced(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: workers: 2")
    with running(tmp_path, states) as host:
        ask(host)
        plugin = host.plugins["p"]
        eventually(lambda: len(plugin.stats.pids) == 2)
        first, second = plugin.stats.pids
        os.kill(second, signal.SIGKILL)
        eventually(lambda: second not in plugin.stats.pids)
        assert ask(host) == str(first)
        eventually(lambda: len(plugin.stats.pids) == 2)
        shown = summary(plugin)
        assert shown.pids == plugin.stats.pids
        assert (shown.pid, shown.state) == (first, "running")
        (directory / "main.py").write_text((directory / "main.py").read_text() + "\n# a new version\n")
        plugin.reload()
        assert len(plugin.stats.pids) == 2
        assert set(plugin.stats.pids).isdisjoint({first, second})
        eventually(lambda: not psutil.pid_exists(first))


def test_what_a_plugin_without_capabilities_offers_is_found_out_by_one_start_and_kept(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=())
    with running(tmp_path, states) as host:
        before = host.plugins["p"].services
        assert before == ()
        (found,) = (one for one in host.hook.search(query={"q": "x"}, limit=1, offset=0) if one.plugin_id == "p")
        assert found.ok
        assert host.plugins["p"].services == ("search_service",)
        assert "p" not in {one.plugin_id for one in host.hook.get_models()}
    with running(tmp_path, states) as host:
        assert host.plugins["p"].services == ("search_service",)
        assert "p" not in {one.plugin_id for one in host.hook.open_listener()}
        assert len(starts(tmp_path)) == 1


def test_a_listener_without_capabilities_is_asked_once(
    tmp_path: Path, make_plugin: Callable[..., Path], states: States
) -> None:
    make_plugin("p", CODE, capabilities=())
    with running(tmp_path, states) as host:
        assert "p" not in {one.plugin_id for one in host.hook.open_listener()}
        assert len(starts(tmp_path)) == 1
