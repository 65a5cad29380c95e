"""The host ends a plugin that exceeds a limit, and its state names the limit."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from viewra import hookimpl
from viewra.host import Host
from viewra.host.running import watchdog
from viewra.host.running.resources import Sampler
from viewra.process import LaunchPlan, Spawner, plugin_environment
from viewra.process.sandbox.machine import machine
from viewra.types import PluginState

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

CODE = """\
import mmap, os, signal, threading, time
from viewra import sdk

def shared_memory(own):
    held = mmap.mmap(-1, 400 << 20)
    for at in range(0, 400 << 20, 4096):
        held[at] = 1
    return held

def heap(own):
    held = bytearray(400 << 20)
    for at in range(0, 400 << 20, 4096):
        held[at] = 1
    return held

def disk(own):
    for number in range(40):
        with open(f"{own}/{number}", "wb") as file:
            file.write(bytes(1 << 20))

def temporary_files(own):
    for number in range(40):
        with open(f"{os.environ['TMPDIR']}/{number}", "wb") as file:
            file.write(bytes(1 << 20))

def processor(own):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        pass

def threads(own):
    threading.stack_size(65536)
    for _ in range(900):
        try:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        except RuntimeError:
            break
    time.sleep(30)

def forks(own):
    for _ in range(60):
        pid = os.fork()
        if pid == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            with open(f"{own}/pids", "a") as file:
                file.write(f"{os.getpid()}\\n")
            time.sleep(60)
            os._exit(0)
    time.sleep(30)

def daemon(own):
    if not os.fork():
        os.setsid()
        if not os.fork():
            with open(f"{own}/pids", "a") as file:
                file.write(f"{os.getpid()}\\n")
            time.sleep(60)
        os._exit(0)
    while not os.path.exists(f"{own}/pids") or not os.path.getsize(f"{own}/pids"):
        time.sleep(0.01)

class Greedy(sdk.Plugin):
    held = None

    def search(self, query, limit, offset):
        work = globals()[query["what"]]
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGXCPU))
        self.held = work(self.context.base_path)
        return []

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("what",))

sdk.serve(Greedy())
"""
HOST = """\
import sys
from viewra.host import Host
with Host(plugin_dirs=[sys.argv[1]], data_dir=sys.argv[2], watch=False, sandbox="auto") as host:
    plugin = host.plugins["greedy"]
    plugin.grant("process:spawn")
    plugin.enable()
    host.hook.search(query={"what": "daemon"}, limit=1, offset=0)
    print(flush=True)
    sys.stdin.read()
"""
SPAWN = 'permissions: [{resource: "process", actions: ["spawn"]}]'


@pytest.mark.parametrize(
    ("what", "limits", "said"),
    [
        ("shared_memory", "memory_mb: 200", "of memory, its limit is 200 MB"),
        ("heap", "memory_mb: 200", "of memory, its limit is 200 MB"),
        ("disk", "disk_mb: 20", "in its folders, its limit is 20 MB"),
        ("temporary_files", "disk_mb: 20", "in its folders, its limit is 20 MB"),
        ("processor", "cpu_percent: 20", "of a processor for 2 s, its limit is 20 %"),
        ("threads", "processes: 1", "threads, its limit is 272 with all its processes"),
        ("forks", "processes: 8, memory_mb: 9000", "processes, its limit is 8"),
    ],
)
def test_a_breach_ends_the_process(
    tmp_path: Path,
    make_plugin: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    limits: str,
    said: str,
) -> None:
    monkeypatch.setenv("VIEWRA_SANDBOX", "auto")
    monkeypatch.setattr(watchdog, "CPU_S", 2)
    make_plugin("greedy", CODE, capabilities=("search_service",), extra=f"{SPAWN}\nruntime: limits: {{{limits}}}")
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", watch=False) as host:
        plugin = host.plugins["greedy"]
        if what == "forks":
            plugin.grant("process:spawn")
        plugin.enable()
        plugin.load()
        states = _States()
        host.pm.register(states)
        host.hook.search(query={"what": what}, limit=1, offset=0)
        assert said in states.crash()
        assert plugin.stats.crashes >= 1  # the call was tried again
    pids = tmp_path / "data" / "plugins" / "greedy" / "pids"
    if what == "forks":
        left = [int(line) for line in pids.read_text().split()]
        assert len(left) > 8
        assert not any(map(runs, left))


def test_a_daemon_ends_with_a_host_that_is_killed(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    make_plugin("greedy", CODE, capabilities=("search_service",), extra=SPAWN)
    command = [sys.executable, "-c", HOST, str(tmp_path / "plugins"), str(tmp_path / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        host.stdout.readline()
        (pid,) = map(int, (tmp_path / "data" / "plugins" / "greedy" / "pids").read_text().split())
        assert runs(pid)
        host.kill()
    wait_until(lambda: not runs(pid))


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.01)


class _States:
    """Waits for a crash."""

    def __init__(self) -> None:
        self._reasons: queue.SimpleQueue[str] = queue.SimpleQueue()

    @hookimpl
    def plugin_state_changed(self, new: PluginState, reason: str) -> None:
        if new in {PluginState.CRASHED, PluginState.BACKOFF}:
            self._reasons.put(reason)

    def crash(self) -> str:
        """The reason of the first one."""
        return self._reasons.get(timeout=60)


def test_what_has_lost_its_parent_counts() -> None:
    spawner = Spawner()
    lines: list[str] = []
    code = "sh -c 'sleep 60 & echo $!'; echo '1|1|unix|/s|grpc'; sleep 60; :"
    try:
        plan = LaunchPlan(("/bin/sh", "-c", code), plugin_environment({}))
        child = spawner.launch(plan, on_line=lambda _, text: lines.append(text))
        child.handshake_line(30)
        sampler = Sampler(child.pid)
        wait_until(lambda: (sample := sampler.sample()) is not None and sample.processes == 3)  # the shell, two sleep
        assert psutil.Process(int(lines[0])).ppid() != child.pid
        child.kill()
    finally:
        spawner.close()
