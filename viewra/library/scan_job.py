"""Runs one scan job from start to end. One thread does all work on the database.

The walk commits files and offers the new ones to the scrapers; each keeps its own window full and finds the rest of its
unread files in the database, so that the slowest scraper delays neither the others nor the walk.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

import sqlalchemy as sa

from viewra.db import statistics
from viewra.db.tables import directories, media_files
from viewra.db.transactions import writing
from viewra.hookspecs import Hooks
from viewra.library import events, failures, jobs, missing, outcomes, priorities, readers
from viewra.library.discover import Discovery
from viewra.library.engine import Remotely
from viewra.library.fresh import Fresh
from viewra.library.notify import Notifier
from viewra.library.paths import is_gone
from viewra.library.recorder import Recorder
from viewra.library.report import ProgressReporter, ScanProgress, Tally
from viewra.library.scan_plan import Plan, PluginsState
from viewra.library.scope import Scope
from viewra.library.scrape import Completion, Outcomes, Scraper
from viewra.library.settling import Settling
from viewra.library.stages import FINISH, HAND_OVER, START, WAIT, WALK, Stages
from viewra.library.told import Told
from viewra.library.unread import Unread
from viewra.services import ScraperSession
from viewra.types import MAX_ID, ScanStage, ScanStatus

WAKE_S = 1.0
"""Seconds between two notices to listeners that there are events: few large batches cost a scan less than many."""
TICK_S = 0.1
"""How long the scan waits for a scraper before it checks the clock and for a cancellation."""

PUMP_S = 0.005
"""How long the walk may go on before finished batches are collected: it is quicker than that with most folders."""


class ScanJob:
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
        plugins: PluginsState,
        remotely: Remotely | None,
    ) -> None:
        self._engine, self._scope = engine, scope
        self._job_id = job_id
        self._tally = tally
        self._cancel = cancel
        self._notifier = notifier
        self._woken_at = time.monotonic()
        self._progress = ProgressReporter(tally, progress)
        self._completions: SimpleQueue[Completion] = SimpleQueue()
        self._settling = Settling(engine, scope.library_id, plugins) if scope.is_whole else None
        self._stages = Stages(START)
        self._types = readers.known_types(engine, scope.library_id)
        self._sessions, self._all_open = readers.open_scrapers(hook, scope, tally, remotely)
        self._readers = tuple(self._sessions)
        priorities.keep_stated(engine, self._sessions)
        ids = [session.plugin_id for session in self._readers]
        tally.known_failures = failures.failed_files(engine, scope, ids)
        self.still_failed = 0
        self.unwanted: Mapping[str, int] = {}
        self._discovery: Discovery | None = None
        self._scrapers: list[Scraper] = []
        told = notifier.told if notifier else Told()
        self._recorder = Recorder(engine, scope, job_id, self._sessions, self._stages, told)
        self._pump_at = 0.0

    @property
    def reached(self) -> str:
        """The last path of the walk."""
        return self._progress.current

    @property
    def unread(self) -> int:
        """How many files are still unread by some scraper, as far as known."""
        return max((scraper.remaining for scraper in self._scrapers), default=0)

    def stages(self) -> list[ScanStage]:
        """Return what each stage has taken so far."""
        taken = self._stages.taken(self._tally.counts.seen)
        return [*taken, *(scraper.stage for scraper in self._scrapers)]

    def run(self, plan: Plan) -> ScanStatus:
        """Run all stages. Raises ``DatabaseError``."""
        try:
            done = self._retry() if plan.retry_failed else self._walk_and_read(plan)
            status = ScanStatus.COMPLETED if done else ScanStatus.CANCELLED
            self._take_completions()
        finally:
            for scraper in self._scrapers:
                scraper.cancel()
        self._recorder.flush()
        if status is ScanStatus.CANCELLED:
            self._recorder.index_partly_read()
        else:
            self._progress.phase = "finish"
            self._stages.enter(FINISH)
            self._count_missed()
            self._recorder.finish()
            self._purge(plan)
        self._count_left()
        if status is ScanStatus.COMPLETED:
            self._note_settled(plan)
        with writing(self._engine) as connection:
            jobs.finish(connection, self._job_id, self._scope.library_id, status, self._tally)
            events.prune(connection)
            if self._tally.has_changes:
                statistics.renew(connection)
        self._wake()
        self._progress.tell(lambda: self.unread, now=True)
        return status

    def _walk_and_read(self, plan: Plan) -> bool:
        """Walk with reading beside it, then read the rest. Returns whether it finished."""
        if plan.full:
            self._mark_all_unread()
        discovery = self._discovery = Discovery(
            self._engine,
            self._scope,
            self._job_id,
            self._tally,
            plan,
            wanted=self._is_wanted,
            kept=lambda kind: not self._all_open or self._is_wanted(kind),
            types=self._types,
        )
        for session in self._sessions:
            unread = Unread(self._engine, self._scope, session, self._types)
            self._scrapers.append(Scraper(session, unread, self._completions, discovery.newest_id))
        fresh = Fresh(self._engine, self._scope.library_id, discovery.newest_id)
        self._stages.enter(WALK)
        for committed in discovery.run():
            if self._cancel.is_set():
                return False
            self._progress.current = discovery.current
            if committed:
                fresh.offer(self._scrapers, self._tally.counts.new + self._tally.counts.changed)
            if committed or time.monotonic() >= self._pump_at:
                self._pump(partial=False)
        return self._read_all()

    def _retry(self) -> bool:
        """Read the files at which plugins failed before. Returns whether it finished."""
        self._tally.walked = False
        failures.mark_for_retry(self._engine, self._scope)
        for session in self._sessions:
            unread = Unread(self._engine, self._scope, session, self._types, only_failed=True)
            self._scrapers.append(Scraper(session, unread, self._completions, MAX_ID))
        counts = self._tally.counts
        counts.seen = counts.unchanged = failures.count_failed(
            self._engine, self._scope, [session.plugin_id for session in self._sessions]
        )
        return self._read_all()

    def _read_all(self) -> bool:
        """Read the files that scrapers did not get during the walk. Returns whether it finished."""
        self._progress.phase = "read"
        self._stages.enter(HAND_OVER)
        self._recorder.flush()
        if self._is_settled:  # then there is nothing to read, and looking for it would read the rows of all files
            return True
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
        """Collect finished batches without waiting, and submit new ones."""
        with self._stages.within(HAND_OVER):
            self._take_completions()
            if self._recorder.is_due:
                self._flush()
            for scraper in self._scrapers:
                scraper.submit(partial=partial)
        self._progress.tell(lambda: self.unread)
        self._pump_at = time.monotonic() + PUMP_S

    def _take_completions(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._settle(self._completions.get_nowait())

    def _await_one(self) -> None:
        try:
            with self._stages.within(WAIT):
                completion = self._completions.get(timeout=TICK_S)
            self._settle(completion)
        except Empty:
            self._flush()  # nothing is urgent: write now, so that a kill loses little
        self._pump(partial=True)

    def _settle(self, completion: Completion) -> None:
        scraper = completion.scraper
        session = scraper.session
        self._keep(session, scraper.settle(completion))
        if scraper.gave_up is not None and session in self._sessions:
            self._sessions.remove(session)  # no event waits for it any more

    def _keep(self, session: ScraperSession, outcomes: Outcomes) -> None:
        for file, outcome in outcomes:
            # One that was moved or deleted since the walk has not been read: the next scan says where it is.
            if not (outcome.error and is_gone(os.fsencode(file.path))):
                self._recorder.add(session, file.id, outcome)
            self._tally.note_read(file.id)
            if outcome.error:
                self._tally.fail_file(file.id, file.path, session.plugin_id, outcome.error, outcome.worker)
            self._progress.current = file.path

    def _flush(self) -> None:
        self._recorder.flush()
        if time.monotonic() - self._woken_at >= WAKE_S:
            self._wake()

    def _wake(self) -> None:
        self._woken_at = time.monotonic()
        if self._notifier is not None:
            self._notifier.wake()

    def _count_missed(self) -> None:
        """Add one failure for each scraper that was given up, with the number of its unread files."""
        for scraper in self._scrapers:
            if scraper.gave_up is not None:
                missed = scraper.unread.ids()
                for file_id in missed:
                    self._tally.miss_file(file_id)
                failure = scraper.gave_up
                error = f"{failure.message}; {len(missed)} files are left to the next scan"
                path, plugin_id = os.fsdecode(self._scope.path), scraper.session.plugin_id
                self._tally.fail_plugin(path, plugin_id, error, failure.worker)

    def _is_wanted(self, kind: str) -> bool:
        """Whether a plugin reads files of this type, including plugins given up since."""
        return any(session.wants(kind) for session in self._readers)

    def _count_left(self) -> None:
        """Count the files that remain unread, as far as known: a plugin that did not start may read them."""
        ids = [session.plugin_id for session in self._readers]
        self.still_failed = failures.count_failed(self._engine, self._scope, ids)
        if self._all_open:
            unwanted = {kind for kind in self._types if not self._is_wanted(kind)}
            self.unwanted = failures.count_unwanted(self._engine, self._scope, unwanted)

    def _mark_all_unread(self) -> None:
        files = sa.select(media_files.c.id).join_from(media_files, directories).where(self._scope.directories())
        with writing(self._engine) as connection:
            outcomes.mark_unread(connection, files)

    @property
    def _is_settled(self) -> bool:
        """Whether this scan has changed nothing since one that left nothing to do for the same plugins."""
        if self._settling is None or self._discovery is None:
            return False
        return self._settling.is_as_before(self._discovery.signing.context)

    def _note_settled(self, plan: Plan) -> None:
        """Note that nothing is left to do, if so."""
        discovery = self._discovery
        if self._settling is None or discovery is None or discovery.absences.is_in_doubt or not self._all_open:
            return
        if all(scraper.gave_up is None for scraper in self._scrapers):
            left = (self.still_failed, self.unwanted)
            unread = [scraper.unread for scraper in self._scrapers]
            self._settling.settle(discovery.signing.context, plan.media, left, unread)

    def _purge(self, plan: Plan) -> None:
        """Delete files that have been missing for long enough."""
        if self._discovery is None:
            return
        is_protected = self._discovery.absences.is_protected
        keep_s = plan.settings.missing_keep_s
        for count in missing.purge_due(self._engine, self._scope, self._job_id, keep_s, is_protected):
            self._tally.counts.deleted += count
            self._progress.tell(lambda: self.unread)
