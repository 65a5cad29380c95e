"""Child processes whose figures are measured, and what tests know of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import psutil

from viewra.host.running.resources import Sampler
from viewra.host.running.status import ResourceSample

DEADLINE_S = 60


Start = Callable[[str], subprocess.Popen[str]]


SPIN = """
def spin(seconds):
    import time
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


def descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def hear(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    line = child.stdout.readline().strip()
    assert line, "it ended"
    return line


def tell(child: subprocess.Popen[str]) -> str:
    """Let it go on, and wait until it has done so."""
    assert child.stdin is not None
    child.stdin.write("\n")
    return hear(child)


def there(sampler: Sampler) -> ResourceSample:
    sample = sampler.sample()
    assert sample is not None
    return sample


def cpu_s(before: ResourceSample, after: ResourceSample) -> float:
    """Processor time in seconds between two samples."""
    return after.cpu_percent / 100 * (after.at - before.at)


IDLE = "print('ready'); input()"


FAMILY = """
import os, signal, sys

def member(*inner):
    # A child process that goes on with the others' bodies; it says when all of them are there.
    said, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        for body in inner[:1]:
            body(*inner[1:])
        block = bytearray(b'x') * 30_000_000
        os.write(says, b'!')
        signal.pause()
    os.read(said, 1)
    return pid

def child():
    def end(*_):
        os.kill(grandchild, signal.SIGKILL)
        os.waitpid(grandchild, 0)
        os.kill(os.getppid(), signal.SIGUSR2)
    signal.signal(signal.SIGUSR1, end)
    grandchild = member()

signal.signal(signal.SIGUSR2, lambda *_: print('done', flush=True))
pid = member(child)
print('ready', flush=True); input()
os.kill(pid, signal.SIGUSR1)
input()
"""
