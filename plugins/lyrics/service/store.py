"""Stores which songs the server was asked for, and whether it knew them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa

from .tables import asked

_A_QUERY = 500


class Asked(NamedTuple):
    """What the server was asked for a song, whether it knew it, and when, in seconds since the epoch."""

    question: str
    found: bool
    asked_at: int


class Store:
    """The songs by the ids of their files. Several threads may use it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, ids: Collection[int]) -> dict[int, Asked]:
        """What is known of these songs."""
        found: dict[int, Asked] = {}
        with self._engine.connect() as connection:
            for some in _parts(ids):
                rows = connection.execute(sa.select(asked).where(asked.c.media_file_id.in_(some)))
                found.update((row.media_file_id, Asked(row.question, row.found, row.asked_at)) for row in rows)
        return found

    def note(self, media_file_id: int, one: Asked) -> None:
        """Remember what came of a question."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(asked).where(asked.c.media_file_id == media_file_id))
            connection.execute(sa.insert(asked).values(media_file_id=media_file_id, **one._asdict()))

    def forget(self, ids: Collection[int]) -> None:
        """Forget songs, whose words are asked for again."""
        with self._engine.begin() as connection:
            for some in _parts(ids):
                connection.execute(sa.delete(asked).where(asked.c.media_file_id.in_(some)))


def _parts(ids: Collection[int]) -> list[list[int]]:
    whole = list(ids)
    return [whole[begin : begin + _A_QUERY] for begin in range(0, len(whole), _A_QUERY)]
