"""Faults with real processes: at each step of a start, in calls, at the end, and in what a plugin's life depends on."""

from __future__ import annotations

import logging
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from viewra import Host, hookimpl
from viewra.codec.protocol import DEBUG
from viewra.db import sqlite
from viewra.errors import PluginClosed, PluginError, PluginTimeout, PluginUnavailable
from viewra.host.running.reattach import Reattach
from viewra.types import PluginState

from .conftest import States
from .faulty import CODE, began, let, order, own_threads, processes, starts

pytestmark = pytest.mark.process
MakePlugin = Callable[..., Path]

OFTEN = "restart: max: 100"
ENDING_S = 15.0
"""What a closing host may take: the ladder from Stop to SIGKILL takes 9 s, and these machines are busy."""


@pytest.fixture
def directory(make_plugin: MakePlugin) -> Path:
    return make_plugin("p", CODE, capabilities=("search_service",), extra=f"runtime: {{{OFTEN}}}")


@contextmanager
def running(tmp_path: Path, states: States | None = None, *, watch: bool = False) -> Iterator[Host]:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=watch) as host:
        if states is not None:
            host.pm.register(states)
        for plugin in host.plugins.values():
            if (
                plugin.path is not None
                and plugin.path.parent == tmp_path / "plugins"
                and plugin.state is PluginState.DISABLED
            ):
                plugin.enable()
        yield host


def ask(host: Host, what: str = "", plugin_id: str = "p") -> int:
    """The pid of whoever answers."""
    search = host.plugins[plugin_id].search
    assert search is not None
    return int(search.search({"q": what}, 1, 0).results[0].title)


def errors_of(host: Host, what: str) -> dict[str, PluginError | None]:
    results = host.hook.search(query={"q": what}, limit=1, offset=0)
    return {result.plugin_id: result.error for result in results}


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[list[BaseException | None]]:
    """Do something meanwhile; afterwards the list has what it raised, or None."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    thread = threading.Thread(target=run)
    thread.start()
    yield ended
    thread.join(60)
    assert not thread.is_alive()


def closed_within(host: Host, seconds: float) -> None:
    began_at = time.monotonic()
    host.close()
    assert time.monotonic() - began_at < seconds


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
                one.result(20)
            over.set()
        assert len(starts(directory)) == 3
        changes = [(str(old), str(new)) for plugin_id, old, new, _ in states.seen if plugin_id == "p"]
        assert {new for old, new in changes if old == "crashed"} == {"backoff", "quarantined"}
        eventually(lambda: own_threads("p") == [])


# ---- the end ----


@pytest.mark.parametrize("act", ["restart"])
def test_who_ends_a_plugin_does_not_wait_for_its_start_that_hangs(
    tmp_path: Path, make_plugin: MakePlugin, act: str
) -> None:
    extra = "runtime: {start_timeout_s: 120, restart: max: 0}"
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra=extra)
    order(directory, "initialize", "hang")
    with running(tmp_path) as host:
        plugin = host.plugins["p"]
        with in_thread(plugin.load) as loading, in_thread(lambda: ask(host)) as calling:
            pid = began(directory, "initialize")
            let(directory, "initialize")
            began_at = time.monotonic()
            getattr(plugin, act)()
            assert time.monotonic() - began_at < ENDING_S / 3
        assert isinstance(loading[0], PluginClosed)
        assert "was stopped while it started" in str(loading[0])
        assert not psutil.pid_exists(pid)
        wanted = {"unload": PluginState.STOPPED, "disable": PluginState.DISABLED, "restart": PluginState.RUNNING}
        assert plugin.state is wanted[act]
        assert plugin.stats.crashes == 0
        if act != "restart":  # then it is a matter of who came first
            assert isinstance(calling[0], PluginError)
        plugin.enable()
        plugin.load()
        assert ask(host) == plugin.pid


def test_closing_does_not_wait_for_a_start_that_hangs_nor_call_it_a_crash(
    tmp_path: Path, make_plugin: MakePlugin
) -> None:
    extra = "runtime: {start_timeout_s: 120, restart: max: 0}"
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra=extra)
    order(directory, "initialize", "hang")
    with running(tmp_path) as host:
        plugin = host.plugins["p"]
        with in_thread(plugin.load) as loading, in_thread(lambda: ask(host)) as calling:
            pid = began(directory, "initialize")
            closed_within(host, ENDING_S / 3)
        assert isinstance(loading[0], PluginClosed)
        assert isinstance(calling[0], PluginClosed)
        assert not psutil.pid_exists(pid)
        assert plugin.state is PluginState.STOPPED
        eventually(lambda: own_threads("p") == [])
    let(directory, "initialize")
    with running(tmp_path) as host:
        plugin = host.plugins["p"]
        assert plugin.state is PluginState.READY  # and not in quarantine
        host.close()
        with pytest.raises(PluginClosed):
            plugin.load()


# ---- health ----


def test_one_that_is_run_by_hand_is_not_ended_while_a_debugger_holds_it(
    tmp_path: Path, make_plugin: MakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    checks = "runtime: health: {interval_s: 0.1, timeout_s: 0.1, failures: 1}"
    directory = make_plugin("p", CODE, capabilities=("search_service",), extra=checks)
    argv = [sys.executable, str(directory / "main.py")]
    with subprocess.Popen(argv, env={**os.environ, DEBUG: "1"}, stderr=subprocess.PIPE, text=True) as by_hand:
        assert by_hand.stderr is not None
        found = re.search(r"--reattach 'ID=(\{.*\})'", by_hand.stderr.readline())
        assert found is not None
        with running(tmp_path) as host:
            host.plugins["p"].attach(Reattach.from_json(found[1]))
            assert ask(host) == by_hand.pid
            by_hand.send_signal(signal.SIGSTOP)
            eventually(lambda: "did not answer 1 health checks in a row" in caplog.text)
            by_hand.send_signal(signal.SIGCONT)
            assert ask(host) == by_hand.pid
        by_hand.send_signal(signal.SIGINT)
        assert by_hand.wait(10) == 0


# ---- what the operator does at a bad moment ----


def test_a_call_that_is_faster_than_the_restart_that_was_due_does_not_take_its_place(
    tmp_path: Path, directory: Path, states: States
) -> None:
    with running(tmp_path, states) as host:
        os.kill(ask(host), signal.SIGKILL)
        states.wait_for("p", PluginState.BACKOFF)
        order(directory, "initialize", "crash")
        with ThreadPoolExecutor(8) as pool:  # they wait for the restart, and most likely one of them is the first
            calls = [pool.submit(ask, host) for _ in range(8)]
            began(directory, "initialize")
            let(directory, "initialize")
            for call in calls:
                call.exception(20)
        states.wait_for("p", PluginState.RUNNING, times=2)  # without a call


def test_reloads_at_the_same_time_and_in_the_middle_of_crashes_leave_one_process(
    tmp_path: Path, directory: Path, states: States
) -> None:
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        ask(host)

        def reload(version: int) -> None:
            change(directory, version)
            try:
                plugin.reload()
            except PluginUnavailable as error:
                # The new process was killed before it served.
                assert "SIGKILL" in str(error) or "its launcher ended" in str(error)  # noqa: PT017

        def kill() -> None:
            for process in processes(directory):
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue

        with ThreadPoolExecutor(4) as pool:
            work = [pool.submit(reload, version) for version in range(2, 8)]
            work += [pool.submit(kill) for _ in range(3)]
            for one in work:
                one.result(60)
        plugin.load()
        pid = ask(host)
        eventually(lambda: [process.pid for process in processes(directory)] == [pid])
        assert plugin.pid == pid
        assert plugin.state is PluginState.RUNNING


class Meddler:
    """An observer that does everything that an observer should not."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.seen: list[PluginState] = []
        self.go = threading.Event()

    @hookimpl
    def plugin_state_changed(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        plugin = self._host.plugins[plugin_id]
        self.seen.append(plugin.state)
        if new is PluginState.STARTING:
            assert self.go.wait(60)
        if new is PluginState.RUNNING:
            plugin.unload()
            raise ValueError("no good observer")


def test_an_observer_may_block_raise_and_call_back(
    tmp_path: Path, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path) as host:
        meddler = Meddler(host)
        host.pm.register(meddler)
        plugin = host.plugins["p"]
        plugin.load()  # although the observer has not returned from the first change
        assert ask(host) == plugin.pid
        meddler.go.set()
        eventually(lambda: plugin.state is PluginState.STOPPED)
        eventually(lambda: meddler.seen[-1] is PluginState.STOPPED)
        assert "an observer of plugin states failed" in caplog.text


# ---- what a plugin's life depends on ----


def test_a_full_disk_for_its_log_harms_neither_plugin_nor_host(
    tmp_path: Path, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path) as host:
        ask(host)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        log = tmp_path / "data" / "logs" / "p.log"
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
        try:
            with caplog.at_level(logging.WARNING, "viewra.host"):
                pid = ask(host, "chatter")  # more than a megabyte
                eventually(lambda: "is incomplete" in caplog.text)
                assert ask(host) == pid
            assert caplog.text.count("is incomplete") == 1
            assert log.stat().st_size <= 600_000
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        size = log.stat().st_size
        assert ask(host, "chatter") == pid
        eventually(lambda: log.stat().st_size > size + 1_000_000)


def test_a_database_that_is_locked_does_not_keep_a_plugin_out_of_quarantine(
    tmp_path: Path,
    make_plugin: MakePlugin,
    states: States,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_plugin("p", CODE, capabilities=("search_service",), extra="runtime: restart: max: 0")
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 100)
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        pid = ask(host)
        lock = sqlite3.connect(tmp_path / "data" / "viewra.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        os.kill(pid, signal.SIGKILL)
        states.wait_for("p", PluginState.QUARANTINED)
        with pytest.raises(PluginUnavailable, match="is in quarantine"):
            ask(host)
        eventually(lambda: "what is known of it is not kept" in caplog.text)
        lock.execute("ROLLBACK")
        lock.close()
        plugin.disable()
        plugin.enable()
        assert plugin.state is PluginState.QUARANTINED  # for as long as this host lives
        plugin.unquarantine()
        assert ask(host)


def change(directory: Path, version: int) -> None:
    """Another version of the code, written as an editor does."""
    text = (directory / "main.py").read_text()
    draft = directory / f"main.py.{version}.tmp"
    draft.write_text(
        text.replace(next(line for line in text.split("\n") if line.startswith("VERSION")), f"VERSION = {version}")
    )
    draft.replace(directory / "main.py")
