"""Translates conditions on the library's own fields of a file to conditions on columns."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from viewra.db.catalogue_tables import catalogue, file_artists, file_genres
from viewra.db.tables import media_files
from viewra.errors import UsageError
from viewra.library.query.tree import Bound, Given, Leaf, Pattern, Text
from viewra.library.query.values import Span, brief, is_age, moment, number, yes_or_no

KINDS = ("audio", "video", "image", "playlist", "other")

_NUMBERS: dict[str, tuple[sa.Column[Any], int, bool]] = {
    "year": (catalogue.c.year, 1, True),
    "disc": (catalogue.c.disc, 1, True),
    "track": (catalogue.c.track, 1, True),
    "duration": (catalogue.c.duration_ms, 1000, True),
    "season": (catalogue.c.season, 1, False),
    "episode": (catalogue.c.episode, 1, False),
    "album_id": (catalogue.c.album_id, 1, False),
    "series_id": (catalogue.c.series_id, 1, False),
    "size": (media_files.c.size, 1, False),
    "id": (media_files.c.id, 1, False),
    "library_id": (media_files.c.library_id, 1, False),
}
"""Field → its column, the number of its units in one unit of the query, and whether 0 means unknown."""

_TIMES: dict[str, tuple[sa.ColumnElement[Any], int]] = {
    "added": (media_files.c.added_at, 1),
    "modified": (media_files.c.mtime_ns, 1000),
}
"""Field → its column, and the number of its units in a microsecond."""


_LINKS: dict[str, tuple[sa.Column[Any], sa.Column[Any]]] = {
    "artist_id": (file_artists.c.media_file_id, file_artists.c.artist_id),
    "genre_id": (file_genres.c.media_file_id, file_genres.c.genre_id),
}
"""Field → the columns of the file and of the linked rows."""

CATALOGUE_TEXTS = frozenset({"title", "artist", "album", "albumartist"})
"""Fields whose text the catalogue has, of files that are there."""

_LARGEST = 2**63 - 1


def is_own(field: str) -> bool:
    """Whether the field is a column of the library."""
    return field in _NUMBERS or field in _TIMES or field in _LINKS or field in _EXAMPLES


def is_time(field: str) -> bool:
    """Whether the field is compared with moments, which may be meant relative to now."""
    return field in _TIMES


def is_of_catalogue(field: str) -> bool:
    """Whether the field is in the catalogue, which has only existing files."""
    return field == "kind" or field in _LINKS or (field in _NUMBERS and _NUMBERS[field][0].table is catalogue)


def condition(leaf: Leaf, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for a field that ``is_own``. Raises ``UsageError`` for an invalid value."""
    if isinstance(leaf, Given):
        return given(leaf.field)
    if isinstance(leaf, Pattern):
        raise _error(leaf, f"~{leaf.expression}", "a regular expression is for text", "compare it: <, >, or a..b")
    if isinstance(leaf, Text) and leaf.prefix:
        example = _EXAMPLES.get(leaf.field, f"{leaf.field}:1990..1999")
        raise _error(leaf, f"{leaf.text}*", "this field is compared as a whole", f"for example: {example}")
    if leaf.field in _NUMBERS:
        return _number(leaf)
    if leaf.field in _TIMES:
        return _time(leaf, now)
    if isinstance(leaf, Bound):
        example = _EXAMPLES.get(leaf.field, f"{leaf.field}:12")
        raise _error(leaf, "..", "it has no order", f"for example: {example}")
    if leaf.field in _LINKS:
        file_id, linked_id = _LINKS[leaf.field]
        value = _read_number(leaf, leaf.text)
        linked = sa.select(file_id).where(linked_id == _whole(round(value)))
        return media_files.c.id.in_(linked) if value == round(value) else sa.false()
    return {"kind": _kind, "type": _type, "missing": _missing}[leaf.field](leaf)


def given(field: str) -> sa.ColumnElement[bool]:
    """Return the condition that a field has a value, for one that ``is_own`` or of the texts of the catalogue."""
    if field in _NUMBERS:
        column, _, zero_is_unknown = _NUMBERS[field]
        return column > 0 if zero_is_unknown else column.is_not(None)
    if field in _LINKS:
        return media_files.c.id.in_(sa.select(_LINKS[field][0]))
    if field in CATALOGUE_TEXTS:
        return catalogue.c[field] != ""
    return media_files.c.mime_type != "" if field == "type" else sa.true()


_EXAMPLES = {"kind": "kind:video", "type": "type:audio/flac", "missing": "missing:yes"}


def _number(leaf: Text | Bound) -> sa.ColumnElement[bool]:
    column, scale, zero_is_unknown = _NUMBERS[leaf.field]
    known = [column > 0] if zero_is_unknown else []
    if isinstance(leaf, Text):
        value = _read_number(leaf, leaf.text, scale)
        if leaf.field == "duration":  # the whole second matches
            return sa.and_(*known, column >= _whole(math.ceil(value)), column < _whole(math.ceil(value + scale)))
        return sa.and_(*known, column == _whole(round(value))) if value == round(value) else sa.false()
    if leaf.low:
        low = _read_number(leaf, leaf.low, scale)
        known.append(column >= _whole(math.ceil(low) if leaf.with_low else math.floor(low) + 1))
    if leaf.high:
        high = _read_number(leaf, leaf.high, scale)
        known.append(column <= _whole(math.floor(high) if leaf.with_high else math.ceil(high) - 1))
    return sa.and_(*known)


def _whole(number: int) -> sa.ColumnElement[int]:
    """Return a number clamped to just beyond the range of 64 bits, so that databases can compare it with columns."""
    return sa.literal(min(max(number, -_LARGEST), _LARGEST), sa.BigInteger)


def _read_number(leaf: Text | Bound, text: str, scale: int = 1) -> Decimal:
    """Read a number in units of a column. As floats, 1.001 seconds are less than 1001 milliseconds."""
    value = number(text)
    if value is None or abs(value) > 2**53:
        example = "4:30" if leaf.field == "duration" else "10M" if leaf.field == "size" else "1990"
        raise _error(leaf, text, "this is no number", f"for example: {leaf.field}:>{example}")
    return Decimal(repr(value)) * scale


def _time(leaf: Text | Bound, now: datetime) -> sa.ColumnElement[bool]:
    column, scale = _TIMES[leaf.field]
    if isinstance(leaf, Text):
        span = _read_time(leaf, leaf.text, now)
        if is_age(leaf.text):
            return column >= _whole(span.start * scale)
        return sa.and_(column >= _whole(span.start * scale), column < _whole(span.end * scale))
    parts = []
    # ``added:<7d`` is less than seven days ago, which is after that moment.
    low, high, with_low, with_high = leaf.low, leaf.high, leaf.with_low, leaf.with_high
    if is_age(low or high) and is_age(high or low):
        low, high, with_low, with_high = high, low, with_high, with_low
    if low:
        span = _read_time(leaf, low, now)
        parts.append(column >= _whole((span.start if with_low else span.end) * scale))
    if high:
        span = _read_time(leaf, high, now)
        parts.append(column < _whole((span.end if with_high else span.start) * scale))
    return sa.and_(*parts)


def _read_time(leaf: Text | Bound, text: str, now: datetime) -> Span:
    span = moment(text, now)
    if span is None:
        raise _error(leaf, text, "this is no date", f"for example: {leaf.field}:<7d, {leaf.field}:2024-05")
    return span


def _kind(leaf: Text) -> sa.ColumnElement[bool]:
    if leaf.text.lower() not in KINDS:
        raise _error(leaf, leaf.text, "there is no such kind", f"kinds are {', '.join(KINDS)}")
    return catalogue.c.kind == leaf.text.lower()


def _type(leaf: Text) -> sa.ColumnElement[bool]:
    wanted = leaf.text.lower().strip("/")
    column = media_files.c.mime_type
    return sa.or_(
        column == wanted,
        column.startswith(wanted + "/", autoescape=True),
        column.endswith("/" + wanted, autoescape=True),
    )


def _missing(leaf: Text) -> sa.ColumnElement[bool]:
    answer = yes_or_no(leaf.text)
    if answer is None:
        raise _error(leaf, leaf.text, "this is neither yes nor no", "for example: missing:yes")
    return media_files.c.missing_since.is_not(None) if answer else media_files.c.missing_since.is_(None)


def _error(leaf: Leaf, text: str, message: str, hint: str) -> UsageError:
    return UsageError(f"the query, column {leaf.at + 1}, '{leaf.field}:{brief(text)}': {message}", hint=hint)
