"""Threads for the host's code: as many as there may be, none for longer than its deadline, and none that holds on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from tests.eventually import eventually
from viewra.web.work import Busy, Workers

LIMIT_S = 20


def run(body: Callable[[Workers], Awaitable[None]], most: int = 2) -> None:
    async def on_loop() -> None:
        workers = Workers(most)
        try:
            async with asyncio.timeout(LIMIT_S):
                await body(workers)
        finally:
            workers.close()

    asyncio.run(on_loop())
    eventually(lambda: not any(thread.name == "web" for thread in threading.enumerate()), "threads are left")


def test_results_and_errors_come_back() -> None:
    async def body(workers: Workers) -> None:
        assert await asyncio.gather(*(workers.run(LIMIT_S, pow, 2, number) for number in range(20))) == [
            2**number for number in range(20)
        ]
        for error, text in ((KeyError("x"), "x"), (TimeoutError("its own"), "its own"), (StopIteration(), "Stop")):

            def fail(raised: Exception = error) -> None:
                raise raised

            with pytest.raises(Exception, match=text):
                await workers.run(LIMIT_S, fail)

    run(body)


def test_one_that_hangs_is_left_and_keeps_its_place() -> None:
    release = threading.Event()

    async def body(workers: Workers) -> None:
        with pytest.raises(Busy, match=r"wait did not answer within 0\.05 s"):
            await workers.run(0.05, release.wait, LIMIT_S)
        assert await workers.run(LIMIT_S, int) == 0
        with pytest.raises(Busy):
            await workers.run(0.05, release.wait, LIMIT_S)
        with pytest.raises(Busy, match="int did not answer"):  # both threads hang: no third one is made
            await workers.run(0.05, int)
        eventually(lambda: sum(thread.name == "web" for thread in threading.enumerate()) == 2)
        release.set()
        assert await workers.run(LIMIT_S, int) == 0

    run(body)


def test_a_caller_that_leaves_costs_no_place() -> None:
    async def body(workers: Workers) -> None:
        for _ in range(10):
            task = asyncio.create_task(workers.run(LIMIT_S, threading.Event().wait, 0.01))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await workers.run(LIMIT_S, int) == 0

    run(body, most=1)


def test_threads_do_not_keep_the_process_from_ending() -> None:
    async def body(workers: Workers) -> None:
        assert await workers.run(LIMIT_S, lambda: threading.current_thread().daemon)

    run(body)
