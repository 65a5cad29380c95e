"""Ends the processes of a plugin whose guardian was killed, found by a mark in their environment.

This is the last resort, and finds only processes that kept the variable; normally the guardian, their parent, ends
them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from pathlib import Path

MARK = "VIEWRA_PROCESS"
"""The environment variable of the mark; each start has its own."""

_ROUNDS = 100  # several, since a process may fork before it is killed


def new_mark() -> str:
    """A mark for one start; all marks of a process are equally long."""
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def end_marked(mark: str) -> None:
    """Kill every process whose environment has this mark."""
    wanted = os.fsencode(f"{MARK}={mark}")
    for _ in range(_ROUNDS):
        if sum(_end(int(path.name), wanted) for path in Path("/proc").glob("[0-9]*")) == 0:
            return


def _end(pid: int, wanted: bytes) -> bool:
    """Kill one process with the mark; whether it was alive."""
    try:
        pidfd = os.pidfd_open(pid)  # opened before the look: from here on the pid cannot be reused
    except OSError:
        return False
    try:
        if wanted not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):  # empty once the process has ended
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        return True
    except OSError:  # the process has ended, or belongs to another user
        return False
    finally:
        os.close(pidfd)
