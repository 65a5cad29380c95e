"""Orphans, guardians and hosts that tests of the guardian kill."""

from __future__ import annotations

import subprocess
import sys

import psutil

from tests.eventually import eventually
from tests.unit.process.conftest import Lines
from viewra.process import Child

ORPHAN = """
import os, signal
seen, say = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(2, b"orphan %d\\n" % os.getpid())
        os.write(say, b"!")
        while True: signal.pause()
    os._exit(0)
os.wait()
os.read(seen, 1)
"""
"""Leaves a process in a session of its own, whose parent has ended: nothing of the plugin's is known to have it."""


def wait_reaped(pid: int) -> None:
    """Wait until a process has ended and was reaped."""
    eventually(lambda: not psutil.pid_exists(pid), f"{pid} is still there")


def orphan_of(lines: Lines) -> int:
    lines.wait_line("orphan")
    return next(int(text.split()[1]) for _, text in lines.heard if text.startswith("orphan"))


def guardian_of(child: Child) -> psutil.Process:
    found = psutil.Process(child.pid).parent()
    assert found is not None
    assert found.name() == "viewra-guardian"
    return found


HOST = """
import os, sys
from viewra.process import LaunchPlan, Spawner
def on_line(stream, text):
    os.write(1, text.encode() + b"\\n")
child = Spawner().launch(LaunchPlan((sys.executable, "-c", {code!r}), {{}}, tied={tied}), on_line=on_line)
child.handshake_line(30)
on_line("", f"plugin {{child.pid}}")
sys.stdin.read()
"""


def kill_a_host(code: str, *, tied: bool) -> tuple[int, int]:
    """Kill a host that runs such a process; gives the pids of the process and of its orphan."""
    argv = [sys.executable, "-c", HOST.format(code=code, tied=tied)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        said = dict(host.stdout.readline().split() for _ in range(2))
        host.kill()
    return int(said["plugin"]), int(said["orphan"])
