"""Numbers that take long to count in a large library: counted in the background, and kept for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SOON_S = 0.3
"""Seconds that a page waits for a number."""
SHORTEST_S, SHARE = 5.0, 60.0
"""A number is kept for so many seconds at least, and for so many times what it took: counting is rare, however slow."""

log = logging.getLogger("viewra.web")


class Counted(Generic[T]):
    """What ``count`` gives, of one event loop; it runs once at a time."""

    def __init__(
        self,
        count: Callable[[], Awaitable[T]],
        *,
        shortest_s: float = SHORTEST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``shortest_s``: seconds that the result is kept at least."""
        self._count = count
        self._shortest_s = shortest_s
        self._clock = clock
        self._last: T | None = None
        self._counted_at = 0.0
        self._until = 0.0
        self._changes = 0
        self._task: asyncio.Task[T] | None = None

    async def soon(self) -> T | None:
        """The number if it is there, or comes at once; else the last one, None if there was none yet."""
        if self._last is not None and self._clock() < self._until:
            return self._last
        done, _ = await asyncio.wait([self._counting()], timeout=SOON_S)
        for task in done:
            if (error := task.exception()) is not None:
                log.warning("the library could not be counted: %s", error)
        return self._last

    async def get(self) -> T:
        """The number, however long that takes. Raises the errors of ``count``."""
        if self._last is not None and self._clock() < self._until:
            return self._last
        return await asyncio.shield(self._counting())

    async def recent(self) -> tuple[T, float]:
        """The number, and how many seconds ago it was counted; waits long for the first one only, as ``get``."""
        found = await self.soon()
        if found is None:
            found = await self.get()
        return found, max(0.0, self._clock() - self._counted_at)

    def forget(self) -> None:
        """Count anew at the next time: something has changed. Any thread may call it."""
        self._changes += 1
        self._until = 0.0

    def _counting(self) -> asyncio.Task[T]:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # it was looked at
        return self._task

    async def _run(self) -> T:
        began, changes = self._clock(), self._changes
        found = await self._count()
        now = self._clock()
        self._last, self._counted_at = found, began
        self._until = now + max(self._shortest_s, SHARE * (now - began))
        if changes != self._changes:  # meanwhile: it may be without that
            self._until = 0.0
        return found
