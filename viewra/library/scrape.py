"""One scraper's part of a scan: keeps batches in flight, and handles those that fail.

A batch that fails as a whole is read again file by file, one at a time: each faulty file costs one more deadline or
crash, and gets the error. A file that fails right after another one hung is read once more, later: the process may
still have hung. A plugin that is unavailable is tried again a few times and then given up for this scan; the next scan
reads the rest. The recorder writes the results.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue

import attrs

from viewra.errors import NotOffered, PluginClosed, PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.library.stages import READ, Busy
from viewra.library.unread import Unread, WantedFile
from viewra.services import ScraperSession
from viewra.types import FileOutcome, FileToRead, ScanStage

PAGE = 500
"""How many files one query loads."""

MAX_ABSENCES = 3
"""Calls in a row without an available plugin before it is given up for this scan; a pause precedes each retry."""

MAX_BREAKDOWNS = 5
"""Calls in a row that time out or crash the plugin before it is given up: a batch, and four of its files alone."""

PAUSE_S = 0.5
"""The pause after a call without an available plugin, doubled each time: a supervisor needs it for a restart."""


@attrs.frozen(eq=False)
class Batch:
    """Files submitted together; ``era`` counts the failures that were known then.

    ``alone``: nothing else was in flight at any time, so that a crash is known to come from this batch.
    """

    files: tuple[WantedFile, ...]
    era: int
    alone: bool = False


@attrs.frozen
class Completion:
    """A batch whose future is done."""

    scraper: Scraper
    batch: Batch
    future: Future[Sequence[FileOutcome]]
    done_at: float


Outcomes = list[tuple[WantedFile, FileOutcome]]


class Scraper:
    """Keeps one session's window full with unread files. Everything but the futures runs on the scan's thread."""

    def __init__(
        self, session: ScraperSession, unread: Unread, completions: SimpleQueue[Completion], newest_id: int
    ) -> None:
        """Until ``sweep`` only files with ids above ``newest_id`` are read: the walk has yet to compare the others."""
        self.session = session
        self.unread = unread
        self.gave_up: PluginError | None = None
        self._completions = completions
        self._cursor = newest_id
        self._has_more = False
        self._waiting: deque[WantedFile] = deque()
        self._suspects: deque[tuple[WantedFile, ...]] = deque()
        self._in_flight: dict[Batch, Future[Sequence[FileOutcome]]] = {}
        self._passed_over: set[int] = set()
        # Files that broke the plugin down when read alone; they get no error while the plugin itself may be at fault.
        self._accused: Outcomes = []
        self._hung_on: tuple[WantedFile, ...] = ()  # the last call's files, if nothing has answered since
        self._read_twice: set[int] = set()
        self._expected = 0
        self._answered = 0
        self._era = 0
        self._absences = 0
        self._breakdowns = 0
        self._resume_at = 0.0
        self._busy = Busy()

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight or known to be unread."""
        return not (self._in_flight or self._waiting or self._suspects or self._has_more)

    @property
    def remaining(self) -> int:
        """How many files are left to read, as far as known."""
        return max(0, self._expected - self._answered) if self.gave_up is None else 0

    @property
    def stage(self) -> ScanStage:
        """What reading has taken so far."""
        return ScanStage(READ, self._busy.took_s, plugin=self.session.plugin_id, files=self._answered)

    def expect(self, found: int) -> None:
        """The walk has committed ``found`` files so far that may be unread."""
        self._expected = found

    def offer(self, files: Sequence[WantedFile]) -> None:
        """The walk has added these files; one that has a page of them waiting will look for the rest itself."""
        if self.gave_up is not None:
            return
        if self._has_more or len(self._waiting) >= PAGE:
            self._has_more = True
            return
        self._cursor = files[-1].id
        self._waiting.extend(file for file in files if self.session.wants(file.mime_type))

    def sweep(self) -> None:
        """The walk has ended: go through all unread files from the start, except those already submitted.

        The caller must have written all outcomes so far.
        """
        self._passed_over.update(file.id for file in self._waiting)
        self._passed_over.update(file.id for suspects in self._suspects for file in suspects)
        self._passed_over.update(file.id for batch in self._in_flight for file in batch.files)
        self._passed_over.update(file.id for file, _ in self._accused)
        self._cursor = 0
        self.expect(self._answered + self.unread.count())
        self._has_more = self.gave_up is None

    def submit(self, *, partial: bool) -> None:
        """Fill the window; ``partial``: also submit a batch that is not full, even while others are in flight."""
        if not (self._waiting or self._suspects or self._has_more):
            return
        while self.gave_up is None and time.monotonic() >= self._resume_at:
            goes_alone = bool(self._suspects) or any(batch.alone for batch in self._in_flight)
            if len(self._in_flight) >= (1 if goes_alone else self.session.window):
                return
            files = self._suspects.popleft() if goes_alone else self._next_files(partial=partial)
            if not files:
                return
            self._hand_over(Batch(files, self._era, goes_alone))

    def settle(self, completion: Completion) -> Outcomes:
        """Take a finished batch. Returns the outcomes to store."""
        batch = completion.batch
        if self._in_flight.pop(batch, None) is None:
            return []
        self._busy.end(completion.done_at)
        error = _error_of(self.session.plugin_id, completion.future, len(batch.files))
        outcomes: Outcomes = []
        if error is None:
            outcomes.extend(zip(batch.files, completion.future.result(), strict=True))
        elif isinstance(error, PluginFault):
            if len(batch.files) == 1:
                outcomes.append((batch.files[0], FileOutcome(error=error.message, worker=error.worker)))
            else:
                self._read_singly(batch)
        else:
            self._strike(batch, error)
            self._think_again(batch, error)
        if error is None or isinstance(error, PluginFault):
            self._absences = self._breakdowns = 0  # the plugin works, so the files were at fault
            self._hung_on = ()
            outcomes.extend(self.finish())
        self._answered += len(outcomes)
        return outcomes

    def finish(self) -> Outcomes:
        """The outcomes that were held back; called when nothing left could show a fault of the plugin itself."""
        accused, self._accused = self._accused, []
        return accused

    def cancel(self) -> None:
        """Cancel everything, without waiting for batches in flight."""
        for future in list(self._in_flight.values()):
            future.cancel()
        self._in_flight.clear()
        self._drop_waiting()

    def _next_files(self, *, partial: bool) -> tuple[WantedFile, ...]:
        size = max(1, self.session.batch_size)
        while self._has_more and len(self._waiting) < size:
            page = self.unread.page(self._cursor, PAGE)
            self._has_more = len(page) == PAGE
            if page:
                self._cursor = page[-1].id
            self._waiting.extend(file for file in page if file.id not in self._passed_over)
        if len(self._waiting) < size and self._in_flight and not partial:
            return ()
        return tuple(self._waiting.popleft() for _ in range(min(size, len(self._waiting))))

    def _hand_over(self, batch: Batch) -> None:
        future: Future[Sequence[FileOutcome]]
        try:
            future = self.session.submit([FileToRead(file.path, file.mime_type) for file in batch.files])
        except Exception as error:  # handled like any other failure of this batch
            future = Future()
            future.set_exception(error)
        self._in_flight[batch] = future
        self._busy.begin()
        future.add_done_callback(lambda done: self._completions.put(Completion(self, batch, done, time.monotonic())))

    def _think_again(self, batch: Batch, error: PluginError) -> None:
        """Decide about the files of a batch without an answer."""
        if self.gave_up is not None:
            return
        others_hang = any(file not in batch.files for file in self._hung_on)
        self._hung_on = batch.files if isinstance(error, PluginTimeout) else ()
        if not isinstance(error, PluginTimeout) and not _ended_by_call(error):
            self._suspects.append(batch.files)
        elif batch.alone and len(batch.files) == 1:
            file = batch.files[0]
            if others_hang and file.id not in self._read_twice:
                self._read_twice.add(file.id)
                self._suspects.append(batch.files)
            else:
                self._accused.append((file, FileOutcome(error=error.message, worker=error.worker)))
        else:
            self._read_singly(batch)

    def _read_singly(self, batch: Batch) -> None:
        self._suspects.extend((file,) for file in batch.files)

    def _strike(self, batch: Batch, error: PluginError) -> None:
        """Count a failure of the plugin as a whole, once for all batches that were in flight then."""
        if batch.era != self._era:
            return
        self._era += 1
        if isinstance(error, PluginUnavailable) and not _ended_by_call(error):
            self._absences += 1
            self._resume_at = time.monotonic() + PAUSE_S * 2 ** (self._absences - 1)
        else:
            self._breakdowns += 1
        final = isinstance(error, PluginClosed | NotOffered)
        if final or self._absences >= MAX_ABSENCES or self._breakdowns >= MAX_BREAKDOWNS:
            self.gave_up = error
            self._drop_waiting()

    def _drop_waiting(self) -> None:
        self._waiting.clear()
        self._suspects.clear()
        self._accused.clear()
        self._has_more = False


def _ended_by_call(error: PluginError) -> bool:
    return isinstance(error, PluginUnavailable) and error.in_call


def _error_of(plugin_id: str, future: Future[Sequence[FileOutcome]], expected: int) -> PluginError | None:
    try:
        outcomes = future.result()
    except PluginError as error:
        return error
    except CancelledError:
        return PluginClosed(plugin_id, "the call was cancelled")
    except Exception as error:  # a plugin may raise anything: the scan continues without that file
        return PluginFault(plugin_id, str(error) or type(error).__name__, kind=type(error).__name__)
    if len(outcomes) != expected:
        return PluginFault(plugin_id, f"answered {len(outcomes)} outcomes for {expected} files")
    return None
