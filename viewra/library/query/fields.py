"""The fields that a query may name: those of the search index, those of the library itself, and plugins' metadata."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from viewra.errors import UsageError

TEXT_FIELDS = ("title", "artist", "album", "albumartist", "composer", "genre", "date")
"""The metadata in the search index, beside the path."""

INDEXED = (*TEXT_FIELDS, "path")
"""The columns of the search index."""

OWN = (
    "added", "album_id", "artist_id", "disc", "duration", "episode", "genre_id", "id", "kind", "missing", "modified",
    "season", "series_id", "size", "track", "type", "year",
)  # fmt: skip
"""What the library itself knows of a file, or keeps as a number."""

SORTS = (
    "added", "album", "artist", "duration", "episode", "id", "modified", "path", "size", "title", "track", "year",
)  # fmt: skip
"""What files can be sorted by."""


def is_known(field: str) -> bool:
    """Whether a field is one of the library's, and not only a plugin's."""
    return field in INDEXED or field in OWN


def check(field: str, at: int, stored: Collection[str]) -> None:
    """Raise ``UsageError`` for a field that is none of the library's and that no plugin has stored a value of."""
    if not is_known(field) and field not in stored:
        raise unknown("cannot search by", field, at, {*INDEXED, *OWN, *stored})


def check_sort(field: str, at: int) -> None:
    """Raise ``UsageError`` for what files cannot be sorted by."""
    if field not in SORTS:
        raise unknown("cannot sort by", field, at, SORTS)


def unknown(what: str, field: str, at: int, known: Collection[str]) -> UsageError:
    """Return the error for a field that is not known, with what was probably meant."""
    near = difflib.get_close_matches(field.replace("_", ""), sorted(known), n=1) or difflib.get_close_matches(
        field, sorted(known), n=1
    )
    hint = f"did you mean {near[0]}?" if near else f"fields are {', '.join(sorted(known))}"
    if what == "cannot search by":
        hint += f"{'' if near else ';'} to search for the text itself, put it in quotes"
    return UsageError(f"the query, column {at + 1}: {what} {field!r}", hint=hint)
