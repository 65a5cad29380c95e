"""A timer: set again, cancelled, closed."""

from __future__ import annotations

import threading
import time

from tests.eventually import eventually
from viewra.host.sync.timer import Still, Timer


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "test-alarm"]


def test_it_rings_once_after_the_pause() -> None:
    rung: list[float] = []
    alarm = Timer("test-alarm", lambda still: rung.append(time.monotonic()) if still() else None)
    began = time.monotonic()
    alarm.set(0.05)
    eventually(lambda: not threads())
    assert len(rung) == 1
    assert rung[0] - began >= 0.05
    assert not alarm.off()


def test_one_that_is_off_or_closed_does_not_ring_and_leaves_no_thread() -> None:
    rung: list[int] = []
    alarm = Timer("test-alarm", lambda _still: rung.append(1))
    alarm.set(3600)
    assert alarm.off()
    assert not alarm.off()
    eventually(lambda: not threads())
    alarm.set(3600)
    alarm.close()
    alarm.set(0)
    eventually(lambda: not threads())
    assert rung == []


def test_setting_it_anew_counts_from_there() -> None:
    rung = threading.Event()
    alarm = Timer("test-alarm", lambda _still: rung.set())
    alarm.set(3600)
    alarm.set(0.01)
    assert rung.wait(60)
    eventually(lambda: not threads())


def test_work_that_has_begun_is_told_that_it_is_no_longer_meant_and_waited_for() -> None:
    begun, go, meant = threading.Event(), threading.Event(), []

    def work(still: Still) -> None:
        begun.set()
        assert go.wait(60)
        meant.append(still())

    alarm = Timer("test-alarm", work)
    alarm.set(0)
    assert begun.wait(60)
    alarm.off()
    closer = threading.Thread(target=alarm.close)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    go.set()
    closer.join(60)
    assert meant == [False]
    assert threads() == []


def test_work_may_set_it_again_and_close_it() -> None:
    rung: list[bool] = []

    def work(still: Still) -> None:
        rung.append(still())
        if len(rung) < 3:
            alarm.set(0.001)
        else:
            alarm.close()

    alarm = Timer("test-alarm", work)
    alarm.set(0)
    eventually(lambda: len(rung) == 3 and not threads())
    assert rung == [True, True, True]
    assert not alarm.off()
