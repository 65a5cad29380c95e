"""Faults with real processes at the end, at reloads, and in what a plugin's lifecycle depends on."""

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from tests.integration.conftest import States
from tests.integration.faults.hosts import ENDING_S, MakePlugin, ask, change, closed_within, in_thread, running
from tests.integration.faulty import CODE, began, let, order, own_threads, processes
from viewra import Host, hookimpl
from viewra.codec.protocol import DEBUG
from viewra.db import sqlite
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.host.running.reattach import Reattach
from viewra.types import PluginState

pytestmark = pytest.mark.process

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
            assert time.monotonic() - began_at < ENDING_S
        assert isinstance(loading[0], PluginClosed)
        assert "was stopped while it started" in str(loading[0])
        assert not psutil.pid_exists(pid)
        wanted = {"unload": PluginState.STOPPED, "disable": PluginState.DISABLED, "restart": PluginState.RUNNING}
        assert plugin.state is wanted[act]
        assert plugin.stats.crashes == 0
        if act != "restart":  # then it is a matter of who came first
            assert isinstance(calling[0], PluginError)
        plugin.enable(grant_requested=True)
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
            closed_within(host, ENDING_S)
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
        assert by_hand.wait(60) == 0


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
                call.exception(60)
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
                whys = ("SIGKILL", "its launcher ended", "the process that starts it has ended")
                assert any(why in str(error) for why in whys)  # noqa: PT017

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
        eventually(lambda: "its record cannot be stored or read" in caplog.text)
        lock.execute("ROLLBACK")
        lock.close()
        plugin.disable()
        plugin.enable(grant_requested=True)
        assert plugin.state is PluginState.QUARANTINED  # for as long as this host lives
        plugin.unquarantine()
        assert ask(host)
