"""Reads ``/proc/<pid>/stat``."""

from __future__ import annotations

from pathlib import Path

import attrs


@attrs.frozen
class Stat:
    """The parent's process id, and when the process started, in clock ticks since boot."""

    parent: int
    started: int


def stat(pid: int) -> Stat | None:
    """The parent and start time of a process; None if it does not exist."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return Stat(int(fields[1]), int(fields[19]))


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if it does not exist."""
    found = stat(pid)
    return found.started if found is not None else None
