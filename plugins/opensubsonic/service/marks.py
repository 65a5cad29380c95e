"""Stores what users say of songs, albums and artists: favourites, ratings, and what they played."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from .tables import marks

_columns = marks.c
_A_QUERY = 500


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


class Marks:
    """The marks of all users. Several threads may use it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, user: str, kind: str, numbers: Collection[int]) -> dict[int, Any]:
        """The marks of a user by id: rows with ``starred_at``, ``rating``, ``plays`` and ``played_at``."""
        found: dict[int, Any] = {}
        wanted = list(numbers)
        mine = sa.select(marks).where(_columns.username == user, _columns.kind == kind)
        with self._engine.connect() as connection:
            for begin in range(0, len(wanted), _A_QUERY):
                some = mine.where(_columns.item_id.in_(wanted[begin : begin + _A_QUERY]))
                found.update((row.item_id, row) for row in connection.execute(some))
        return found

    def star(self, user: str, kind: str, number: int, *, starred: bool) -> None:
        """Make something a favourite, or no longer; a favourite keeps its time."""
        at = now()
        with self._engine.begin() as connection:
            mark = self._made(connection, user, kind, number)
            value = sa.func.coalesce(_columns.starred_at, at) if starred else None
            connection.execute(mark.values(starred_at=value))

    def rate(self, user: str, kind: str, number: int, rating: int) -> None:
        """Rate something from 1 to 5; 0 removes the rating."""
        with self._engine.begin() as connection:
            connection.execute(self._made(connection, user, kind, number).values(rating=rating))

    def play(self, user: str, kind: str, number: int, at: int) -> None:
        """Count a play at ``at`` (microseconds since the epoch)."""
        last = sa.func.max(sa.func.coalesce(_columns.played_at, 0), at)
        with self._engine.begin() as connection:
            mark = self._made(connection, user, kind, number)
            connection.execute(mark.values(plays=_columns.plays + 1, played_at=last))

    def starred(self, user: str, kind: str, offset: int = 0, count: int = -1) -> list[int]:
        """Ids of the favourites, the last one first; ``count`` -1: all."""
        return self._listed(user, kind, _columns.starred_at.is_not(None), _columns.starred_at, offset, count)

    def rated(self, user: str, kind: str, offset: int, count: int) -> list[int]:
        """Ids of what is rated, the best first."""
        return self._listed(user, kind, _columns.rating > 0, _columns.rating, offset, count)

    def most_played(self, user: str, kind: str, offset: int, count: int) -> list[int]:
        """Ids of what was played most often."""
        return self._listed(user, kind, _columns.plays > 0, _columns.plays, offset, count)

    def last_played(self, user: str, kind: str, offset: int, count: int) -> list[int]:
        """Ids of what was played, the last one first."""
        return self._listed(user, kind, _columns.plays > 0, _columns.played_at, offset, count)

    def _listed(
        self,
        user: str,
        kind: str,
        condition: sa.ColumnElement[bool],
        by: sa.ColumnElement[Any],
        offset: int,
        count: int,
    ) -> list[int]:
        mine = sa.select(_columns.item_id).where(_columns.username == user, _columns.kind == kind, condition)
        ordered = mine.order_by(by.desc(), _columns.item_id).offset(offset).limit(count)
        with self._engine.connect() as connection:
            return list(connection.execute(ordered).scalars())

    def _made(self, connection: sa.Connection, user: str, kind: str, number: int) -> sa.Update:
        """An update of this mark, which is there then."""
        key = {"username": user, "kind": kind, "item_id": number}
        same = [_columns[name] == value for name, value in key.items()]
        connection.execute(sa.insert(marks).prefix_with("OR IGNORE").values(key))
        return sa.update(marks).where(*same)
