"""Attacks on other processes, on the plugin's own limits, and on the machine's resources."""

import ctypes
import errno
import mmap
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
Tries = Iterator[tuple[str, Callable[[], object]]]


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def environment() -> None:
    if "HOST_SECRET" not in os.environ:
        raise PermissionError(errno.EPERM, "not inherited")


def trace(victim: int) -> None:
    """Seize it and let go: a tracer that ends leaves it running."""
    checked(libc.ptrace(0x4206, victim, 0, 0))


def fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def raise_limit(number: int) -> None:
    """Lower it by one, and raise it again."""
    _, hard = resource.getrlimit(number)
    lower = (hard if hard != resource.RLIM_INFINITY else 1 << 40) - 1
    try:
        resource.setrlimit(number, (lower, lower))
        resource.setrlimit(number, (lower + 1, lower + 1))
    except ValueError as error:  # Python's word for it
        raise PermissionError(errno.EPERM, str(error)) from error


def many_files(own: Path) -> None:
    there: list[int] = []
    try:
        there.extend(os.open(own, os.O_RDONLY) for _ in range(400))
    finally:
        for one in there:
            os.close(one)


def grow(path: Path, size: int) -> None:
    """A file with nothing in it takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)


def attacks(own: Path, t: Mapping[str, Any]) -> Tries:
    host, victim = t["host"], t["victim"]
    yield "inherit an environment variable", environment
    yield "signal the host", lambda: os.kill(host, 0)
    yield "signal its guardian", lambda: os.kill(os.getppid(), 0)
    yield "signal the host's group", lambda: os.killpg(t["group"], 0)
    yield "signal another process", lambda: os.kill(victim, signal.SIGCONT)
    yield "signal a thread of the host", lambda: checked(libc.syscall(t["tgkill"], host, host, 0))
    yield "trace a process", lambda: trace(victim)
    yield "limit a process", lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (64, 64))
    yield "read a process's limits", lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE)
    yield "renice a process", lambda: os.setpriority(os.PRIO_PROCESS, victim, 5)
    yield "pin a process", lambda: os.sched_setaffinity(victim, os.sched_getaffinity(victim))
    yield "get a handle on a process", lambda: os.close(os.pidfd_open(victim))
    yield "untie itself from its guardian", lambda: checked(libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0))
    yield "fork", fork
    yield "start a program", lambda: subprocess.run(["/bin/true"], check=True)
    yield "raise its limit of core dumps", lambda: raise_limit(resource.RLIMIT_CORE)
    yield "raise its limit of open files", lambda: raise_limit(resource.RLIMIT_NOFILE)
    yield "raise its limit of memory", lambda: raise_limit(resource.RLIMIT_DATA)
    yield "open many files", lambda: many_files(own)
    yield "allocate 2 GB", lambda: mmap.mmap(-1, 2 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    yield "write a file of 3 GB", lambda: grow(own / "big", 3 << 30)
