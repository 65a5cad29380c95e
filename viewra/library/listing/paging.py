"""Pages through a listing by cursor: each page begins after the last row of the previous one, at any depth."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.fetching import fetch
from viewra.errors import UsageError
from viewra.types import Page

T = TypeVar("T")

MAX_LIMIT = 10_000


@attrs.frozen(eq=False)  # of a column, which compares to a condition
class Key:
    """A sort key of rows, whose values are never NULL. The last key of a listing is unique."""

    column: sa.ColumnElement[Any]
    descending: bool = False


def page(
    connection: sa.Connection,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    make: Callable[[Sequence[Any]], Iterable[T]],
    *,
    after: str | None,
    limit: int,
) -> Page[T]:
    """Return a page of at most ``limit`` rows after the cursor ``after``.

    ``make`` makes its values of the rows: tuples of what the statement selects, and possibly of more behind that.
    Raises ``UsageError`` for a cursor of a listing with other keys, and a limit outside 1 … 10,000.
    """
    check_limit(limit)
    place = read(after, keys) if after is not None else None
    found: list[tuple[Any, ...]] = []
    for asked, values in _asked(connection, statement, keys, place):
        found += fetch(connection, asked, {**values, _MOST: limit + 1 - len(found)})
        if len(found) > limit:
            break
    if len(found) <= limit:
        return Page(tuple(make(found)))
    del found[limit:]
    return Page(tuple(make(found)), write(position(found[-1], statement, keys), keys))


def check_limit(limit: int) -> None:
    """Raise ``UsageError`` for a limit outside 1 … 10,000."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"a page cannot have {limit} rows", hint=f"ask for 1 to {MAX_LIMIT:,}")


def rows(
    connection: sa.Connection,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    place: Sequence[Any] | None,
    most: int,
) -> Sequence[Any]:
    """Return the first rows of a statement in the order of its keys, after a place if there is one."""
    found: list[Any] = []
    for asked, values in _asked(connection, statement, keys, place):
        found += connection.execute(asked, {**values, _MOST: most - len(found)}).all()
        if len(found) == most:
            break
    return found


def position(row: Any, statement: sa.Select[*tuple[Any, ...]], keys: Sequence[Key]) -> list[Any]:
    """Return the place of a row of a statement."""
    return [row[column] for column in _placed(statement, tuple(keys)).columns]


def write(place: Sequence[Any], keys: Sequence[Key]) -> str:
    """Return a place as a cursor: an opaque text, which tells for which keys it is."""
    values = [{"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value for value in place]
    return base64.urlsafe_b64encode(orjson.dumps([_order(tuple(keys)), *values])).decode().rstrip("=")


def read(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """Read a cursor. Raises ``UsageError`` for one that was written for other keys."""
    order, *place = _decoded(cursor) or [None]
    if order != _order(tuple(keys)) or len(place) != len(keys) or not all(map(_is_of, place, keys)):
        raise _foreign()
    return place


@lru_cache(maxsize=128)
def _order(keys: tuple[Key, ...]) -> int:
    """Return a number that tells orders apart: in a cursor of another one the values mean something else."""
    names = ((str(key.column), key.descending) for key in keys)
    return zlib.crc32(repr([*names]).encode())


def _is_of(value: object, key: Key) -> bool:
    """Whether a value is one that the column of a key may have; the database refuses to compare others."""
    kind = key.column.type
    if type(value) is not kind.python_type:
        return False
    if isinstance(value, int):
        most = 2**63 if isinstance(kind, sa.BigInteger) else 2**31
        return -most <= value < most
    return not isinstance(value, str) or "\0" not in value


def _decoded(cursor: str) -> list[Any]:
    """The values in a cursor; none in one that cannot be read."""
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return [base64.b64decode(value["b"], validate=True) if isinstance(value, dict) else value for value in values]
    except (ValueError, TypeError, KeyError, binascii.Error):
        return []


def _foreign() -> UsageError:
    return UsageError("this cursor is not of this listing", hint="begin at its first page, without a cursor")


_MOST = "most_rows"


def _place(number: int) -> str:
    return f"place_{number}"


def _asked(
    connection: sa.Connection,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    place: Sequence[Any] | None,
) -> Iterator[tuple[sa.Select[*tuple[Any, ...]], dict[str, Any]]]:
    """Yield the statements of the first rows, or of those behind a place, which follow each other, and their values."""
    placed = _placed(statement, tuple(keys))
    if place is None:
        yield placed.first, {}
        return
    values = {_place(number): value for number, value in enumerate(place)}
    for behind in placed.behind if connection.dialect.name == "sqlite" else placed.behind_at_once:
        yield behind, values


@attrs.frozen(eq=False)
class _Placed:
    """A statement in the order of its keys: that of the first rows, and those of the first ones behind a place.

    ``columns`` are the numbers of the columns with the place of a row; those that were not selected are added.
    """

    first: sa.Select[*tuple[Any, ...]]
    behind: Sequence[sa.Select[*tuple[Any, ...]]]
    """First of those that only the last key places behind, then of the others."""
    behind_at_once: Sequence[sa.Select[*tuple[Any, ...]]]
    columns: tuple[int, ...]


@lru_cache(maxsize=128)
def _placed(statement: sa.Select[*tuple[Any, ...]], keys: tuple[Key, ...]) -> _Placed:
    selected = {id(column): number for number, column in enumerate(statement.selected_columns)}
    columns = []
    for key in keys:
        if id(key.column) not in selected:
            selected[id(key.column)] = len(selected)
            statement = statement.add_columns(key.column)
        columns.append(selected[id(key.column)])
    first = statement.order_by(*(key.column.desc() if key.descending else key.column for key in keys))
    first = first.limit(sa.bindparam(_MOST, type_=sa.Integer))
    at_once = (first.where(_is_behind(keys)),)
    return _Placed(first, _one_by_one(first, keys) or at_once, at_once, tuple(columns))


def _one_by_one(first: sa.Select[*tuple[Any, ...]], keys: Sequence[Key]) -> Sequence[sa.Select[*tuple[Any, ...]]]:
    """Return the statements of rows with the place's values of all keys but the last, and of the rows behind these.

    In an index SQLite does not find a place by a comparison of rows with an id, and would go through all rows that have
    the other values in common.
    """
    *others, last = keys
    if not others or not _are_of_a_kind(keys):
        return ()
    of_place = [sa.bindparam(_place(number), type_=key.column.type) for number, key in enumerate(keys)]
    same = (key.column == value for key, value in zip(others, of_place, strict=False))
    rest = last.column < of_place[-1] if last.descending else last.column > of_place[-1]
    return first.where(*same, rest), first.where(_is_behind(others))


def _are_of_a_kind(keys: Sequence[Key]) -> bool:
    """Whether keys are columns of one table in one direction."""
    return len({(key.descending, getattr(key.column, "table", None)) for key in keys}) == 1


def _is_behind(keys: Sequence[Key]) -> sa.ColumnElement[bool]:
    place = [sa.bindparam(_place(number), type_=key.column.type) for number, key in enumerate(keys)]
    directions = {key.descending for key in keys}
    if len(directions) == 1:  # only for such a comparison do databases use an index
        columns = [key.column for key in keys]
        if _are_of_a_kind(keys):
            rows, bounds = sa.tuple_(*columns), sa.tuple_(*place)
            return rows < bounds if directions == {True} else rows > bounds
        # No index has columns of several tables: the first key's finds the place. PostgreSQL multiplies the parts that
        # two comparisons with one place leave, and would sort what it takes for few: so the second leaves out rows.
        rows, bounds = sa.tuple_(*columns[1:]), sa.tuple_(*place[1:])
        if directions == {True}:
            return sa.and_(columns[0] <= place[0], sa.not_(sa.and_(columns[0] == place[0], rows >= bounds)))
        return sa.and_(columns[0] >= place[0], sa.not_(sa.and_(columns[0] == place[0], rows <= bounds)))
    parts = []
    for number, key in enumerate(keys):
        same = [before.column == value for before, value in zip(keys[:number], place, strict=False)]
        parts.append(sa.and_(*same, key.column < place[number] if key.descending else key.column > place[number]))
    return sa.or_(*parts)
