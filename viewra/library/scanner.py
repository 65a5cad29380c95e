"""Runs one scan: the walk, the scrapers beside it, and the end of the job. One thread does all work on the database.

The walk commits files; each scraper reads its own to-do from the database and keeps its own window full, so that the
slowest gates neither the others nor the walk.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading, writing
from viewra.errors import DatabaseError
from viewra.hookspecs import Hooks
from viewra.library import events, jobs, libraries, outcomes, priorities
from viewra.library.discover import Discovery
from viewra.library.interrupt import interrupt_sets
from viewra.library.libraries import Scope
from viewra.library.notify import Notifier
from viewra.library.paths import display, display_bytes
from viewra.library.recorder import Recorder
from viewra.library.report import ProgressReporter, ScanProgress, Tally
from viewra.library.scrape import Completion, Outcomes, Scraper
from viewra.library.unread import Unread
from viewra.services import ScraperSession
from viewra.types import ScanReport, ScanStatus

TICK_S = 0.1
"""How long the scan waits for a scraper before it looks at the clock and for a cancellation."""


def scan(
    engine: sa.Engine,
    hook: Hooks,
    path: str,
    *,
    full: bool = False,
    cancel: threading.Event | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    notifier: Notifier | None = None,
) -> ScanReport:
    """Scan the folder ``path``: a library, a folder in one, or a new library.

    ``full`` has every file read again. ``cancel``, which Ctrl-C in the main thread sets too, ends the scan early with
    what was read kept; the next scan goes on from there. ``progress`` is called in this thread, at most 10 times a
    second. ``notifier`` delivers to listeners meanwhile; without it notifications wait for the next one.

    Raises ``UsageError`` for a path that cannot be scanned, ``ViewraError`` for one that cannot be read,
    ``LockedError`` when the library is being scanned, ``DatabaseError`` when the database fails; the job is then
    marked as failed, if need be by the next scan.
    """
    cancel = cancel or threading.Event()
    with interrupt_sets(cancel):
        scope = libraries.locate(engine, path)
        libraries.refuse_unmounted(engine, scope)
        if notifier is not None:
            notifier.open()
        with jobs.lock(engine, scope.library_id, display_bytes(scope.root)):
            started = time.monotonic()
            job_id = jobs.begin(engine, scope.library_id, scope.root, scope.path)
            if notifier is not None:
                notifier.wake()
            tally = Tally()
            try:
                status = _Scan(engine, hook, scope, job_id, tally, cancel, progress, notifier).run(full=full)
            except Exception as error:
                with contextlib.suppress(DatabaseError):
                    jobs.fail(engine, job_id, scope.library_id, display(str(error) or type(error).__name__))
                raise
            return ScanReport(
                scan_job_id=job_id,
                library_id=scope.library_id,
                library_path=os.fsdecode(scope.root),
                status=status,
                counts=tally.counts,
                duration_s=time.monotonic() - started,
                failures=tuple(tally.failures),
                pending_notifications=events.pending(engine),
            )


class _Scan:
    """One job from its start to its end."""

    def __init__(
        self,
        engine: sa.Engine,
        hook: Hooks,
        scope: Scope,
        job_id: int,
        tally: Tally,
        cancel: threading.Event,
        progress: Callable[[ScanProgress], None] | None,
        notifier: Notifier | None,
    ) -> None:
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._tally = tally
        self._cancel = cancel
        self._notifier = notifier
        self._progress = ProgressReporter(tally, progress)
        self._completions: SimpleQueue[Completion] = SimpleQueue()
        self._types = self._known_types()
        self._sessions = self._open_sessions(hook)
        priorities.keep_stated(engine, self._sessions)
        self._discovery: Discovery | None = None
        self._scrapers: list[Scraper] = []
        self._recorder = Recorder(engine, scope, job_id, self._sessions)

    def run(self, *, full: bool) -> ScanStatus:
        """Do it all. Raises ``DatabaseError``."""
        try:
            status = ScanStatus.COMPLETED if self._stages(full=full) else ScanStatus.CANCELLED
            self._take_completions()
        finally:
            for scraper in self._scrapers:
                scraper.cancel()
        self._recorder.flush()
        if status is ScanStatus.COMPLETED:
            self._progress.phase = "finish"
            self._count_missed()
            self._recorder.finish()
        with writing(self._engine) as connection:
            jobs.finish(connection, self._job_id, self._scope.library_id, status, self._tally)
            events.prune(connection)
        self._wake()
        self._progress.tell(self._unread, now=True)
        return status

    def _stages(self, *, full: bool) -> bool:
        """The walk with reading beside it, then what is left to read; whether it came to its end."""
        if full:
            self._mark_all_unread()
        discovery = Discovery(
            self._engine,
            self._scope,
            self._job_id,
            self._tally,
            wanted=lambda kind: any(session.wants(kind) for session in self._sessions),
            types=self._types,
            full=full,
        )
        for session in self._sessions:
            unread = Unread(self._engine, self._scope, session, self._types)
            self._scrapers.append(Scraper(session, unread, self._completions, discovery.newest_id))
        for committed in discovery.run():
            if self._cancel.is_set():
                return False
            self._progress.current = discovery.current
            if committed:
                found = self._tally.counts.new + self._tally.counts.changed
                for scraper in self._scrapers:
                    scraper.look_again(found)
            self._pump(partial=False)
        self._progress.phase = "read"
        self._recorder.flush()
        for scraper in self._scrapers:
            scraper.sweep()
        self._pump(partial=True)
        while any(not scraper.idle for scraper in self._scrapers):
            if self._cancel.is_set():
                return False
            self._await_one()
        for scraper in self._scrapers:
            self._keep(scraper.session, scraper.finish())
        return True

    def _pump(self, *, partial: bool) -> None:
        """Take what is done, without waiting, and hand over what can be."""
        self._take_completions()
        if self._recorder.is_due:
            self._flush()
        for scraper in self._scrapers:
            scraper.submit(partial=partial)
        self._progress.tell(self._unread)

    def _take_completions(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._settle(self._completions.get_nowait())

    def _await_one(self) -> None:
        try:
            self._settle(self._completions.get(timeout=TICK_S))
        except Empty:
            self._flush()  # nobody is in a hurry: let a kill lose as little as can be
        self._pump(partial=True)

    def _settle(self, completion: Completion) -> None:
        scraper = completion.scraper
        session = scraper.session
        self._keep(session, scraper.settle(completion))
        if scraper.gave_up is not None and session in self._sessions:
            self._sessions.remove(session)  # no notification waits for it any more

    def _keep(self, session: ScraperSession, outcomes: Outcomes) -> None:
        for file, outcome in outcomes:
            self._recorder.add(session, file.id, outcome)
            if outcome.error:
                self._tally.fail_file(file.id, file.path, session.plugin_id, outcome.error)
            self._progress.current = file.path

    def _flush(self) -> None:
        self._recorder.flush()
        self._wake()

    def _wake(self) -> None:
        if self._notifier is not None:
            self._notifier.wake()

    def _count_missed(self) -> None:
        """One line for each scraper that was given up, with how many files it misses."""
        for scraper in self._scrapers:
            if scraper.gave_up is not None:
                missed = scraper.unread.ids()
                for file_id in missed:
                    self._tally.miss_file(file_id)
                error = f"{scraper.gave_up.message}; {len(missed)} files are left to the next scan"
                self._tally.fail_plugin(os.fsdecode(self._scope.path), scraper.session.plugin_id, error)

    def _open_sessions(self, hook: Hooks) -> list[ScraperSession]:
        sessions = []
        for result in hook.open_scraper():
            if result.error is not None:
                error = f"{result.error.message}; its files are left to the next scan"
                self._tally.fail_plugin(os.fsdecode(self._scope.path), result.plugin_id, error)
            elif result.value is not None:
                sessions.append(result.value)
        return sessions

    def _known_types(self) -> set[str]:
        ours = media_files.c.library_id == self._scope.library_id
        with reading(self._engine) as connection:
            return set(connection.execute(sa.select(media_files.c.mime_type).where(ours).distinct()).scalars())

    def _mark_all_unread(self) -> None:
        files = sa.select(media_files.c.id).join_from(media_files, directories).where(self._scope.directories())
        with writing(self._engine) as connection:
            outcomes.mark_unread(connection, files)

    def _unread(self) -> int:
        """How many files some scraper has still to read, as far as it is known."""
        return max((scraper.remaining for scraper in self._scrapers), default=0)
