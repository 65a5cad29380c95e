"""Faults with real processes at each step of a start and in calls."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.integration.conftest import States
from tests.integration.faults.hosts import OFTEN, MakePlugin, ask, errors_of, in_thread, running
from tests.integration.faulty import CODE, began, let, order, own_threads, processes, starts
from viewra.errors import PluginTimeout, PluginUnavailable
from viewra.types import PluginState

pytestmark = pytest.mark.process

# ---- starts ----


def test_a_crash_at_each_step_of_the_start_is_told_with_the_step_and_leaves_nothing(
    tmp_path: Path, make_plugin: MakePlugin
) -> None:
    directory = make_plugin("p", CODE, capabilities=(), extra=f"runtime: {{{OFTEN}}}")
    (directory / ".tables").touch()
    with running(tmp_path) as host:
        plugin = host.plugins["p"]
        for number, step in enumerate(
            ("handshake", "connect", "services", "info", "initialize", "migrate", "start"), start=1
        ):
            order(directory, step, "crash")
            with pytest.raises(PluginUnavailable) as caught:
                plugin.load()
            # Health, services and info are asked at the same time: any of them may be what notices.
            steps = {"connect", "health", "services", "info"} if step in {"connect", "services", "info"} else {step}
            assert any(f"at the step {one}: " in caught.value.message for one in steps)
            assert "exit status 9" in caught.value.message
            assert f"crashing in {step}" in plugin.reason
            # It would fail to migrate again, and somebody has to look at it.
            assert plugin.state is (PluginState.STOPPED if step == "migrate" else PluginState.BACKOFF)
            assert plugin.stats.crashes == number - (number > 5)
            assert not psutil.pid_exists(began(directory, step))
            assert processes(directory) == []
            eventually(lambda: own_threads("p") == [])
            let(directory, step)
        plugin.load()
        assert plugin.state is PluginState.RUNNING


# ---- calls ----


def test_crashes_and_hangs_in_a_call_are_their_own_plugins_alone(
    tmp_path: Path, directory: Path, make_plugin: MakePlugin, states: States
) -> None:
    other = make_plugin("other", CODE, capabilities=("search_service",), extra="runtime: call_timeout_s: search: 20")
    manifest = directory / "plugin.cue"
    manifest.write_text(manifest.read_text() + "\nruntime: call_timeout_s: search: 1\n")
    with running(tmp_path, states) as host:
        host.plugins["p"].load()
        host.plugins["other"].load()
        (other / "main.py").write_text("")  # what runs, runs
        with in_thread(lambda: ask(host, "hang")) as hung:
            eventually(
                lambda: "hang" in (directory / ".calls").read_text() if (directory / ".calls").exists() else False
            )
            assert ask(host) == host.plugins["p"].pid  # one that hangs holds up no other
            assert ask(host, plugin_id="other") == host.plugins["other"].pid
        assert isinstance(hung[0], PluginTimeout)
        order(directory, "search", "crash")
        errors = errors_of(host, "x")
        assert isinstance(errors["p"], PluginUnavailable)
        assert "exit status 9" in str(errors["p"])
        assert errors["other"] is None
        let(directory, "search")
        states.wait_for("p", PluginState.RUNNING, times=2)
        assert errors_of(host, "y") == {"p": None, "other": None}


def test_all_hook_calls_under_way_end_with_their_process(tmp_path: Path, directory: Path, states: States) -> None:
    with running(tmp_path, states) as host:
        ask(host)
        for times in range(1, 5):
            order(directory, "search", "wait")
            with ThreadPoolExecutor(6) as pool:
                calls = [pool.submit(errors_of, host, "x") for _ in range(6)]
                pid = began(directory, "search")
                eventually(lambda: host.plugins["p"].stats.in_flight == 6)
                os.kill(pid, signal.SIGKILL)
                let(directory, "search")
                assert [call.result(20) for call in calls] == [{"p": None}] * 6  # asked once more
            states.wait_for("p", PluginState.CRASHED, times=times)


def test_files_whose_batch_was_lost_with_the_process_are_read_by_the_next_one(
    tmp_path: Path, make_plugin: MakePlugin
) -> None:
    directory = make_plugin("p", CODE, capabilities=("metadata_scraper",), extra=f"runtime: {{{OFTEN}}}")
    music = tmp_path / "music"
    music.mkdir()
    for number in range(40):
        (music / f"{number}.mp3").write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes([number]) * 64)
    with running(tmp_path) as host:
        host.plugins["p"].load()
        order(directory, "extract", "wait")
        with in_thread(lambda: host.scan(music)) as scanned:
            os.kill(began(directory, "extract"), signal.SIGKILL)
            let(directory, "extract")
        assert scanned == [None]
        assert host.search("39").total >= 1
        for number in (0, 17, 39):
            found = host.search(str(number)).results
            assert any(hit.title == str(number) for hit in found), number
        assert host.plugins["p"].stats.crashes == 1


def test_a_process_that_is_stopped_in_a_call_times_out_and_goes_on_later(
    tmp_path: Path, make_plugin: MakePlugin
) -> None:
    extra = "runtime: call_timeout_s: search: 0.5"
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra=extra)
    with running(tmp_path) as host:
        pid = ask(host)
        order(directory, "search", "wait")
        with in_thread(lambda: ask(host)) as stopped:
            os.kill(began(directory, "search"), signal.SIGSTOP)
        assert isinstance(stopped[0], PluginTimeout)
        with pytest.raises(PluginTimeout):
            ask(host)
        let(directory, "search")
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: host.plugins["p"].health().healthy)
        assert ask(host) == pid


def test_a_crowd_that_calls_a_crashing_plugin_cannot_pass_its_pauses_nor_its_quarantine(
    tmp_path: Path, make_plugin: MakePlugin, states: States
) -> None:
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: restart: max: 2")
    with running(tmp_path, states) as host:
        over = threading.Event()

        def call() -> None:
            while not over.is_set():
                try:
                    ask(host, "die")
                except PluginUnavailable as error:
                    if "quarantine" in error.message:
                        return

        with ThreadPoolExecutor(16) as pool:
            calls = [pool.submit(call) for _ in range(16)]
            states.wait_for("p", PluginState.QUARANTINED, timeout_s=40)
            for one in calls:
                one.result(60)
            over.set()
        assert len(starts(directory)) == 3
        changes = [(str(old), str(new)) for plugin_id, old, new, _ in states.seen if plugin_id == "p"]
        assert {new for old, new in changes if old == "crashed"} == {"backoff", "quarantined"}
        eventually(lambda: own_threads("p") == [])
