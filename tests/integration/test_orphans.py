"""No process, zombie or socket outlives its owner, whichever process is killed or stopped."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import psutil
import pytest

from tests.eventually import eventually
from tests.forking import PIPE, Forked, server
from tests.thorough import some
from viewra import Host
from viewra.errors import PluginUnavailable
from viewra.process import MARK
from viewra.types import PluginState

pytestmark = pytest.mark.process

CODE = """
    import os, subprocess, threading
    from viewra.sdk import Plugin, serve

    LEAVE = ["setsid", "sh", "-c", "sleep 600 > /dev/null 2>&1 & echo $!"]

    class Scraper(Plugin):
        over = threading.Event()

        def stop(self):
            self.over.set()

        def can_handle(self, file_path, mime_type):
            return True

        def get_supported_types(self):
            return ["audio/*"]

        def extract_metadata(self, file_path):
            orphan = subprocess.run(LEAVE, stdout=subprocess.PIPE, text=True).stdout.strip()
            self.child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if file_path.endswith(".mp3"):
                with open(".seen", "w") as file: file.write(orphan)
                self.over.wait(600)
            return {"plugin": str(os.getpid()), "guardian": str(os.getppid()), "orphan": orphan,
                    "child": str(self.child.pid)}

    serve(Scraper())
"""
"""Each call starts a child, and a process in a session of its own whose parent has ended."""
MAY = ("process:spawn", "filesystem:write")


@attrs.frozen
class Family:
    """The processes that belong to a plugin, and its socket."""

    plugin: int
    guardian: int
    orphan: int
    child: int
    socket: Path

    @classmethod
    def of(cls, metadata: dict[str, str]) -> Family:
        plugin = int(metadata["plugin"])
        (socket,) = {
            Path(str(found.laddr))
            for found in psutil.Process(plugin).net_connections("unix")
            if "/plugin" in str(found.laddr)
        }
        family = cls(plugin, int(metadata["guardian"]), int(metadata["orphan"]), int(metadata["child"]), socket)
        assert family.alive() == {"plugin", "guardian", "orphan", "child", "socket"}
        assert psutil.Process(family.orphan).ppid() == family.guardian
        return family

    def alive(self) -> set[str]:
        """What is still there, zombies included."""
        pids = {name: getattr(self, name) for name in ("plugin", "guardian", "orphan", "child")}
        found = {name for name, pid in pids.items() if psutil.pid_exists(pid)}
        return found | ({"socket"} if self.socket.exists() else set())


def marked(host: int) -> list[psutil.Process]:
    """All processes that the host with this pid ever started, or that these did."""

    def has_mark(process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK, "").startswith(f"{host}-")
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if has_mark(process)]


@pytest.fixture
def directory(make_plugin: Callable[..., Path]) -> Path:
    # Nothing is to come after what is killed.
    return make_plugin("scraper", CODE, extra="runtime: restart: max: 0", may=MAY)


@pytest.fixture
def host(directory: Path, tmp_path: Path) -> Iterator[Host]:
    before = len(marked(os.getpid()))
    # The plugin writes beside its code, which is no reason to reload it.
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False) as host:
        host.plugins["scraper"].enable(grant_requested=True)
        yield host
    assert len(marked(os.getpid())) == before


def read(host: Host, path: str = "/a.flac") -> dict[str, str]:
    scraper = host.plugins["scraper"].metadata_scraper
    assert scraper is not None
    return dict(scraper.extract_metadata(path))


@pytest.mark.parametrize("who", ["plugin", "guardian"])
def test_what_is_killed_takes_the_rest_along(host: Host, who: str) -> None:
    family = Family.of(read(host))
    os.kill(getattr(family, who), signal.SIGKILL)
    eventually(lambda: not family.alive())
    eventually(lambda: host.plugins["scraper"].state is PluginState.QUARANTINED)
    assert "SIGKILL" in host.plugins["scraper"].reason
    host.plugins["scraper"].unquarantine()
    assert Family.of(read(host)).plugin != family.plugin


def test_a_child_that_is_killed_is_the_plugins_affair(host: Host) -> None:
    family = Family.of(read(host))
    os.kill(family.child, signal.SIGKILL)
    os.kill(family.orphan, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(family.orphan))
    assert Family.of(read(host)).plugin == family.plugin
    host.plugins["scraper"].unload()
    eventually(lambda: not family.alive())


@pytest.mark.parametrize("how", ["unload", "disable", "restart"])
def test_nothing_outlives_the_plugins_run(host: Host, how: str) -> None:
    family = Family.of(read(host))
    getattr(host.plugins["scraper"], how)()
    assert family.alive() <= {"socket"}  # which is removed a moment later
    eventually(lambda: not family.alive())


def test_nothing_outlives_a_host_that_closes(directory: Path, tmp_path: Path) -> None:
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        host.plugins["scraper"].enable(grant_requested=True)
        family = Family.of(read(host))
    assert family.alive() == set()


@pytest.mark.parametrize("who", ["plugin", "guardian"])
def test_what_is_stopped_is_ended_within_the_grace_times(host: Host, who: str) -> None:
    family = Family.of(read(host))
    psutil.Process(getattr(family, who)).suspend()
    began = time.monotonic()
    host.plugins["scraper"].unload()
    assert time.monotonic() - began < 15
    assert family.alive() <= {"socket"}
    assert host.plugins["scraper"].state is PluginState.STOPPED


def test_an_end_is_noticed_while_the_guardian_is_stopped(host: Host) -> None:
    family = Family.of(read(host))
    psutil.Process(family.guardian).suspend()
    os.kill(family.plugin, signal.SIGSEGV)
    eventually(lambda: host.plugins["scraper"].state is PluginState.QUARANTINED)
    assert "SIGSEGV" in host.plugins["scraper"].reason
    eventually(lambda: not family.alive())


PROGRAM = """
    import json, sys
    from viewra import Host
    with Host(plugin_dirs=[{plugins!r}], data_dir={data!r}) as host:
        host.plugins["scraper"].enable(grant_requested=True)
        print(json.dumps(dict(host.plugins["scraper"].metadata_scraper.extract_metadata("/a.flac"))), flush=True)
        sys.stdin.read()
"""


@contextmanager
def other_host(directory: Path, data: Path) -> Iterator[tuple[Forked, Family]]:
    """A host in a process of its own, that ends with the block."""
    program = textwrap.dedent(PROGRAM).format(plugins=str(directory.parent), data=str(data))
    with server().start(["-c"], code=program, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        yield process, Family.of(json.loads(process.stdout.readline()))


@pytest.mark.parametrize("number", some([signal.SIGKILL, signal.SIGTERM, signal.SIGABRT]))
def test_nothing_outlives_a_host_that_is_killed(directory: Path, tmp_path: Path, number: int) -> None:
    with other_host(directory, tmp_path / "data") as (process, family):
        process.send_signal(number)
    eventually(lambda: family.alive() <= {"socket"})
    assert marked(process.pid) == []
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data"):
        assert not family.socket.exists(), "the next host removes what the dead one could not"
        assert not family.socket.parent.exists()


def test_a_living_hosts_sockets_are_left_alone(directory: Path, tmp_path: Path) -> None:
    with other_host(directory, tmp_path / "data") as (process, family):
        with Host(data_dir=tmp_path / "other"):
            assert family.alive() == {"plugin", "guardian", "orphan", "child", "socket"}
        process.communicate()
    assert family.alive() == set()


def test_what_is_left_to_the_next_host_keeps_its_guardian(make_plugin: Callable[..., Path], tmp_path: Path) -> None:
    directory = make_plugin("scraper", CODE, extra="runtime: detachable: true", may=MAY)
    family = None
    for end in ("detach", "unload"):
        host = Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data").open()
        host.plugins["scraper"].enable(grant_requested=True)
        metadata = read(host)
        assert family is None or int(metadata["guardian"]) == family.guardian
        family = Family.of(metadata)
        if end == "detach":
            assert host.detach() == ["scraper"]
            assert "socket" in family.alive()
        else:
            host.plugins["scraper"].unload()
            host.close()
    last = family
    assert last is not None
    eventually(lambda: not last.alive())


def test_ctrl_c_in_a_terminal(directory: Path, tmp_path: Path) -> None:
    """The terminal sends SIGINT to its foreground group: to the host alone, which ends the others in order."""
    music = tmp_path / "music"
    music.mkdir()
    (music / "a.mp3").write_bytes(b"ID3")
    cli = [sys.executable, "-m", "viewra.cli", "--data-dir", str(tmp_path / "data"), "--plugins", str(directory.parent)]
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        host.plugins["scraper"].enable(grant_requested=True)
    ours, terminal = pty.openpty()
    try:
        with subprocess.Popen(
            ["setsid", "--ctty", *cli, "scan", str(music)], stdin=terminal, stdout=terminal, stderr=terminal
        ) as process:
            os.close(terminal)
            eventually((directory / ".seen").exists)
            plugins = marked(process.pid)
            assert len(plugins) >= 4, "guardian, plugin, orphan and child"
            os.write(ours, b"\x03")
            shown = b""
            while select.select([ours], [], [], 30)[0]:
                try:
                    shown += os.read(ours, 65536)
                except OSError:  # nobody has it open any more
                    break
            assert process.wait(60) == 1
    finally:
        os.close(ours)
    assert b"cancelled" in shown
    assert b"Traceback" not in shown
    assert not any(psutil.pid_exists(plugin.pid) for plugin in plugins)
    assert marked(process.pid) == []


def test_a_call_in_flight_fails_at_once_when_its_plugin_is_killed(host: Host, directory: Path) -> None:
    """Also when a child of the plugin's still holds all that the plugin had open."""
    errors: list[PluginUnavailable] = []

    def call() -> None:
        with pytest.raises(PluginUnavailable) as caught:
            read(host, "/slow.mp3")
        errors.append(caught.value)

    thread = threading.Thread(target=call)
    thread.start()
    eventually((directory / ".seen").exists)
    pid = host.plugins["scraper"].pid
    assert pid is not None
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    thread.join(60)
    assert time.monotonic() - began < 25
    assert "SIGKILL" in str(errors[0])
