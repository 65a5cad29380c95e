"""``Told``: what a scan has just written of files, so that listeners who hear of them at once need not load it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from viewra.library.merge import Priorities
from viewra.library.outcomes import Answer

MOST = 2000
"""How many files are kept, the newest."""

KEPT_S = 2.0
"""For how many seconds: what counts may change meanwhile, by an operator's order."""


class Written(NamedTuple):
    """One file as the transaction left it that wrote its notification."""

    path: bytes
    answers: Sequence[Answer]
    orders: Priorities


class Told:
    """The files of the scans of one host. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[int, float, Written]] = {}  # by file, the oldest first

    def keep(self, newest_event: int, files: Mapping[int, Written]) -> None:
        """Keep files by their ids; ``newest_event`` is the last notification that their transaction has written."""
        now = time.monotonic()
        with self._lock:
            for file_id, written in files.items():
                self._kept.pop(file_id, None)
                self._kept[file_id] = (newest_event, now, written)
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def of(self, wanted: Iterable[tuple[int, int]]) -> dict[int, Written]:
        """Return those of the wanted files that are kept, by id; each is given with the notification that it is for.

        A later notification says that something has changed since.
        """
        oldest = time.monotonic() - KEPT_S
        with self._lock:
            found = ((file_id, event_id, self._kept.get(file_id)) for file_id, event_id in wanted)
            return {
                file_id: kept[2]
                for file_id, event_id, kept in found
                if kept and event_id <= kept[0] and kept[1] > oldest
            }

    def clear(self) -> None:
        """Keep nothing any more: who lags behind loads what counts by then."""
        with self._lock:
            self._kept.clear()
