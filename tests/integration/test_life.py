"""A plugin's life with real processes: crashes, back-off, quarantine, idle stop, health, breaker, backpressure."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.adapters import BreakerState
from viewra.errors import ManifestError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.host.admin.describe import summary
from viewra.host.running.status import Condition
from viewra.types import PluginState

from .conftest import States

pytestmark = pytest.mark.process

CODE = """
    import os, signal, sys, threading, time
    from viewra.sdk import Health, Plugin, SearchCapabilities, SearchResponse, SearchResult, serve

    class P(Plugin):
        def initialize(self, context):
            self.home = context.base_path
            with open(self.home + "/starts", "a") as file:
                file.write(f"{os.getpid()}\\n")
            if os.path.exists(self.home + "/broken"):
                print("cannot find my dictionary", file=sys.stderr)
                os._exit(4)

        def health(self):
            if os.path.exists(self.home + "/unwell"):
                return Health(False, "the remote site is down")
            return Health(True)

        def search(self, query, limit, offset):
            what = query.get("q", "")
            if what == "die":
                for number in range(30):
                    print(f"last words {number}", file=sys.stderr)
                sys.stderr.flush()
                os.kill(os.getpid(), signal.SIGSEGV)
                time.sleep(10)  # the signal may take a moment
            if what == "die once" and not os.path.exists(self.home + "/died"):
                open(self.home + "/died", "w").close()
                os._exit(5)
            if what == "hang": time.sleep(3600)
            if what == "grow": self.hoard = [*getattr(self, "hoard", ()), bytearray(os.urandom(1)) * 20_000_000]
            if what == "fault": raise ValueError("no")
            if what == "hold":
                while not os.path.exists(self.home + "/go"): time.sleep(0.005)
            return SearchResponse((SearchResult("1", str(os.getpid())),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


@contextmanager
def running(tmp_path: Path, states: States, **options: object) -> Iterator[Host]:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", **options) as host:  # type: ignore[arg-type]
        host.pm.register(states)
        if host.plugins["p"].state is PluginState.DISABLED:
            host.plugins["p"].enable()
        yield host


def ask(host: Host, what: str = "x") -> str:
    """The pid of whoever answers."""
    search = host.plugins["p"].search
    assert search is not None
    return search.search({"q": what}, 10, 0).results[0].title


def home(tmp_path: Path) -> Path:
    return tmp_path / "data" / "plugins" / "p"


def starts(tmp_path: Path) -> list[str]:
    return (home(tmp_path) / "starts").read_text().split()


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
