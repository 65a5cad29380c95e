"""Stores the playlists that users make with their players."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from .failures import NOT_AUTHORIZED, Failure, not_found
from .marks import now
from .tables import playlist_songs, playlists

MAX_SONGS = 20_000
"""Songs in one playlist."""
_songs = playlist_songs.c
_COUNTED = sa.select(
    playlists,
    sa.select(sa.func.count()).where(_songs.playlist_id == playlists.c.id).scalar_subquery().label("song_count"),
    sa.select(sa.func.coalesce(sa.func.sum(_songs.duration_ms), 0))
    .where(_songs.playlist_id == playlists.c.id)
    .scalar_subquery()
    .label("duration_ms"),
)


class Song(NamedTuple):
    """A song in a playlist; ``duration_ms`` is in milliseconds, 0 where it is not known."""

    media_file_id: int
    duration_ms: int


class Playlists:
    """The playlists of all users: a user sees the own ones and those that are public. Several threads may use it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def seen_by(self, user: str) -> list[Any]:
        """Rows with the columns of the table, ``song_count`` and ``duration_ms``, by name."""
        visible = _COUNTED.where(sa.or_(playlists.c.owner == user, playlists.c.public))
        with self._engine.connect() as connection:
            return list(connection.execute(visible.order_by(sa.func.lower(playlists.c.name), playlists.c.id)))

    def get(self, user: str, number: int) -> tuple[Any, list[int]]:
        """A playlist and the ids of its songs. Raises Failure."""
        with self._engine.connect() as connection:
            row = self._seen(connection, user, number)
            return row, [song.media_file_id for song in self._songs(connection, number)]

    def create(self, user: str, name: str, songs: Sequence[Song]) -> int:
        """Make a playlist; returns its number."""
        at = now()
        with self._engine.begin() as connection:
            made = sa.insert(playlists).values(owner=user, name=name, created_at=at, changed_at=at)
            key: Any = connection.execute(made).inserted_primary_key
            self._write(connection, key[0], songs)
            return int(key[0])

    def replace(self, user: str, number: int, name: str, songs: Sequence[Song]) -> None:
        """Give a playlist other songs, and another name unless that is empty. Raises Failure."""
        with self._engine.begin() as connection:
            self._require_owner(connection, user, number)
            self._write(connection, number, songs)
            changes: dict[str, object] = {"changed_at": now(), **({"name": name} if name else {})}
            connection.execute(sa.update(playlists).where(playlists.c.id == number).values(changes))

    def update(
        self, user: str, number: int, changes: dict[str, object], add: Sequence[Song], remove: Collection[int]
    ) -> None:
        """Change columns of a playlist, remove songs by their places, from 0 on, then add others. Raises Failure."""
        with self._engine.begin() as connection:
            self._require_owner(connection, user, number)
            if add or remove:
                kept = [one for place, one in enumerate(self._songs(connection, number)) if place not in remove]
                self._write(connection, number, [*kept, *add])
            changed = {**changes, "changed_at": now()}
            connection.execute(sa.update(playlists).where(playlists.c.id == number).values(changed))

    def delete(self, user: str, number: int) -> None:
        """Delete a playlist. Raises Failure."""
        with self._engine.begin() as connection:
            self._require_owner(connection, user, number)
            connection.execute(sa.delete(playlist_songs).where(_songs.playlist_id == number))
            connection.execute(sa.delete(playlists).where(playlists.c.id == number))

    def _seen(self, connection: sa.Connection, user: str, number: int) -> Any:
        row = connection.execute(_COUNTED.where(playlists.c.id == number)).one_or_none()
        if row is None or not (row.public or row.owner == user):
            raise not_found("playlist")
        return row

    def _require_owner(self, connection: sa.Connection, user: str, number: int) -> None:
        if self._seen(connection, user, number).owner != user:
            raise Failure(NOT_AUTHORIZED, "this playlist belongs to another user")

    def _songs(self, connection: sa.Connection, number: int) -> list[Song]:
        chosen = sa.select(_songs.media_file_id, _songs.duration_ms).where(_songs.playlist_id == number)
        return [Song(*row) for row in connection.execute(chosen.order_by(_songs.position))]

    def _write(self, connection: sa.Connection, number: int, songs: Sequence[Song]) -> None:
        if len(songs) > MAX_SONGS:
            raise Failure(NOT_AUTHORIZED, f"a playlist has at most {MAX_SONGS:,} songs")
        connection.execute(sa.delete(playlist_songs).where(_songs.playlist_id == number))
        rows = [{"playlist_id": number, "position": place, **song._asdict()} for place, song in enumerate(songs)]
        if rows:
            connection.execute(sa.insert(playlist_songs), rows)
