"""Commands without a host, with one that was killed or hangs, and live figures of a running one."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import MUSIC, Viewra, start
from tests.e2e.control.operating import SCRAPER, RunningHost, Screen, row
from tests.eventually import eventually

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]


def test_without_a_host_a_plugin_is_tried(viewra: Viewra, plugins: Path) -> None:
    mine: Viewra = lambda *arguments: viewra("--plugins", plugins, "plugins", *arguments)  # noqa: E731
    assert mine("enable", "finder").status == 0
    assert mine("enable", "broken").status == 0
    for command in ("load", "reload"):
        tried = mine(command, "finder")
        assert tried.status == 0
        assert re.match(r"finder was started: running, process \d+, version 1\.0\.0, search_service, in", tried.out)
        assert "it was stopped again: no host runs" in tried.out
        assert tried.err == ""
    failed = mine("load", "broken")
    assert failed.status == 1
    assert failed.err.count("cannot go on") == 1
    assert mine("restart", "finder", "--json").data["stays"] is False
    for command in ("unload", "health", "stats"):
        none = mine(command, "finder")
        assert (none.status, none.out) == (1, "")
        assert re.match(r"viewra: no host runs on .*\n  .*viewra (plugins|scan)", none.err)
    assert "finder was not in quarantine" in mine("unquarantine", "finder").out


def test_a_host_that_was_killed_is_no_host(viewra: Viewra, plugins: Path, data_dir: Path) -> None:
    running = RunningHost(plugins, data_dir, "finder")
    running.process.kill()
    running.close()
    assert (data_dir / "control").exists()
    assert viewra("plugins", "stats").err.startswith("viewra: no host runs on ")
    assert viewra("--plugins", plugins, "plugins", "load", "finder").status == 0
    assert not (data_dir / "control").exists()


def test_a_host_that_hangs_is_one_clear_error(host: RunningHost, viewra: Viewra) -> None:
    host.process.send_signal(signal.SIGSTOP)
    failed = viewra("plugins", "restart", "finder")
    assert failed.status == 1
    assert f"process {host.process.pid} " in failed.err
    assert "does not answer on its control socket" in failed.err
    host.process.send_signal(signal.SIGCONT)


def test_stats_of_a_scan_in_another_terminal(
    viewra: Viewra, make_plugin: Callable[..., Path], tmp_path: Path, data_dir: Path
) -> None:
    go, music = tmp_path / "go", tmp_path / "music"
    shutil.copytree(MUSIC / "Erik Satie", music)
    make_plugin("slow", SCRAPER.format(go=str(go)))
    options = ("--plugins", tmp_path / "plugins")
    assert viewra(*options, "plugins", "enable", "slow").status == 0
    with start(data_dir, *options, "scan", music, "--json") as scan:
        try:
            eventually(lambda: row(data_dir, "slow").get("state") == "running")
            figures = viewra("plugins", "stats", "slow", "--json").data[0]
            assert figures["pid"] == row(data_dir, "slow")["pid"]
            table = viewra("plugins", "stats").out
            assert re.search(rf"^slow +running +{figures['pid']} ", table, re.MULTILINE)
            screen = Screen(data_dir, "plugins", "stats", "-w")
            screen.wait_for(rf"slow +running +{figures['pid']}")
            go.touch()
            out, _ = scan.communicate(timeout=60)
            assert json.loads(out)["status"] == "completed"
            screen.wait_for("the host has ended")
            assert screen.close() == 0
        finally:
            go.touch()


def test_a_live_table_ends_with_ctrl_c(host: RunningHost, data_dir: Path) -> None:
    screen = Screen(data_dir, "plugins", "stats", "--watch")
    screen.wait_for(r"finder +ready")
    assert host.search() == "['hello']"
    screen.wait_for(r"finder +running.*Ctrl-C")
    screen.interrupt()
    assert screen.close() == 0
