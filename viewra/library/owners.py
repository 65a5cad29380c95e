"""Who runs a scan: a thread of a process, told apart from later ones to which the system gives the same ids."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


def this_thread() -> str:
    """The scanning thread, with its start time, since the system reuses ids."""
    process, thread = os.getpid(), threading.get_native_id()
    return f"{process}:{thread}:{_started(process, thread)}"


def is_here(owner: str) -> bool:
    """Whether the owner still scans. The calling thread's own job does not: this thread is here."""
    process, thread, started = (int(part) for part in owner.split(":"))
    if (process, thread) == (os.getpid(), threading.get_native_id()):
        return False
    return _started(process, thread) == started


def _started(process: int, thread: int) -> int:
    """When a thread started, in clock ticks since boot (proc(5), field 22 of stat); 0 if it does not exist."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/task/{thread}/stat").read_text(encoding="utf-8", errors="replace")
        return int(text.rpartition(")")[2].split()[19])  # the name in parentheses may contain anything
    return 0
