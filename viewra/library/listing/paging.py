"""Pages of a listing by cursor: each begins behind the last row of the one before, however deep it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs
import orjson
import sqlalchemy as sa

from viewra.errors import UsageError
from viewra.types import Page

T = TypeVar("T")

MAX_LIMIT = 10_000


@attrs.frozen
class Key:
    """What rows are sorted by: values that are never NULL. The last key of a listing differs from row to row."""

    column: sa.ColumnElement[Any]
    descending: bool = False


def page(
    connection: sa.Connection,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    make: Callable[[Any], T],
    *,
    after: str | None,
    limit: int,
) -> Page[T]:
    """Return a page of at most ``limit`` rows behind the cursor ``after``.

    Raises ``UsageError`` for a cursor that is not of a listing with these keys, and a limit outside 1 … 10,000.
    """
    check_limit(limit)
    place = read(after, keys) if after is not None else None
    rows = connection.execute(behind(statement, keys, place).limit(limit + 1)).all()
    cursor = write(position(rows[limit - 1], keys)) if len(rows) > limit else None
    return Page(tuple(map(make, rows[:limit])), cursor)


def check_limit(limit: int) -> None:
    """Raise ``UsageError`` for a page that cannot be."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"a page cannot have {limit} rows", hint=f"ask for 1 to {MAX_LIMIT:,}")


def behind(
    statement: sa.Select[*tuple[Any, ...]], keys: Sequence[Key], place: Sequence[Any] | None
) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement in the order of its keys, from behind a place on; each row has its place's values."""
    found = statement.add_columns(*(key.column.label(f"key_{number}") for number, key in enumerate(keys)))
    found = found.order_by(*(key.column.desc() if key.descending else key.column for key in keys))
    return found if place is None else found.where(_is_behind(keys, place))


def position(row: Any, keys: Sequence[Key]) -> list[Any]:
    """Return the place of a row that ``behind`` gave."""
    return [getattr(row, f"key_{number}") for number in range(len(keys))]


def write(place: Sequence[Any]) -> str:
    """Return a place as a cursor: text without a meaning for others."""
    values = [{"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value for value in place]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def read(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """Read a cursor. Raises ``UsageError`` for one that was not written for such keys."""
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        place = [base64.b64decode(value["b"], validate=True) if isinstance(value, dict) else value for value in values]
        kinds = [key.column.type.python_type for key in keys]
    except (ValueError, TypeError, KeyError, binascii.Error):
        place, kinds = [], []
    if not place or len(place) != len(kinds) or not all(map(isinstance, place, kinds)):
        raise UsageError("this cursor is not of this listing", hint="begin at its first page, without a cursor")
    return place


def _is_behind(keys: Sequence[Key], place: Sequence[Any]) -> sa.ColumnElement[bool]:
    directions = {key.descending for key in keys}
    if len(directions) == 1:  # databases find the place in an index by such a comparison alone
        columns = sa.tuple_(*(key.column for key in keys))
        bounds = sa.tuple_(*(sa.literal(value, key.column.type) for key, value in zip(keys, place, strict=True)))
        return columns < bounds if directions == {True} else columns > bounds
    parts = []
    for number, key in enumerate(keys):
        same = [before.column == value for before, value in zip(keys[:number], place, strict=False)]
        parts.append(sa.and_(*same, key.column < place[number] if key.descending else key.column > place[number]))
    return sa.or_(*parts)
