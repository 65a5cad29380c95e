"""Scans that leave the machine to others: a low priority, and a slower pace while it is busy.

Pressure is what proc(5) calls so: for how much of the last ten seconds some task waited for a processor or a disk.
Kernels without it tell the load alone.
"""

from __future__ import annotations

import os
import platform
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

NICENESS = 10
PRESSURE = Path("/proc/pressure")
BUSY_PERCENT = 25.0
"""The pressure above which the machine counts as busy."""
LOOK_S = 1.0
"""Seconds between two looks at how busy it is, and of each pause while it is."""

T = TypeVar("T")

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
"""The number of the system call ioprio_set(2), for which no library has a function."""
_WHO_PROCESS, _BEST_EFFORT, _LOWEST = 1, 2, 7
_SOME = re.compile(r"^some avg10=([0-9.]+)", re.MULTILINE)


def be_nice() -> None:
    """Give this thread, and the threads and processes that it starts, a low priority for processors and disks.

    Only a privileged process can take that back. Where the system does not allow it, nothing changes.
    """
    thread = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
    except OSError:  # forbidden, as by a container: the pace still gives way
        return
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        import ctypes  # light start

        ctypes.CDLL(None).syscall(number, _WHO_PROCESS, thread, _BEST_EFFORT << 13 | _LOWEST)


def is_busy(pressure: Path = PRESSURE) -> bool:
    """Whether other work waits for this machine."""
    try:
        told = [_SOME.search((pressure / name).read_text("ascii")) for name in ("cpu", "io")]
    except OSError:
        return os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)
    return any(one is not None and float(one[1]) > BUSY_PERCENT for one in told)


class Pace:
    """The pace of one scan: while the machine is busy, each step waits a second. ``cancel`` ends that at once."""

    def __init__(
        self,
        cancel: threading.Event,
        busy: Callable[[], bool] = is_busy,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cancel = cancel
        self._busy = busy
        self._now = now
        self._looked = float("-inf")
        self._is_busy = False

    def wait(self) -> None:
        """Wait, if the machine is busy."""
        if self._now() - self._looked >= LOOK_S:
            self._is_busy = self._busy()
            self._looked = self._now()
        if self._is_busy:
            self._cancel.wait(LOOK_S)

    def before(self, step: Callable[[T], None] | None) -> Callable[[T], None]:
        """A function that waits as ``wait``, then calls ``step``."""

        def paced(value: T) -> None:
            self.wait()
            if step is not None:
                step(value)

        return paced
