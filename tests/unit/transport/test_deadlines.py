"""Deadlines of calls that nothing else ends: each fires in time, none fires after an answer, no idle thread."""

from __future__ import annotations

import threading
import time

from tests.eventually import eventually
from viewra.transport.deadlines import Deadlines


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "deadlines"]


def test_those_who_are_late_are_called_in_the_order_of_their_deadlines() -> None:
    deadlines, called = Deadlines(), []
    now = time.monotonic()
    for name, after in (("third", 0.15), ("first", 0.05), ("second", 0.1)):
        deadlines.watch(now + after, lambda name=name: called.append((name, time.monotonic() - now)))  # type: ignore[misc]
    eventually(lambda: len(called) == 3)
    assert [name for name, _ in called] == ["first", "second", "third"]
    assert all(at >= after for (_, at), after in zip(called, (0.05, 0.1, 0.15), strict=True))


def test_one_that_is_done_in_time_is_not_called_and_the_thread_ends_at_once() -> None:
    eventually(lambda: not own_threads())  # those of earlier tests
    deadlines, called = Deadlines(), []
    number = deadlines.watch(time.monotonic() + 3600, lambda: called.append(1))
    (thread,) = own_threads()
    deadlines.done(number)
    thread.join(60)
    assert not thread.is_alive()
    assert called == []


def test_quick_calls_beside_one_that_lasts_take_no_room_until_their_deadlines() -> None:
    deadlines, late = Deadlines(), threading.Event()
    long = deadlines.watch(time.monotonic() + 3600, lambda: None)
    for _ in range(2000):
        deadlines.done(deadlines.watch(time.monotonic() + 1800, lambda: None))
    assert len(deadlines._due) < 100
    deadlines.watch(time.monotonic() + 0.02, late.set)
    assert late.wait(60)
    deadlines.done(long)
    eventually(lambda: not own_threads())


def test_a_shorter_deadline_that_comes_later_is_kept() -> None:
    deadlines, late = Deadlines(), threading.Event()
    long = deadlines.watch(time.monotonic() + 3600, lambda: None)
    threading.Event().wait(0.05)  # its thread waits for that one now
    deadlines.watch(time.monotonic() + 0.02, late.set)
    assert late.wait(60)
    deadlines.done(long)
    eventually(lambda: not own_threads())


def test_done_after_the_deadline_and_twice_is_fine_and_it_goes_on_after_that() -> None:
    deadlines = Deadlines()
    for _ in range(3):
        late = threading.Event()
        number = deadlines.watch(time.monotonic(), late.set)
        assert late.wait(60)
        deadlines.done(number)
        deadlines.done(number)
    eventually(lambda: not own_threads())


def test_a_thousand_short_calls_from_many_threads_leave_nothing_behind() -> None:
    deadlines, called = Deadlines(), []

    def calls() -> None:
        for _ in range(125):
            deadlines.done(deadlines.watch(time.monotonic() + 30, lambda: called.append(1)))

    threads = [threading.Thread(target=calls) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    eventually(lambda: not own_threads())
    assert called == []
