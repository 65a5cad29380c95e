"""What operators do to the plugins of a host that runs: a real host process, and the command beside it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import MUSIC, Viewra, start
from tests.eventually import eventually
from tests.forking import DEVNULL, PIPE, server
from viewra.cli._control import ask

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

FINDER = """
    from viewra.sdk import Health, Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    class Finder(Plugin):
        def health(self): return Health(self.settings.word != "sick", "the site is not reachable")
        def search(self, query, limit, offset):
            return SearchResponse([SearchResult("1", self.settings.word, score=1)], 1)
        def get_search_capabilities(self): return SearchCapabilities(["q"])
    serve(Finder())
"""
BROKEN = """
    import sys
    print("what it said \\x1b[31mbefore", file=sys.stderr)
    sys.exit("cannot go on")
"""
HOST = """
import sys
from viewra import Host
with Host(plugin_dirs=[sys.argv[1]], data_dir=sys.argv[2], watch=False) as host:  # only the command reloads
    for plugin_id in sys.argv[3:]:
        host.plugins[plugin_id].enable()
    print("open", flush=True)
    for line in sys.stdin:
        results = host.hook.search(query={"q": "x"}, limit=1, offset=0)
        print([result.value.results[0].title for result in results if result.value], flush=True)
"""
SCRAPER = """
    import os, time
    from viewra.sdk import Plugin, serve
    class Slow(Plugin):
        def can_handle(self, file_path, mime_type): return True
        def get_supported_types(self): return ["audio/*"]
        def extract_metadata(self, file_path):
            while not os.path.exists({go!r}): time.sleep(0.01)
            return {{"title": "t"}}
    serve(Slow())
"""


class RunningHost:
    """A small program with a host, until its standard input ends."""

    def __init__(self, plugins: Path, data_dir: Path, *enabled: str) -> None:
        argv = ["-c", str(plugins), str(data_dir), *enabled]
        self.process = server().start(argv, code=HOST, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        assert self._line() == "open"

    def search(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._line()

    def close(self) -> int:
        with self.process:
            self.process.send_signal(signal.SIGCONT)
        return self.process.wait(30)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def plugins(make_plugin: Callable[..., Path], tmp_path: Path) -> Path:
    word = 'settings: word: string | *"hello"'
    make_plugin("finder", FINDER, capabilities=("search_service",), extra=word)
    make_plugin("other", FINDER, capabilities=("search_service",), extra=word)
    make_plugin("broken", BROKEN, capabilities=("search_service",))
    return tmp_path / "plugins"


@pytest.fixture
def host(plugins: Path, data_dir: Path) -> Iterator[RunningHost]:
    running = RunningHost(plugins, data_dir, "finder")
    yield running
    assert running.close() == 0
    assert not (data_dir / "control").exists()


def row(data_dir: Path, plugin_id: str) -> dict[str, Any]:
    """What the running host says of a plugin; nothing where none runs."""
    rows: list[dict[str, Any]] = ask(data_dir, "list") or []
    return next((one for one in rows if one["id"] == plugin_id), {})


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid)


def test_load_restart_unload(host: RunningHost, viewra: Viewra, data_dir: Path) -> None:
    assert row(data_dir, "finder")["state"] == "ready", "looking at it does not start it"
    first = viewra("plugins", "load", "finder")
    assert re.fullmatch(
        r"finder was started: running, process \d+, version 1\.0\.0, search_service, in \d+\.\d\d s\n", first.out
    )
    pid = row(data_dir, "finder")["pid"]
    assert f"process {pid}," in first.out
    assert alive(pid)
    assert viewra("plugins", "load", "finder").out == f"finder runs already: process {pid}\n"

    again = viewra("plugins", "restart", "finder", "--json").data
    assert (again["plugin"]["state"], again["stays"]) == ("running", True)
    assert f"finder was restarted: running, process {again['plugin']['pid']} (was {pid})" in again["said"]
    assert not alive(pid)
    assert viewra("plugins", "info", "finder", "--json").data["pid"] == again["plugin"]["pid"]

    done = viewra("plugins", "unload", "finder")
    assert f"finder was stopped: process {again['plugin']['pid']} has ended" in done.out
    assert not alive(again["plugin"]["pid"])
    assert row(data_dir, "finder")["state"] == "stopped"
    assert host.search() == "[]"
    assert "finder was started: running" in viewra("plugins", "restart", "finder").out
    assert host.search() == "['hello']"


def test_enable_and_disable_reach_the_running_host(
    host: RunningHost, viewra: Viewra, data_dir: Path, plugins: Path
) -> None:
    assert host.search() == "['hello']"
    assert viewra("plugins", "enable", "other").out.startswith("other is enabled (")
    assert host.search() == "['hello', 'hello']"
    pid = row(data_dir, "finder")["pid"]
    assert f"process {pid} has ended" in viewra("plugins", "disable", "finder").out
    assert not alive(pid)
    assert host.search() == "['hello']"
    refused = viewra("plugins", "load", "finder")
    assert refused.status == 1
    assert "viewra plugins enable finder" in refused.err
    assert "enabled already" in viewra("plugins", "enable", "other").out
    host.close()
    rows = viewra("--plugins", plugins, "plugins", "list", "--json").data
    assert {one["id"]: one["state"] for one in rows}["other"] == "ready", "it is remembered"


def test_reload_says_which_version_runs(host: RunningHost, viewra: Viewra, data_dir: Path, plugins: Path) -> None:
    assert host.search() == "['hello']"
    old = row(data_dir, "finder")["pid"]
    code = plugins / "finder" / "main.py"
    code.write_text(code.read_text().replace("self.settings.word, score", '"new", score'))
    done = viewra("plugins", "reload", "finder")
    assert done.status == 0, done.err
    assert done.out.startswith("finder reloaded, with the changed code of version 1.0.0, running, process ")
    assert f"(was {old})" in done.out
    assert host.search() == "['new']"


def test_a_plugin_that_fails_says_why_with_its_last_output(host: RunningHost, viewra: Viewra, data_dir: Path) -> None:
    viewra("plugins", "enable", "broken")
    for command in ("load", "restart"):
        failed = viewra("plugins", command, "broken")
        assert failed.status == 1
        assert failed.out == ""
        assert failed.err.startswith("viewra: plugin broken: ")
        assert r"what it said \x1b[31mbefore" in failed.err, "and the terminal takes nothing of it for a command"
        assert "cannot go on" in failed.err
    assert row(data_dir, "broken")["state"] in {"crashed", "backoff", "quarantined"}
    out = viewra("plugins", "list").out
    assert "\nbroken is " in out
    health = viewra("plugins", "health")
    assert health.status == 1, "it does not run although it should"


def test_an_unknown_plugin(host: RunningHost, viewra: Viewra) -> None:
    for command in ("restart", "enable", "info"):
        failed = viewra("plugins", command, "fnider")
        assert (failed.status, failed.err) == (2, "viewra: there is no plugin 'fnider'\n  did you mean finder?\n")


def test_health_asks_those_that_run_and_wakes_none(host: RunningHost, viewra: Viewra) -> None:
    assert host.search() == "['hello']"
    fine = viewra("plugins", "health")
    assert fine.status == 0
    rows = {one["id"]: one for one in viewra("plugins", "health", "--json").data}
    assert (rows["finder"]["transport"], rows["finder"]["own"], rows["finder"]["condition"]) == (True, True, "healthy")
    assert (rows["audio_tags"]["transport"], rows["audio_tags"]["state"]) == (None, "ready")
    changed = viewra("plugins", "settings", "finder", "word=sick")
    assert changed.status == 0
    assert "viewra plugins reload finder" in changed.err
    assert host.search() == "['hello']", "a changed setting waits for the next start"
    viewra("plugins", "reload", "finder")
    assert host.search() == "['sick']"
    sick = viewra("plugins", "health", "finder")
    assert sick.status == 1
    assert "finder is degraded: the site is not reachable" in sick.out
    assert re.search(r"finder +running +answers +not well", sick.out)


def test_unquarantine(host: RunningHost, viewra: Viewra) -> None:
    assert viewra("plugins", "unquarantine", "finder").out.startswith("finder was not in quarantine")


def test_uninstall(host: RunningHost, viewra: Viewra, data_dir: Path, plugins: Path) -> None:
    host.close()
    installed = data_dir / "plugin-packages" / "finder"
    shutil.move(plugins / "finder", installed)
    again = RunningHost(plugins, data_dir, "finder")
    try:
        assert again.search() == "['hello']"
        pid = row(data_dir, "finder")["pid"]
        done = viewra("plugins", "uninstall", "finder", "--purge-data")
        assert done.out == f"finder was removed from {installed}; its data was removed\n"
        assert not alive(pid)
        assert not installed.exists()
        assert again.search() == "[]"
        assert viewra("plugins", "info", "finder").status == 2
    finally:
        again.close()


def test_settings_are_refused_with_the_manifests_line(host: RunningHost, viewra: Viewra) -> None:
    refused = viewra("plugins", "settings", "finder", "word=1", "wrod=2")
    assert refused.status == 1
    assert re.search(r"plugin\.cue:\d+:\d+: settings\.wrod", refused.err)
    assert viewra("plugins", "settings", "finder", "--json").data[0]["source"] == "manifest"


def test_plugins_that_only_the_command_knows(
    host: RunningHost, viewra: Viewra, make_plugin: Callable[..., Path], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    make_plugin("lonely", FINDER, capabilities=("search_service",), parent=elsewhere)
    rows = viewra("--plugins", elsewhere, "plugins", "list", "--json").data
    assert {"finder", "lonely"} <= {one["id"] for one in rows}
    assert len({(one["id"], one["path"]) for one in rows}) == len(rows)
    assert viewra("--plugins", elsewhere, "plugins", "info", "lonely", "--json").data["state"] == "disabled"
    assert viewra("--plugins", elsewhere, "plugins", "enable", "lonely").status == 0
    assert viewra("--plugins", elsewhere, "plugins", "info", "lonely", "--json").data["state"] == "ready"


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


class Screen:
    """The command on a terminal of its own, 160 columns wide."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("4H", 40, 160, 0, 0))
        terminal = {"TERM": "xterm", "COLUMNS": "160"}
        self._process = start(data_dir, *arguments, env=terminal, stdin=inner, stdout=inner, stderr=inner)
        os.close(inner)
        self._text = ""

    def wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + 30
        while not re.search(pattern, self._text, re.DOTALL):
            assert time.monotonic() < deadline, self._text
            if not self._read(0.1):
                assert re.search(pattern, self._text, re.DOTALL), self._text

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def close(self) -> int:
        while self._read(30):
            pass
        os.close(self._terminal)
        return self._process.wait(30)

    def _read(self, seconds: float) -> bool:
        """Whether there may be more."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self._text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode())
        return bool(data)
