"""``Tended``: one library that is kept current, and when something is due in it."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Mapping, Sequence

from viewra.host.upkeep.followed import Followed
from viewra.host.upkeep.marks import Marks
from viewra.host.upkeep.places import mounts_in, why_not_enough
from viewra.host.upkeep.watches import Watching
from viewra.library.disks import Mount
from viewra.library.keeping import Kept
from viewra.library.scope import Part

POLL_S = 60.0
"""Seconds between two looks at a library of which the kernel does not tell everything."""
POLL_SHARE = 20.0
"""A look may take this part of the time until the next one."""

Points = Mapping[bytes, Mount | None]


class Tended:
    """One library, as ``row`` says; ``lock`` protects its marks, all else belongs to the thread of ``Upkeep``."""

    def __init__(
        self,
        row: Kept,
        lock: threading.Condition,
        watching: Watching,
        is_media: Callable[[bytes], bool],
        now: Callable[[], float],
        points: Points,
    ) -> None:
        self.row = row
        self.is_busy = False
        """Whether a scan is started for it, or runs: ``job``, once its number is known."""
        self.job: int | None = None
        self.retry_at = -math.inf
        self.warned = ""
        self.is_watched = False
        """Whether a scan has had all of its folders watched."""
        self._lock = lock
        self._watching = watching
        self._now = now
        self._marks = Marks(row.root)
        self._followed = Followed(self._marks, lock, watching, is_media, now)
        self._real = os.path.realpath(row.root)  # once: a disk that does not respond would hold up all libraries
        self._points = mounts_in(self._real, points)
        self._remote = why_not_enough(self._real, points)
        self._is_ended = False
        self._problem: str | None = None
        self._poll_at = math.inf
        self.note_all()

    @property
    def why_polled(self) -> str | None:
        """Why it is looked at now and then, too; None where the kernel tells of every change."""
        return self._problem or self._remote

    def next_at(self) -> float:
        """When something is due in it."""
        if self.is_busy:
            return math.inf
        with self._lock:
            return max(self.retry_at, min(self._marks.due, self._poll_at))

    def take(self) -> Sequence[Part]:
        """What is to be looked at now: parts, or all of it if these are its own folder; nothing is also an answer."""
        now = self._now()
        if self.is_busy or now < self.retry_at:
            return ()
        with self._lock:
            if self._poll_at <= now:
                self._problem = None  # there may be more watches now
                self._marks.note_all(now, 0.0)
            parts = self._marks.take(now) if self._marks.due <= now else ()
        return (Part(self.row.root),) if parts and (self.row.is_doubtful or not self.is_watched) else parts

    def put_back(self, parts: Sequence[Part], pause_s: float) -> None:
        """Look at these later: they could not be looked at."""
        now = self._now()
        with self._lock:
            self._marks.put_back(parts, now)
            self.retry_at = now + pause_s
            self.job, self.is_busy = None, False

    def note_all(self) -> None:
        """Look at all of it."""
        with self._lock:
            self._marks.note_all(self._now())
            self._lock.notify_all()

    def entering(self, folder: bytes) -> None:
        """Have a folder watched that a scan is about to list; on the scan's thread."""
        if self._problem is None and not self._is_ended:
            self._problem = self._watching.arm(folder, self._followed)

    def scanned(self, *, whole: bool, took_s: float) -> None:
        """A scan of it has ended that looked at everything which it was to look at."""
        self.warned = ""
        self.is_watched |= whole
        if whole:
            self._poll_at = self._now() + max(POLL_S, POLL_SHARE * took_s) if self.why_polled else math.inf
        self.job, self.is_busy = None, False

    def look_at_mounts(self, points: Points) -> None:
        """Look at all of it if something was mounted or unmounted at it or in it."""
        now = mounts_in(self._real, points)
        if now != self._points:
            self._points = now
            self._remote = why_not_enough(self._real, points)
            self.retry_at = -math.inf
            self.note_all()

    def set_media(self, is_media: Callable[[bytes], bool]) -> None:
        """Tell files that may matter by this from now on."""
        self._followed.is_media = is_media

    def end(self) -> None:
        """Watch it no longer."""
        self._is_ended = True
        self._watching.drop(self.row.root)
