"""Counts a scan's results: for the progress bar while it runs, and for the report at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence

import attrs

from viewra.library.id_set import IdSet
from viewra.library.paths import display
from viewra.types import ScanCounts, ScanFailure, ScanStatus

MAX_FAILURES = 1000
"""How many failures a report lists; the number of failed files is exact."""

REPORTS_PER_S = 10


@attrs.frozen
class ScanProgress:
    """A scan's progress.

    ``seen`` files were found on the disk; ``done`` of them are finished: each scraper that reads them has answered.
    ``total`` is None during the walk. ``phase`` is ``"walk"`` (with reading beside it), ``"read"`` or ``"finish"``;
    ``current`` is the last path, printable. ``workers`` is as in ``ScanReport``.
    """

    seen: int
    done: int
    total: int | None
    failed: int
    phase: str
    current: str
    workers: Mapping[str, int] = attrs.field(factory=dict, hash=False)


class Tally:
    """The counts and failures of one scan."""

    def __init__(self) -> None:
        self.counts = ScanCounts()
        self.failures: list[ScanFailure] = []
        self.walked = True
        self.known_failures: Collection[int] = frozenset()
        self.new_failed = 0
        self.workers: Mapping[str, int] = {}
        self._failed_files: set[int] = set()
        self._read_files = IdSet()

    @property
    def has_changes(self) -> bool:
        """Whether rows of files, or what plugins read of them, have changed."""
        counts = self.counts
        changed = (counts.new, counts.changed, counts.moved, counts.missing, counts.returned, counts.deleted)
        return any(changed) or counts.read > 0

    def count_found(self, new: int, moved: Sequence[bool]) -> None:
        """Count new files, and moved ones: for each whether it was missing, and so has returned."""
        returned = sum(moved)
        self.counts.moved += len(moved) - returned
        self.counts.returned += returned
        self.counts.new += new
        self.counts.seen += len(moved) + new

    def fail_path(self, path: str, error: str, *, is_file: bool) -> None:
        """Count a failure of the file system."""
        self.counts.failed += is_file
        self._note(ScanFailure(path, None, error))

    def fail_file(self, file_id: int, path: str, plugin_id: str, error: str, worker: str = "") -> None:
        """A plugin could not read one file; new is that of one that is not among ``known_failures``."""
        self.new_failed += file_id not in self.known_failures and file_id not in self._failed_files
        self.miss_file(file_id)
        self._note(ScanFailure(path, plugin_id, error, worker))

    def fail_plugin(self, path: str, plugin_id: str, error: str, worker: str = "") -> None:
        """Count a plugin's failure at several files: one line for all."""
        self._note(ScanFailure(path, plugin_id, error, worker))

    def miss_file(self, file_id: int) -> None:
        """Count a file as failed, once even if several plugins fail at it."""
        if file_id not in self._failed_files:
            self._failed_files.add(file_id)
            self.counts.failed += 1

    def note_read(self, file_id: int) -> None:
        """Count a file that a plugin has tried to read, once even if several do."""
        self._read_files.add(file_id)
        self.counts.read = len(self._read_files)

    def stats(self, status: ScanStatus) -> dict[str, str]:
        """The counts and the status as text, for listeners; ``walked`` only if no folder was walked."""
        counts = attrs.asdict(self.counts)
        how = {} if self.walked else {"walked": "false"}
        return {"status": str(status), **how, **{name: str(count) for name, count in counts.items()}}

    def _note(self, failure: ScanFailure) -> None:
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(failure)


class ProgressReporter:
    """Calls back with the progress, at most ``REPORTS_PER_S`` times per second."""

    def __init__(self, tally: Tally, callback: Callable[[ScanProgress], None] | None) -> None:
        self._tally = tally
        self._callback = callback
        self._next = 0.0
        self.phase = "walk"
        self.current = ""

    def tell(self, unread: Callable[[], int], *, now: bool = False) -> None:
        """Report if it is time to, or ``now``; ``unread`` is the number of files that wait for a scraper."""
        if self._callback is None:
            return
        clock = time.monotonic()
        if clock < self._next and not now:
            return
        self._next = clock + 1 / REPORTS_PER_S
        counts = self._tally.counts
        done = max(0, counts.seen - unread())
        total = None if self.phase == "walk" else counts.seen
        current, workers = display(self.current), dict(self._tally.workers)
        self._callback(ScanProgress(counts.seen, done, total, counts.failed, self.phase, current, workers))
