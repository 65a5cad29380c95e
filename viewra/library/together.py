"""``Together``: what several listeners get at the same time is read from the database, and encoded, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from viewra.library import events
from viewra.library.events import StoredEvent
from viewra.library.told import Told
from viewra.types import LibraryEvent, ScanEvent, ScanEvents

KEPT, KEPT_S = 4, 2.0
"""Batches that are kept for other listeners, and for how many seconds: a file may change meanwhile."""


class Some(NamedTuple):
    """The first notifications of a page that are of one kind.

    ``length`` is how many of the page they are, with those of files that are not there now. ``numbers`` are the places
    of the ``events`` in it; without any event there is nothing to deliver among these.
    """

    length: int
    numbers: Sequence[int]
    events: Sequence[ScanEvent | LibraryEvent]


class Together:
    """The batches of all listeners of one notifier. Thread-safe.

    Scans keep in ``told`` what they have just written.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.told = Told()
        self._engine = engine
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, int], tuple[float, Some]] = {}

    def some(self, page: Sequence[StoredEvent]) -> Some:
        """The first notifications of a page. Raises ``DatabaseError``."""
        key = (page[0].id, page[-1].id)
        now = time.monotonic()
        with self._lock:
            made_at, some = self._kept.get(key, (-KEPT_S, None))
            if some is not None and now - made_at < KEPT_S:
                return some
        some = self._read(page)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (now, some)
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return some

    def _read(self, page: Sequence[StoredEvent]) -> Some:
        found = events.events_of(self._engine, page, self.told)
        kind = next((type(event) for event in found if event is not None), None)
        if kind is None:
            return Some(len(found), (), ())
        count = next((n for n, event in enumerate(found) if event is not None and type(event) is not kind), len(found))
        there = [(n, event) for n, event in enumerate(found[:count]) if event is not None]
        numbers = [n for n, _ in there]
        scans = [event for _, event in there if isinstance(event, ScanEvent)]
        return Some(count, numbers, ScanEvents(scans) if scans else [event for _, event in there])
