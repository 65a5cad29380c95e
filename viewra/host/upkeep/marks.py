"""``Marks``: the folders of one library in which something has happened, until it is time to look at them.

A folder is looked at when it is quiet: a file that is still being written would be read in vain. One that never becomes
quiet is looked at now and then. All times are seconds of one clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from viewra.library.paths import is_within, join
from viewra.library.scope import Part

QUIET_S = 0.2
"""Seconds without a notice, after what is complete: a file that was closed, renamed or deleted."""
WRITING_S = 2.0
"""Seconds without a write to a file that was not closed: its writer may have forgotten it."""
LONGEST_S, PATIENCE_S = 10.0, 300.0
"""Seconds after which a folder is looked at that is not quiet: at first, and at last, as each time they double."""
TOGETHER_S = 0.1
"""Folders that are due so soon are taken, too: a file may have moved from one to the other."""
MOST = 400
"""With more folders the whole library is looked at."""


@attrs.define
class _Mark:
    """What happened in one folder. ``writes``: when each open file was last written to, by path."""

    since: float
    quiet_at: float
    longest_s: float
    deep: bool = False
    writes: dict[bytes, float] = attrs.field(factory=dict)

    @property
    def due(self) -> float:
        return min(self._quiet_at, self.since + self.longest_s)

    @property
    def is_busy(self) -> bool:
        """Whether it is due without being quiet."""
        return self._quiet_at > self.since + self.longest_s

    @property
    def _quiet_at(self) -> float:
        return max((self.quiet_at, *(at + WRITING_S for at in self.writes.values())))


class Marks:
    """For one library, whose folder is ``root``. Not thread-safe."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self._marks: dict[bytes, _Mark] = {}
        self._patience: dict[bytes, float] = {}  # of folders that were not quiet when they were taken

    @property
    def due(self) -> float:
        """When the first folder is due; infinite if there is none."""
        return min((mark.due for mark in self._marks.values()), default=math.inf)

    def note(self, folder: bytes, now: float, *, deep: bool = False, name: bytes = b"") -> None:
        """Something in a folder, or with ``deep`` in any below it, has changed; the file ``name`` is complete."""
        mark = self._mark(folder, now)
        mark.quiet_at = now + QUIET_S
        mark.deep |= deep
        mark.writes.pop(join(folder, name), None)

    def note_write(self, folder: bytes, name: bytes, now: float) -> None:
        """A file is being written."""
        self._mark(folder, now).writes[join(folder, name)] = now

    def note_all(self, now: float, pause_s: float = QUIET_S) -> None:
        """Anything may have changed; it is looked at after ``pause_s`` seconds."""
        self._marks = {self.root: _Mark(now, now + pause_s, LONGEST_S, deep=True)}

    def take(self, now: float) -> Sequence[Part]:
        """The folders that are due, none inside another; they are marked no longer."""
        due = {folder: mark for folder, mark in self._marks.items() if mark.due <= now + TOGETHER_S}
        for folder, mark in due.items():
            if mark.is_busy:
                self._patience[folder] = min(2 * mark.longest_s, PATIENCE_S)
            else:
                self._patience.pop(folder, None)
        tops: list[bytes] = []
        for folder in sorted(folder for folder, mark in due.items() if mark.deep):
            if not tops or not is_within(folder, tops[-1]):
                tops.append(folder)
        inside = {folder for folder in self._marks if _is_in(folder, tops)}
        flat = [folder for folder in due if folder not in inside]
        for folder in (*inside, *flat):
            del self._marks[folder]
        return [*(Part(top) for top in tops), *(Part(folder, deep=False) for folder in flat)]

    def put_back(self, parts: Sequence[Part], now: float) -> None:
        """Mark folders again that could not be looked at."""
        for part in parts:
            self.note(part.path, now, deep=part.deep)

    def _mark(self, folder: bytes, now: float) -> _Mark:
        whole = self._marks.get(self.root)
        if len(self._marks) >= MOST and not (whole and whole.deep):
            self.note_all(now)
            whole = self._marks[self.root]
        if whole is not None and whole.deep:
            return whole
        mark = self._marks.get(folder)
        if mark is None:
            longest_s = self._patience.get(folder, LONGEST_S)
            mark = self._marks[folder] = _Mark(now, now, longest_s)
        return mark


def _is_in(folder: bytes, tops: Sequence[bytes]) -> bool:
    """Whether a folder is one of ``tops`` or below it."""
    return any(is_within(folder, top) for top in tops)
