"""Background work of one owner: none is left when it is closed, and one that never ends is logged."""

from __future__ import annotations

import threading

import pytest

from tests.eventually import eventually
from viewra.host.sync.background import Background, side_by_side
from viewra.host.sync.clock import SYSTEM


def test_closing_waits_for_what_has_begun_and_cancels_what_has_not() -> None:
    background, go = Background(), threading.Event()
    done: list[bool | str] = []
    background.start("test-now", lambda: done.append(go.wait(60)))
    background.start("test-later", lambda: done.append("later"), 3600.0)
    closer = threading.Thread(target=background.close)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    go.set()
    closer.join(60)
    assert done == [True]
    assert background.start("test-never", lambda: None) is None
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("test-")])


def test_one_without_a_pause_is_done_although_it_is_closed_at_once() -> None:
    for _ in range(50):
        background, done = Background(), threading.Event()
        background.start("test-now", done.set)
        background.close()
        assert done.is_set()


def test_what_never_ends_is_named_and_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    background, go = Background(), threading.Event()
    background.start("test-stuck", lambda: go.wait(30))
    background.close(0.05)
    assert "the work test-stuck has not ended within 0.05 s" in caplog.text
    go.set()


def test_work_may_close_its_owner() -> None:
    background, closed = Background(), threading.Event()

    def close() -> None:
        background.close()
        closed.set()

    background.start("test-self", close)
    assert closed.wait(60)


def test_what_is_done_side_by_side_is_done_at_the_same_time_and_failures_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    together, done = threading.Barrier(3), []

    def work() -> None:
        together.wait(60)
        done.append(1)

    def fail() -> None:
        together.wait(60)
        raise RuntimeError("a bug")

    side_by_side(SYSTEM, "test-pair", [work, work, fail])
    assert done == [1, 1]
    assert "the work test-pair failed" in caplog.text
