"""Lays out tables: columns as wide as their cells, cut between words where a terminal is narrower."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

NARROWEST = 8
"""Columns are not cut below so many cells."""

PATH = "PATH"
"""The head of a column whose cells are told apart by their ends."""

WIDEST_PADDED = 60
"""Uncut columns are padded to at most so many cells: one long text would fill all other rows with spaces."""

_GAP = 2


def table_lines(rows: Sequence[Sequence[str]], header: Sequence[str], width: int | None) -> list[str]:
    """Return the lines of a table, at most ``width`` cells wide if that can be; None: as wide as it takes."""
    texts = [list(header), *map(list, rows)]
    widths = [max(cells(row[index]) for row in texts) for index in range(len(header))]
    if width is not None:
        widths = _fitted(widths, width - _GAP * (len(widths) - 1))
        cuts = [cut_front if head == PATH else cut for head in header]
        texts = [[fit(cell, room) for fit, cell, room in zip(cuts, row, widths, strict=True)] for row in texts]
    else:
        widths = [min(one, WIDEST_PADDED) for one in widths]
    return [_line(row, widths) for row in texts]


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def cut(text: str, room: int) -> str:
    """Return a text that takes at most ``room`` cells: the end is cut off, behind a word where one ends soon enough."""
    if cells(text) <= room:
        return text
    taken = 0
    for place, character in enumerate(text):
        taken += _cells(character)
        if taken > room - 1:
            head = text[:place]
            words = head.rpartition(" ")[0].rstrip()
            return (words if cells(words) >= room // 2 else head) + "…"
    return text


def cut_front(text: str, room: int) -> str:
    """Return a path that takes at most ``room`` cells: the beginning is cut off, before a folder if one begins soon."""
    if cells(text) <= room:
        return text
    taken = 0
    for place in range(len(text) - 1, -1, -1):
        taken += _cells(text[place])
        if taken > room - 1:
            tail = text[place + 1 :]
            folders = tail[tail.find("/") :] if "/" in tail else tail
            return "…" + (folders if cells(folders) >= room // 2 else tail)
    return text


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
    return (" " * _GAP).join(padded).rstrip()


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Make the widest columns narrower until all fit, or are as narrow as may be."""
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
