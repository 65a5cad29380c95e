"""One scraper's side of a scan: batches in flight, and what becomes of those that fail.

A batch that fails is halved until the file that is to blame is alone. A plugin that is gone is tried again a few times
and then given up for this scan; the next scan reads what it missed. Writing results down is left to the recorder.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue

import attrs

from viewra.errors import NotOffered, PluginClosed, PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.library.todo import ToDo, WantedFile
from viewra.services import ScraperSession
from viewra.types import FileOutcome, FileToRead

PAGE = 500
"""How many files are asked for at once."""

MAX_ABSENCES = 3
"""Calls in a row that find no plugin at all before it is given up for this scan; a pause comes before each retry."""

MAX_BREAKDOWNS = 5
"""Batches in a row that time out or end the plugin before it is given up; two bad files cause up to four."""

PAUSE_S = 0.5
"""The pause after a call that found no plugin, doubled each time: a supervisor needs it for a restart."""


@attrs.frozen(eq=False)
class Batch:
    """Files handed over together; ``era`` counts the failures that were known by then.

    ``alone``: nothing else was in flight at any time, so that what ends the plugin is known to be in this batch.
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


@attrs.define
class Settled:
    """What became of a batch: outcomes to keep, and files that stay unread for now, with the reason."""

    outcomes: list[tuple[WantedFile, FileOutcome]] = attrs.field(factory=list)
    unread: list[tuple[WantedFile, PluginError]] = attrs.field(factory=list)


class Scraper:
    """Keeps one session's window full from its to-do. Everything happens in the scan's thread, but the futures."""

    def __init__(
        self, session: ScraperSession, todo: ToDo, completions: SimpleQueue[Completion], newest_id: int
    ) -> None:
        """Until ``sweep`` only files with ids above ``newest_id`` are read: the walk has yet to look at the others."""
        self.session = session
        self.todo = todo
        self.gave_up: PluginError | None = None
        self._completions = completions
        self._cursor = newest_id
        self._has_more = False
        self._waiting: deque[WantedFile] = deque()
        self._suspects: deque[tuple[WantedFile, ...]] = deque()
        self._in_flight: dict[Batch, Future[Sequence[FileOutcome]]] = {}
        self._passed_over: set[int] = set()
        self._expected = 0
        self._answered = 0
        self._era = 0
        self._absences = 0
        self._breakdowns = 0
        self._resume_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or known to be left."""
        return not (self._in_flight or self._waiting or self._suspects or self._has_more)

    @property
    def remaining(self) -> int:
        """How many files are left to read, as far as it is known."""
        return max(0, self._expected - self._answered) if self.gave_up is None else 0

    def look_again(self, found: int) -> None:
        """The walk has committed files; ``found`` of them so far may have to be read."""
        self._expected = found
        self._has_more = self.gave_up is None

    def sweep(self) -> None:
        """The walk is over: go through all that is unread, from the start, but for what is at hand already.

        Every outcome so far must have been written down.
        """
        self._passed_over.update(file.id for file in self._waiting)
        self._passed_over.update(file.id for suspects in self._suspects for file in suspects)
        self._passed_over.update(file.id for batch in self._in_flight for file in batch.files)
        self._cursor = 0
        self.look_again(self._answered + self.todo.count())

    def submit(self, *, partial: bool) -> None:
        """Fill the window; ``partial``: with a batch that is not full too, even while others are in flight."""
        while self.gave_up is None and time.monotonic() >= self._resume_at:
            goes_alone = bool(self._suspects) or any(batch.alone for batch in self._in_flight)
            if len(self._in_flight) >= (1 if goes_alone else self.session.window):
                return
            files = self._suspects.popleft() if goes_alone else self._next_files(partial=partial)
            if not files:
                return
            self._hand_over(Batch(files, self._era, goes_alone))

    def settle(self, completion: Completion) -> Settled:
        """Take back a batch that is done."""
        settled = Settled()
        batch = completion.batch
        if self._in_flight.pop(batch, None) is None:
            return settled
        error = _error_of(self.session.plugin_id, completion.future, len(batch.files))
        if error is None:
            self._absences = self._breakdowns = 0
            settled.outcomes.extend(zip(batch.files, completion.future.result(), strict=True))
        elif isinstance(error, PluginFault):
            self._absences = self._breakdowns = 0
            self._blame(batch, error, settled)
        else:
            self._strike(batch, error)
            if self.gave_up is None:
                self._think_again(batch, error, settled)
        self._answered += len(settled.outcomes) + len(settled.unread)
        return settled

    def cancel(self) -> None:
        """Let go of everything; what is in flight is not waited for."""
        for future in list(self._in_flight.values()):
            future.cancel()
        self._in_flight.clear()
        self._drop_waiting()

    def _next_files(self, *, partial: bool) -> tuple[WantedFile, ...]:
        size = max(1, self.session.batch_size)
        while self._has_more and len(self._waiting) < size:
            page = self.todo.page(self._cursor, PAGE)
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
        except Exception as error:  # settled as any other failure of this batch
            future = Future()
            future.set_exception(error)
        self._in_flight[batch] = future
        future.add_done_callback(lambda done: self._completions.put(Completion(self, batch, done)))

    def _blame(self, batch: Batch, error: PluginError, settled: Settled) -> None:
        """Look for the file that is to blame; alone, it is."""
        if len(batch.files) == 1:
            settled.outcomes.append((batch.files[0], FileOutcome(error=error.message)))
        else:
            middle = len(batch.files) // 2
            self._suspects.extend((batch.files[:middle], batch.files[middle:]))

    def _think_again(self, batch: Batch, error: PluginError, settled: Settled) -> None:
        """Decide on the files of a batch that got no answer."""
        if isinstance(error, PluginTimeout) and len(batch.files) == 1:
            self._passed_over.add(batch.files[0].id)
            settled.unread.append((batch.files[0], error))
        elif isinstance(error, PluginTimeout) or (_ended_by_call(error) and (batch.alone or len(batch.files) > 1)):
            self._blame(batch, error, settled)
        else:
            self._suspects.append(batch.files)

    def _strike(self, batch: Batch, error: PluginError) -> None:
        """Count a failure that may be the plugin's as a whole, once for all that were in flight when it happened."""
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
    except Exception as error:  # whatever a plugin raises is its own: a scan goes on without that file
        return PluginFault(plugin_id, str(error) or type(error).__name__, kind=type(error).__name__)
    if len(outcomes) != expected:
        return PluginFault(plugin_id, f"answered {len(outcomes)} outcomes for {expected} files")
    return None
