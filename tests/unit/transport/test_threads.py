"""The threads that answer a server's calls: a fixed number, for any number of calls and any outcome."""

from __future__ import annotations

import threading

import pytest

from tests.eventually import eventually
from viewra.transport.threads import Workers


def test_so_many_at_once_and_no_more() -> None:
    workers = Workers(3, "call")
    inside = threading.Semaphore(0)
    go_on = threading.Event()
    names: list[str] = []

    def task(name: str) -> None:
        names.append(name)
        inside.release()
        go_on.wait(60)

    try:
        for index in range(5):
            workers.submit(task, f"task {index}")
        for _ in range(3):
            assert inside.acquire(timeout=60)
        assert not inside.acquire(timeout=0.1)
        assert sorted(names) == ["task 0", "task 1", "task 2"]
        go_on.set()
        for _ in range(2):
            assert inside.acquire(timeout=60)
    finally:
        go_on.set()
        workers.shutdown()


def test_tasks_that_follow_each_other_share_a_thread_and_others_get_their_own() -> None:
    workers = Workers(3, "call")
    threads: set[threading.Thread] = set()
    meeting = threading.Barrier(3)

    def meet() -> None:
        meeting.wait(60)
        threads.add(threading.current_thread())

    try:
        for _ in range(5):
            workers.submit(lambda: threads.add(threading.current_thread()))
            eventually(lambda: workers.idle == 1)
        assert len(threads) == 1
        for _ in range(3):
            workers.submit(meet)
        eventually(lambda: len(threads) == 3)
    finally:
        workers.shutdown()


def test_what_a_task_raises_costs_no_thread(capsys: pytest.CaptureFixture[str]) -> None:
    workers = Workers(1, "call")
    done = threading.Event()

    def leave() -> None:
        raise SystemExit("gone")

    workers.submit(leave)
    workers.submit(done.set)
    assert done.wait(60)
    workers.shutdown()
    assert "SystemExit: gone" in capsys.readouterr().err


def test_threads_end_when_their_tasks_are_done() -> None:
    workers = Workers(2, "call")
    threads: list[threading.Thread] = []
    done = threading.Semaphore(0)

    def task() -> None:
        threads.append(threading.current_thread())
        done.release()

    for _ in range(4):
        workers.submit(task)
    workers.shutdown()
    for _ in range(4):
        assert done.acquire(timeout=60)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
        assert thread.daemon
