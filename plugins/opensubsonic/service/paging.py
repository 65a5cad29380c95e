"""Reads the host's listings by offset: players ask so, and the host's pages follow each other by cursors."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from viewra.types import Page

T = TypeVar("T")
Listing = Callable[[str | None, int], Page[T]]
"""A listing of the host's: a page behind a cursor, with at most so many rows."""

MOST = 1000
"""Rows in one page of the host."""
KEPT, KEPT_S = 200, 600.0
"""Listings whose cursors are kept, and for how many seconds."""


class Pager:
    """Remembers where the pages of listings began, so that a player which reads on costs one page. For any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, tuple[float, dict[int, str]]] = OrderedDict()

    def rows(self, key: object, listing: Listing[T], offset: int, count: int) -> list[T]:
        """Rows of the listing that ``key`` names, from ``offset`` on."""
        cursors = self._cursors(key)
        with self._lock:
            at = max((known for known in cursors if known <= offset), default=0)
            cursor = cursors.get(at)
        found: list[T] = []
        while len(found) < count:
            page = listing(cursor, min(MOST, offset - at if at < offset else count - len(found)))
            if at >= offset:
                found += page.items
            at += len(page.items)
            if page.next is None:
                break
            cursor = page.next
            with self._lock:
                cursors[at] = cursor
        return found

    def _cursors(self, key: object) -> dict[int, str]:
        with self._lock:
            now = self._clock()
            made, cursors = self._kept.get(key, (now, {}))
            if now - made > KEPT_S:
                made, cursors = now, {}
            self._kept[key] = (made, cursors)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return cursors
