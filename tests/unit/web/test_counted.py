"""Numbers that take long: counted once at a time, kept in proportion to what they took, never waited for by a page."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from tests.unit.web.conftest import Clock
from viewra.web import counted
from viewra.web.counted import Counted


class Counting:
    """Counts when told to."""

    def __init__(self, clock: Clock) -> None:
        self.begun = 0
        self.started = asyncio.Event()
        self.ready = asyncio.Event()
        self.clock = clock
        self.takes_s = 1.0

    async def __call__(self) -> int:
        self.begun += 1
        self.started.set()
        await self.ready.wait()
        self.clock.now += self.takes_s
        return self.begun


@pytest.fixture
def counting(clock: Clock) -> Counting:
    return Counting(clock)


def test_a_page_does_not_wait_for_what_takes_long(
    counting: Counting, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "SOON_S", 0.001)

    async def look() -> None:
        number = Counted(counting, clock=clock)
        assert await number.soon() is None
        assert await number.soon() is None
        assert counting.begun == 1  # one count for both
        counting.ready.set()
        assert await number.get() == 1
        assert await number.soon() == 1
        clock.now += 59.0  # a minute for each second that it took
        assert await number.get() == 1
        clock.now += 2.0
        counting.ready.clear()
        assert await number.soon() == 1  # the last one, while it is counted anew
        assert counting.begun == 2
        counting.ready.set()

    anyio.run(look)


def test_what_changed_is_counted_anew(counting: Counting, clock: Clock) -> None:
    async def look() -> None:
        counting.ready.set()
        number = Counted(counting, clock=clock)
        assert await number.soon() == 1
        number.forget()
        assert await number.soon() == 2

    anyio.run(look)


def test_what_changed_while_it_was_counted_is_counted_anew(counting: Counting, clock: Clock) -> None:
    async def look() -> None:
        number = Counted(counting, clock=clock)
        first = asyncio.create_task(number.get())
        await counting.started.wait()
        number.forget()
        counting.ready.set()
        assert await first == 1
        assert await number.get() == 2

    anyio.run(look)


def test_one_who_asks_is_told_how_old_the_number_is(
    counting: Counting, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "SOON_S", 0.001)

    async def look() -> None:
        number = Counted(counting, clock=clock)
        counting.ready.set()
        assert await number.recent() == (1, 1.0)  # as of when the count began
        clock.now += 30.0
        assert await number.recent() == (1, 31.0)
        number.forget()
        counting.ready.clear()
        assert await number.recent() == (1, 31.0)  # not waited for
        counting.ready.set()

    anyio.run(look)


def test_a_count_that_fails_is_an_error_for_one_who_asked_and_none_for_a_page(clock: Clock) -> None:
    async def fail() -> int:
        raise OSError("the disk is gone")

    async def look() -> None:
        number = Counted(fail, clock=clock)
        assert await number.soon() is None
        with pytest.raises(OSError, match="gone"):
            await number.get()

    anyio.run(look)
