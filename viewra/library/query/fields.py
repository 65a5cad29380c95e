"""The fields that a query may name: those of the search index, those of the library itself, and plugins' metadata."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterable, Mapping

from viewra.errors import UsageError
from viewra.library.query.values import brief
from viewra.types.values import Value

GROUPS = {
    "titles": (
        "original_title", "show", "collection", "work", "movement", "subtitle", "discsubtitle", "originalalbum",
    ),
    "people": (
        "actor", "arranger", "artists", "conductor", "director", "djmixer", "engineer", "lyricist", "mixer",
        "originalartist", "performer", "producer", "remixer", "writer",
    ),
}  # fmt: skip
"""Columns of the search index that several fields share: other titles, and people by role."""

TEXT_FIELDS = ("title", "artist", "album", "albumartist", "composer", *GROUPS, "genre", "date")
"""What the search index has beside the path."""

TEXT_METADATA = (
    *(field for field in TEXT_FIELDS if field not in GROUPS),
    *(field for members in GROUPS.values() for field in members),
)
"""The metadata in the search index."""

INDEXED = (*TEXT_FIELDS, "path")
"""The columns of the search index."""

OWN = (
    "added", "album_id", "artist_id", "disc", "duration", "episode", "genre_id", "id", "kind", "library_id", "missing",
    "modified", "season", "series_id", "size", "track", "type", "year",
)  # fmt: skip
"""The library's own fields of a file, and metadata that it stores as numbers."""

ABSENT_IS_NO = frozenset({"has_picture", "compilation"})
"""Yes/no fields that plugins leave out if the answer is no: so nobody may have said anything of them."""

_GROUP_OF = {field: group for group, members in GROUPS.items() for field in members}

MEMBERS = frozenset(_GROUP_OF)
"""The metadata that shares a column of the search index."""

SORTS = (
    "added", "album", "artist", "duration", "episode", "id", "modified", "path", "size", "title", "track", "year",
)  # fmt: skip
"""The fields by which files can be sorted."""


def group_of(field: str) -> str | None:
    """Return the column of the search index that a field shares with others, None for all other fields."""
    return _GROUP_OF.get(field)


def grouped(values: Mapping[str, Value]) -> dict[str, tuple[str, ...]]:
    """Return the values of the columns that several fields share."""
    found: dict[str, tuple[str, ...]] = {}
    for group, members in GROUPS.items():
        found[group] = texts_of(values, members)
    return found


def texts_of(values: Mapping[str, Value], fields: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct values of several fields."""
    said = [_texts(values[field]) for field in fields if field in values]
    return tuple(dict.fromkeys(itertools.chain.from_iterable(said)))


def _texts(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def is_known(field: str) -> bool:
    """Whether a query may name a field of which no plugin has stored a value."""
    return field in INDEXED or field in OWN or field in _GROUP_OF or field in ABSENT_IS_NO


def check(field: str, at: int, stored: Collection[str]) -> None:
    """Raise ``UsageError`` for a field that is not the library's and for which no plugin has stored a value.

    ``stored`` are the names of those that have one, as plugins write them; ``field`` is in lower case.
    """
    if not is_known(field) and field not in (known := {name.lower() for name in stored}):
        raise unknown("cannot search by", field, at, {*INDEXED, *OWN, *known})


def check_sort(field: str, at: int) -> None:
    """Raise ``UsageError`` for a field by which files cannot be sorted."""
    if field not in SORTS:
        raise unknown("cannot sort by", field, at, SORTS)


def unknown(what: str, field: str, at: int, known: Collection[str]) -> UsageError:
    """Return the error for an unknown field, with the most similar known field."""
    near = difflib.get_close_matches(field.replace("_", ""), sorted(known), n=1) or difflib.get_close_matches(
        field, sorted(known), n=1
    )
    hint = f"did you mean {near[0]}?" if near else f"fields are {', '.join(sorted(known))}"
    if what == "cannot search by":
        hint += f"{' To' if near else '; to'} search for the text itself, put it in quotes"
    return UsageError(f"the query, column {at + 1}: {what} {brief(field)!r}", hint=hint)
