"""Writes files with their metadata as JSON or CSV, or as a playlist, line by line."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import attrs

from viewra.library.paths import display
from viewra.types import FileEntry, MetadataValue, Page

if TYPE_CHECKING:  # light start: commands import this module
    from viewra.library.access import LibraryAccess

T = TypeVar("T")

Form = Literal["json", "csv", "m3u8"]
FORMS: tuple[Form, ...] = get_args(Form)
ROWS_A_PAGE = 500
_BEGIN_FORMULAS = frozenset("=+-@\t\r")


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


def with_metadata(
    entries: Iterable[FileEntry], access: LibraryAccess
) -> Iterator[tuple[FileEntry, Mapping[str, MetadataValue]]]:
    """Give files with their metadata; one that was forgotten since it was listed is left out."""
    rows = iter(entries)
    while part := [*itertools.islice(rows, ROWS_A_PAGE)]:
        known = access.metadata([entry.id for entry in part])
        yield from ((entry, known[entry.id]) for entry in part if entry.id in known)


def exported(access: LibraryAccess, query: str, form: Form, left_out: Callable[[str], object] = bool) -> Iterator[str]:
    """The lines of the files that ``query`` asks for, "" for all; the first line is made when it is asked for.

    ``json`` has all metadata of each file; ``csv`` has a row for each file, with an apostrophe before text that
    spreadsheets take for a formula; ``m3u8`` is a playlist, and calls ``left_out`` with each path that none can name.
    Raises UsageError for a query with an error.
    """
    entries = every(lambda after, wanted: access.files(query, after=after, limit=wanted), None)
    if form == "json":
        return json_lines(entries, access)
    return csv_lines(entries) if form == "csv" else m3u8_lines(entries, left_out)


def json_lines(entries: Iterable[FileEntry], access: LibraryAccess) -> Iterator[str]:
    """A list with an object for each file."""
    yield "["
    before = ""
    for entry, metadata in with_metadata(entries, access):
        row = {**data(entry), "metadata": {field: _plain(said.value) for field, said in sorted(metadata.items())}}
        if before:
            yield before + ","
        before = json.dumps(row, ensure_ascii=False)
    if before:
        yield before
    yield "]"


def csv_lines(entries: Iterable[FileEntry]) -> Iterator[str]:
    """A line with the names of the columns, and one for each file."""
    names = [*attrs.fields_dict(FileEntry)]
    yield _record(names)
    for entry in entries:
        row = data(entry)
        yield _record(["" if row[name] is None else _cell(row[name]) for name in names])


def m3u8_lines(entries: Iterable[FileEntry], left_out: Callable[[str], object]) -> Iterator[str]:
    """A playlist of the files' paths."""
    yield "#EXTM3U"
    for entry in entries:
        if "\n" in entry.path or "\r" in entry.path or display(entry.path) != entry.path:
            left_out(entry.path)
            continue
        name = " - ".join(filter(None, (entry.artist, entry.title)))
        yield f"#EXTINF:{round(entry.duration_s) if entry.duration_s else -1},{_in_one_line(name)}"
        yield entry.path


def time_text(microseconds: int) -> str:
    """A time in microseconds since the epoch, in ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def _plain(value: object) -> object:
    return value if isinstance(value, str) else [*value] if isinstance(value, Iterable) else value


def _record(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # puts a cell with a line end in quotes, if its lines end as usual
    return text.getvalue().removesuffix("\r\n")


def _cell(value: object) -> object:
    """Return a value with an apostrophe before text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _BEGIN_FORMULAS else value


def _in_one_line(text: str) -> str:
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    return char if char.isprintable() or (char.isspace() and char > "\xa0") else repr(char)[1:-1]
