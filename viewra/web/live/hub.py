"""Gives events to listeners. Each has a bounded queue: one that does not read is cut, and nobody waits for it."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import orjson

KEPT, KEPT_BYTES = 1000, 8 * 1024 * 1024
"""The last events, for listeners that were away for a moment: their number, and the size of their data."""
WAITING = 500
"""Events that one listener may be behind."""


@attrs.frozen
class Event:
    """One event: ``kind`` is its SSE name, ``about`` what it concerns (a plugin's id, a scan's), ``data`` its JSON."""

    id: str
    kind: str
    about: str
    data: bytes

    def encoded(self) -> bytes:
        """The event as SSE sends it."""
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (self.id.encode(), self.kind.encode(), self.data)


Wanted = Callable[[Event], bool]


class Feed:
    """The events of one listener, in order, until it is cut or the hub closes."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._ended = False

    def put(self, event: Event) -> None:
        """Add an event, unless it is not wanted; a listener that is too far behind is cut instead."""
        if self._ended or not self._wanted(event):
            return
        if self._events.qsize() >= WAITING:
            self.end()
        else:
            self._events.put_nowait(event)

    def end(self) -> None:
        """Give what is waiting, then end."""
        if not self._ended:
            self._ended = True
            self._events.put_nowait(None)

    def reset(self, event: Event) -> None:
        """Add an event, wanted or not, which says that others were lost."""
        self._events.put_nowait(event)

    async def next(self, timeout_s: float) -> Event | None:
        """The next event. Raises TimeoutError after ``timeout_s`` seconds without one; None: it has ended."""
        async with asyncio.timeout(timeout_s):
            return await self._events.get()


class Hub:
    """Spreads events that any thread publishes to the feeds of one event loop, that of ``open``."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._feeds: set[Feed] = set()
        self._kept: deque[Event] = deque()
        self._kept_bytes = 0
        self._run = secrets.token_hex(4)
        self._count = 0
        self._closed = False

    def open(self) -> None:
        """Use the running loop."""
        self._loop = asyncio.get_running_loop()

    def publish(self, kind: str, data: Mapping[str, Any], *, about: str = "") -> None:
        """Give every feed an event; callable from any thread, never blocks, without effect before ``open``."""
        loop = self._loop
        if loop is None:
            return
        encoded = orjson.dumps(data, default=str)
        try:
            loop.call_soon_threadsafe(self._spread, kind, about, encoded)
        except RuntimeError:  # the loop has ended
            self._loop = None

    @contextmanager
    def subscribed(self, wanted: Wanted = lambda _: True, *, after: str | None = None) -> Iterator[Feed]:
        """A feed of the wanted events, on the loop's thread.

        ``after`` is the id of the last event that the listener has (``Last-Event-ID``): those behind it come first. If
        they are not kept any more, the first event is ``reset``: the listener has to ask for the present state.
        """
        feed = Feed(wanted)
        if after is not None:
            self._catch_up(feed, after)
        if self._closed:
            feed.end()
        self._feeds.add(feed)
        try:
            yield feed
        finally:
            self._feeds.discard(feed)

    @property
    def listeners(self) -> int:
        """How many feeds there are."""
        return len(self._feeds)

    def close(self) -> None:
        """End every feed, so that their responses end; on the loop's thread. There are no feeds from now on."""
        self._closed = True
        for feed in tuple(self._feeds):
            feed.end()

    def _spread(self, kind: str, about: str, data: bytes) -> None:
        self._count += 1
        event = Event(f"{self._run}-{self._count}", kind, about, data)
        self._kept.append(event)
        self._kept_bytes += len(data)
        while len(self._kept) > KEPT or self._kept_bytes > KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft().data)
        for feed in tuple(self._feeds):
            feed.put(event)

    def _catch_up(self, feed: Feed, after: str) -> None:
        run, _, number = after.partition("-")
        known = run == self._run and number.isascii() and number.isdecimal() and len(number) < 20
        last = int(number) if known else -1
        first = self._count - len(self._kept)
        if not first <= last <= self._count:
            feed.reset(Event(f"{self._run}-{self._count}", "reset", "", b"{}"))
            return
        for event in list(self._kept)[last - first :]:
            feed.put(event)
