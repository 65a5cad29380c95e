"""Stores which files were measured, and which are to be looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from .tables import measured, pending

_A_QUERY = 500


class State(NamedTuple):
    """A file's size, and when it was changed in nanoseconds since the epoch."""

    size: int
    mtime_ns: int


class Store:
    """The files. Several threads may use it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def found(self, ids: Iterable[int]) -> None:
        """Have files looked at."""
        rows = [{"media_file_id": number} for number in ids]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(pending).prefix_with("OR IGNORE"), rows)

    def pending(self, most: int) -> list[int]:
        """Files that are to be looked at, by id."""
        wanted = sa.select(pending.c.media_file_id).order_by(pending.c.media_file_id).limit(most)
        with self._engine.connect() as connection:
            return [*connection.execute(wanted).scalars()]

    def looked_at(self, ids: Collection[int]) -> None:
        """These were looked at."""
        self._delete(pending.c.media_file_id, ids)

    def states(self, ids: Collection[int]) -> dict[int, State]:
        """What measured files were when they were measured."""
        found: dict[int, State] = {}
        with self._engine.connect() as connection:
            for some in _parts(ids):
                rows = connection.execute(sa.select(measured).where(measured.c.media_file_id.in_(some)))
                found.update((row.media_file_id, State(row.size, row.mtime_ns)) for row in rows)
        return found

    def note(self, states: Mapping[int, State]) -> None:
        """Remember what files were when they were measured."""
        self._delete(measured.c.media_file_id, states)
        rows = [{"media_file_id": number, **state._asdict()} for number, state in states.items()]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(measured).prefix_with("OR REPLACE"), rows)

    def forget(self, ids: Collection[int]) -> None:
        """Forget files that the library has forgotten."""
        self._delete(measured.c.media_file_id, ids)
        self._delete(pending.c.media_file_id, ids)

    def _delete(self, column: sa.Column[int], ids: Collection[int]) -> None:
        with self._engine.begin() as connection:
            for some in _parts(ids):
                connection.execute(sa.delete(column.table).where(column.in_(some)))


def _parts(ids: Collection[int]) -> list[list[int]]:
    whole = list(ids)
    return [whole[begin : begin + _A_QUERY] for begin in range(0, len(whole), _A_QUERY)]
