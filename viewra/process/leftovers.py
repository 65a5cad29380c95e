"""Ends what a plugin left when its guardian was killed: its processes are then found by a mark in their environment.

This is the last resort, and sees only what kept that variable; as a rule the guardian, their parent, ends them.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

MARK = "VIEWRA_PROCESS"
"""The environment variable with the mark, one for each start."""

_ROUNDS = 100  # of looking again, as what is being killed may still fork


def end_marked(mark: str) -> None:
    """Kill every process whose environment has this mark."""
    wanted = os.fsencode(f"{MARK}={mark}")
    for _ in range(_ROUNDS):
        if sum(_end(int(path.name), wanted) for path in Path("/proc").glob("[0-9]*")) == 0:
            return


def _end(pid: int, wanted: bytes) -> bool:
    """Whether this was one, alive."""
    try:
        pidfd = os.pidfd_open(pid)  # held before the look: from here on the number cannot change owners
    except OSError:
        return False
    try:
        if wanted not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):  # empty once it has ended
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        return True
    except OSError:  # it has ended, or is another user's
        return False
    finally:
        os.close(pidfd)
