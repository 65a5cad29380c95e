"""Rows of listings as people and programs see them."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import attrs

from viewra.cli._times import time_text
from viewra.errors import UsageError
from viewra.library import LibraryAccess, display
from viewra.types import FileEntry, Page
from viewra.types.values import joined

T = TypeVar("T")

ROWS_A_PAGE = 500


def every(listing: Callable[[str | None, int], Page[T]], limit: int | None) -> Iterator[T]:
    """Give the rows of a listing, page after page; ``listing`` takes a cursor and how many rows are wanted."""
    after, left = None, limit
    while left is None or left > 0:
        wanted = ROWS_A_PAGE if left is None else min(left, ROWS_A_PAGE)
        page = listing(after, wanted)
        yield from page.items
        if page.next is None:
            return
        after = page.next
        left = None if left is None else left - len(page.items)


def data(row: Any) -> dict[str, Any]:
    """Return a row as JSON has it."""
    values = attrs.asdict(row)
    for name, value in values.items():
        if name.endswith(("_at", "_since")) and value is not None:
            values[name] = time_text(value)
        elif name == "path":
            values[name] = display(value)
    return values


class Formatter:
    """Writes files in a format such as ``$artist - $title``: the fields of a row, and any that plugins stored."""

    def __init__(self, text: str, access: LibraryAccess) -> None:
        """Raises ``UsageError`` for a format that cannot be read, or that names a field that nothing has."""
        self._template = string.Template(text)
        self._access = access
        if not self._template.is_valid():
            raise UsageError(
                f"this format cannot be read: {text}", hint="a field is $name or ${name}; write $$ for a dollar sign"
            )
        self._stored: list[str] = []
        for name in self._template.get_identifiers():
            if name not in _OF_ENTRY:
                access.check_field(name)
                self._stored.append(name)

    def line(self, entry: FileEntry) -> str:
        """Return the line of one file; what is not known of it is empty."""
        values = {name: "" if value is None else str(value) for name, value in data(entry).items()}
        if self._stored:
            metadata = self._access.file(entry.id).metadata
            values |= {name: joined(metadata[name].value) if name in metadata else "" for name in self._stored}
        return self._template.substitute(values)


_OF_ENTRY = frozenset(attrs.fields_dict(FileEntry))
