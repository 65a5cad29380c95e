"""``Upkeep``: keeps libraries current on one thread, which starts scans in the background and never waits for one.

A notice means only "look again there", and a scan does the looking. So a lost notice costs a scan of the whole library
and no change; a scan that could not begin is tried again.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import attrs
import sqlalchemy as sa

from viewra.errors import LockedError, ViewraError
from viewra.host.background_scan import Phase, ScanState
from viewra.host.sync.background import Background
from viewra.host.sync.clock import SYSTEM, Clock
from viewra.host.upkeep.tended import Points, Tended
from viewra.host.upkeep.watches import Watching
from viewra.library import display, keeping
from viewra.library.keeping import Kept
from viewra.library.mime import Declared, MediaTypes
from viewra.library.scan_plan import Entering
from viewra.library.scope import Part
from viewra.schedules import local_now
from viewra.types import ScanCause, ScanStatus

REFRESH_S, MOUNTS_S, SCHEDULE_S = 10.0, 2.0, 15.0
"""Seconds between two looks at the stored libraries, at what is mounted, and at the schedules."""
BUSY_S, TROUBLE_S = 2.0, 60.0
"""Seconds until a scan is tried again: of a library that another scan holds, and of one that cannot be scanned."""
LEAST_S = 0.05
"""Seconds between two rounds at least: a storm brings thousands of notices a second."""
LATE_S = 120.0
"""Seconds after which a scheduled scan counts as missed."""
CLOSE_S = 40.0
"""Seconds that ``close`` waits at most; a scan must begin within 30."""

log = logging.getLogger("viewra.host")


class Scanner(Protocol):
    """``Scans``, as far as it is used here."""

    def start(
        self, path: str, *, nice: bool, parts: Sequence[Part], cause: ScanCause, entering: Entering | None
    ) -> ScanState:
        """Start a scan in the background."""
        ...

    def get(self, scan_job_id: int) -> ScanState:
        """The present state of a scan."""
        ...

    def watch(self, watcher: Callable[[ScanState], None]) -> None:
        """Call this with each new state of each scan."""
        ...


@attrs.frozen
class UpkeepState:
    """Whether a library is ``kept`` current; ``polled`` is why it is also looked at now and then, "" if it is not."""

    kept: bool
    polled: str


class Upkeep:
    """Keeps the libraries of one database current, or only those with these ids, from ``start`` to ``close``."""

    def __init__(
        self,
        engine: sa.Engine,
        scans: Scanner,
        media_types: Callable[[], Iterable[Declared]],
        watching: Watching,
        *,
        only: Collection[int] | None = None,
        nice: bool = False,
        points: Callable[[], Points],
        clock: Clock = SYSTEM,
        wall: Callable[[], datetime] = local_now,
    ) -> None:
        """``points`` gives what is mounted, as in ``Mounts``, and ``wall`` the time of day."""
        self._engine = engine
        self._scans = scans
        self._media_types = media_types
        self._watching = watching
        self._only = only
        self._nice = nice
        self._points = points
        self._clock = clock
        self._wall = wall
        self._lock = threading.Condition()
        self._closed = threading.Event()
        self._tended: dict[int, Tended] = {}
        self._rows: list[Kept] = []
        self._refresh_at = self._mounts_at = self._schedule_at = -math.inf
        self._background = Background(clock=clock)
        scans.watch(self._scan_changed)

    def start(self) -> None:
        """Begin."""
        self._background.start("upkeep", self._run)

    def close(self) -> None:
        """End; scans that it began go on. May be called twice."""
        with self._lock:
            self._closed.set()
            self._lock.notify_all()
        self._background.close(CLOSE_S)
        self._watching.close()

    def poke(self) -> None:
        """Look at the stored libraries soon: one may have been added, removed or changed."""
        self._refresh_at = -math.inf
        self._wake()

    def state(self, library_id: int) -> UpkeepState:
        """How a library is kept current."""
        one = self._tended.get(library_id)
        if one is None:
            return UpkeepState(kept=False, polled="")
        return UpkeepState(kept=True, polled=one.why_polled or "")

    def step(self) -> float:
        """Do what is due; gives the time of the clock when something is due next."""
        now = self._clock.now()
        if now >= self._refresh_at:
            self._refresh_at = now + REFRESH_S
            self._refresh()
        if now >= self._mounts_at:
            self._mounts_at = now + MOUNTS_S
            points = self._points()
            for one in self._tended.values():
                one.look_at_mounts(points)
        if now >= self._schedule_at:
            self._schedule_at = now + SCHEDULE_S
            for row in self._rows:
                self._claim_scheduled(row)
        for one in self._tended.values():
            if parts := one.take():
                one.is_busy = True
                self._background.start("upkeep-scan", partial(self._scan, one, parts))
        due = min((one.next_at() for one in self._tended.values()), default=math.inf)
        return min(due, self._refresh_at, self._mounts_at, self._schedule_at)

    def _wake(self) -> None:
        with self._lock:
            self._lock.notify_all()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                at = self.step()
            except Exception as error:  # whatever it is, what was due is due still, and is tried again
                if not isinstance(error, ViewraError | OSError):
                    log.exception("keeping libraries current failed within viewra")
                log.error("libraries are not kept current for %g s: %s", REFRESH_S, error)
                self._closed.wait(REFRESH_S)
                continue
            if self._closed.wait(LEAST_S):
                return
            with self._lock:
                due = min(at, *(one.next_at() for one in self._tended.values()), self._refresh_at)
                pause_s = max(0.0, due - self._clock.now())
                if not self._closed.is_set() and pause_s:
                    self._lock.wait(pause_s)

    def _refresh(self) -> None:
        self._rows = [row for row in keeping.load(self._engine) if self._only is None or row.id in self._only]
        wanted = {row.id: row for row in self._rows if row.watch and row.is_scanned}
        media = MediaTypes(self._media_types())
        for library_id in [*self._tended]:
            one = self._tended[library_id]
            if library_id not in wanted or wanted[library_id].root != one.row.root:
                del self._tended[library_id]
                one.end()
        points = self._points()
        for row in wanted.values():
            is_media = _by_name(media, hidden=row.hidden)
            known = self._tended.get(row.id)
            if known is None:
                known = Tended(row, self._lock, self._watching, is_media, self._clock.now, points)
                self._tended[row.id] = known
            if known.row.hidden != row.hidden:
                known.note_all()
            known.row = row
            known.set_media(is_media)

    def _scan(self, one: Tended, parts: Sequence[Part]) -> None:
        """Start a scan; it begins when it has looked whether anything has changed at all."""
        is_whole = any(part == Part(one.row.root) for part in parts)
        try:
            state = self._scans.start(
                one.row.path,
                nice=self._nice,
                parts=() if is_whole else parts,
                cause=ScanCause.CHANGE,
                entering=one.entering,
            )
        except LockedError:
            one.put_back(parts, BUSY_S)
            self._wake()
        except (ViewraError, OSError) as error:
            one.put_back([Part(one.row.root)], TROUBLE_S)
            self._wake()
            self._warn(one, str(error))
        else:
            one.job = state.scan_job_id
            self._scan_changed(self._scans.get(state.scan_job_id))  # it may have ended before its number was known

    def _scan_changed(self, state: ScanState) -> None:
        """Take note of the end of a scan; on its thread."""
        if state.phase is not Phase.ENDED:
            return
        one = next((one for one in [*self._tended.values()] if one.job == state.scan_job_id), None)
        if one is not None:
            if state.report is None:
                one.put_back([Part(one.row.root)], TROUBLE_S)
                self._warn(one, state.error or "")
            elif state.report.status is ScanStatus.COMPLETED:
                one.scanned(whole=not state.parts, took_s=state.report.duration_s)
            else:  # somebody has cancelled it: the next change leads to a scan of the whole library
                one.put_back((), TROUBLE_S)
        self.poke()

    def _claim_scheduled(self, row: Kept) -> None:
        """Start the scan of a library whose scheduled time has come, unless another host does."""
        now = self._wall()
        due = row.next_run(now)
        if due is None or due > now or not keeping.claim(self._engine, row, now):
            return
        late_s = (now - due).total_seconds()
        cause = ScanCause.MADE_UP if late_s > LATE_S else ScanCause.SCHEDULE
        if cause is ScanCause.MADE_UP:
            log.warning(
                "the scan of %s that was due on %s (%s) was missed, as nothing ran that could do it: it begins now",
                display(row.path),
                due.astimezone(now.tzinfo).strftime("%Y-%m-%d %H:%M"),
                row.schedule,
            )
        self._background.start("scheduled-scan", partial(self._begin_scheduled, row, now, cause))

    def _begin_scheduled(self, row: Kept, now: datetime, cause: ScanCause) -> None:
        tended = self._tended.get(row.id)
        try:
            entering = tended.entering if tended else None
            self._scans.start(row.path, nice=self._nice, parts=(), cause=cause, entering=entering)
        except LockedError:  # another scan of it runs: tried again when that is over
            keeping.give_back(self._engine, row, now)
        except (ViewraError, OSError) as error:
            log.error("the scheduled scan of %s cannot begin: %s", display(row.path), error)
        self.poke()

    @staticmethod
    def _warn(one: Tended, text: str) -> None:
        if text != one.warned:  # once: it is tried again and again
            one.warned = text
            log.warning("%s is not kept current for now: %s", display(one.row.path), text)


def _by_name(media: MediaTypes, *, hidden: bool) -> Callable[[bytes], bool]:
    def is_media(name: bytes) -> bool:
        return (hidden or name[:1] != b".") and media.by_name(name) is not None

    return is_media
