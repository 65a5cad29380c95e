"""Scans that leave the machine to others."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from viewra.host.nice import NICENESS, Pace, be_nice, is_busy


@pytest.mark.parametrize(("cpu", "io", "busy"), [("0.00", "3.10", False), ("80.5", "0.00", True), ("1.0", "60", True)])
def test_pressure_says_whether_others_wait(tmp_path: Path, cpu: str, io: str, busy: bool) -> None:
    for name, value in (("cpu", cpu), ("io", io)):
        (tmp_path / name).write_text(f"some avg10={value} avg60=0.00 avg300=0.00 total=1\n", "ascii")
    assert is_busy(tmp_path) is busy


def test_a_kernel_without_pressure_tells_the_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1000.0, 0.0, 0.0))
    assert is_busy(tmp_path)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert not is_busy(tmp_path)


def test_a_busy_machine_slows_a_scan_down_until_it_is_cancelled() -> None:
    waited: list[float] = []

    class Cancel(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0.0)
            return False

    steps: list[int] = []
    now, busy = [0.0], [True]
    step = Pace(Cancel(), lambda: busy[0], lambda: now[0]).before(steps.append)
    step(1)
    busy[0] = False
    step(2)  # it looks once a second only
    assert waited == [1.0, 1.0]
    now[0] = 1.0
    step(3)
    assert waited == [1.0, 1.0]
    assert steps == [1, 2, 3]


def test_only_the_thread_that_asks_gets_a_low_priority() -> None:
    found: list[int] = []

    def work() -> None:
        be_nice()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [max(NICENESS, before)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
