"""Runs the host's synchronous code for handlers: on a bounded number of threads, and never longer than a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

import anyio

from viewra.errors import ViewraError

P = ParamSpec("P")
T = TypeVar("T")


class Busy(ViewraError):
    """The host did not answer within a deadline: it waits for a disk, a database or a plugin, or is overloaded."""


class Workers:
    """At most ``most`` threads, for one event loop.

    A call that hangs keeps its thread, so an unresponsive disk cannot pile up threads; and no thread keeps the process
    from ending, which anyio's and ``concurrent.futures``' do.
    """

    def __init__(self, most: int) -> None:
        self._places = anyio.CapacityLimiter(most)
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0

    async def run(self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result. Raises Busy after ``timeout_s`` seconds, including those without a free thread.

        A function whose deadline has passed, or whose caller is gone, is left to end by itself.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            self._places.release_on_behalf_of(answer)
            if answer.done():  # its caller is gone
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]

        def work() -> None:
            result, error = None, None
            try:
                result = function(*args, **kwargs)
            except BaseException as raised:
                error = raised if not isinstance(raised, StopIteration) else RuntimeError("it raised StopIteration")
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, result, error)

        try:
            with anyio.move_on_after(timeout_s):
                await self._places.acquire_on_behalf_of(answer)
                self._start(work)
                return await answer
        finally:
            answer.cancel()
        name = getattr(function, "__name__", "the host")
        raise Busy(f"{name} did not answer within {timeout_s:g} s", hint="try again; viewra's log may say why")

    def close(self) -> None:
        """End the idle threads; the others end after their work."""
        for _ in range(self._threads):
            self._work.put(None)

    def _start(self, work: Callable[[], None]) -> None:
        if self._places.borrowed_tokens > self._threads:
            self._threads += 1
            threading.Thread(target=self._run, name="web", daemon=True).start()
        self._work.put(work)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            del work  # it holds the answer
