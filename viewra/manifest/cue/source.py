"""Source texts and places in them, which tokens, expressions and errors refer to."""

from __future__ import annotations

import bisect
from typing import NamedTuple


class Source:
    """One source text. ``rank`` orders sources by how useful a place in them is in a message.

    Rank 0 is the text under evaluation, 1 a schema of viewra's, 2 data without text.
    """

    __slots__ = ("_lines", "name", "rank", "text")

    def __init__(self, name: str, text: str, rank: int = 0) -> None:
        self.name = name
        self.text = text
        self.rank = rank
        self._lines: list[int] | None = None

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, in code points; (0, 0) for a source without text."""
        if self.rank == 2:
            return 0, 0
        if self._lines is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._lines = starts
        line = bisect.bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


class Place(NamedTuple):
    """One offset in one source."""

    source: Source
    offset: int

    @property
    def place(self) -> Place:
        """Itself, so that it can be given where something that has a place is asked for."""
        return self

    def __str__(self) -> str:
        line, column = self.source.line_column(self.offset)
        return f"{self.source.name}:{line}:{column}" if line else self.source.name
