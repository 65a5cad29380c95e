"""Stores which recording each file is, and what follows from it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import attrs
import sqlalchemy as sa

from viewra.types import LibraryEvent, LibraryEventKind

from .tables import covers, matches, terms

_c = matches.c
Terms = Mapping[str, Iterable[str]]
"""Field → the words by which a file is found there."""


class State(StrEnum):
    """What is known of a file."""

    MATCHED = "matched"
    UNSURE = "unsure"
    """Several recordings are good enough, and none is better than the others."""
    NONE = "none"
    REJECTED = "rejected"
    WAITING = "waiting"
    """Somebody has said which recording it is, and that is still to be fetched."""


class Version(NamedTuple):
    """A file's size, and when it was changed in nanoseconds since the epoch."""

    size: int
    mtime_ns: int


@attrs.frozen
class Match:
    """A row of the table ``matches``: see there."""

    media_file_id: int
    path: bytes
    size: int
    mtime_ns: int
    state: str
    missing: bool = False
    way: str = ""
    score: float = 0.0
    by_hand: bool = False
    looked_up_at: int = 0
    recording_id: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    covers_of: str = ""
    reason: str = ""
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    candidates: list[dict[str, Any]] = attrs.field(factory=list)
    refused: list[str] = attrs.field(factory=list)

    @property
    def version(self) -> Version:
        """What the file was when it was looked up."""
        return Version(self.size, self.mtime_ns)

    @property
    def shown_path(self) -> str:
        """The path as text."""
        return self.path.decode("utf-8", "backslashreplace")


class Store:
    """The matches. Several threads may use it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, media_file_id: int) -> Match | None:
        """What is known of a file."""
        return self._first(_c.media_file_id == media_file_id)

    def at(self, path: str) -> Match | None:
        """What is known of the file with this path."""
        return self._first(_c.path == os.fsencode(path))

    def put(self, match: Match, words: Terms | None = None) -> None:
        """Store what is known of a file, and the words by which it is found."""
        this = match.media_file_id
        rows = [
            {"word": word, "field": field, "media_file_id": this}
            for field, found in (words or {}).items()
            for word in dict.fromkeys(found)
        ]
        with self._engine.begin() as connection:
            _forget(connection, this)
            connection.execute(sa.insert(matches), attrs.asdict(match))
            if rows:
                connection.execute(sa.insert(terms), rows)

    def move(self, match: Match) -> None:
        """Note where a file is, and which version of it; all else stays."""
        changed = sa.update(matches).where(_c.media_file_id == match.media_file_id)
        values = {"path": match.path, "size": match.size, "mtime_ns": match.mtime_ns}
        with self._engine.begin() as connection:
            connection.execute(changed.values(values))

    def tell(self, events: Iterable[LibraryEvent]) -> None:
        """Note what happened to known files."""
        with self._engine.begin() as connection:
            for event in events:
                if event.kind == LibraryEventKind.PURGED:
                    _forget(connection, event.media_file_id)
                    continue
                missing = event.kind == LibraryEventKind.MISSING
                changed = sa.update(matches).where(_c.media_file_id == event.media_file_id)
                connection.execute(changed.values(missing=missing, path=os.fsencode(event.path)))

    # ---- what is shown ----

    def page(self, state: str, after: int, limit: int) -> list[Match]:
        """Matches in a state ("": in any), by the ids of files, those behind ``after``."""
        wanted = sa.select(matches).where(_c.media_file_id > after).order_by(_c.media_file_id).limit(limit)
        if state:
            wanted = wanted.where(_c.state == state)
        with self._engine.connect() as connection:
            return [Match(**row) for row in connection.execute(wanted).mappings()]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many files are in each state, and how many matches were found in each way."""
        found: dict[str, dict[str, int]] = {}
        with self._engine.connect() as connection:
            for name, column, where in (
                ("states", _c.state, sa.true()),
                ("ways", _c.way, _c.state == State.MATCHED),
            ):
                counted = sa.select(column, sa.func.count()).where(where).group_by(column).order_by(column)
                found[name] = {row[0]: row[1] for row in connection.execute(counted)}
        return found

    def found_by(self, words: Mapping[str, Iterable[str]], limit: int, offset: int) -> tuple[list[Match], int]:
        """The files with all these words in their fields ("q": in any), by id, and how many there are."""
        conditions = [
            _c.media_file_id.in_(
                sa.select(terms.c.media_file_id).where(
                    terms.c.word == word, *([] if field == "q" else [terms.c.field == field])
                )
            )
            for field, several in words.items()
            for word in several
        ]
        wanted = sa.select(matches).where(_c.missing.is_(sa.false()), *conditions)
        with self._engine.connect() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(wanted.subquery())).scalar_one()
            rows = connection.execute(wanted.order_by(_c.media_file_id).limit(limit).offset(offset)).mappings()
            return [Match(**row) for row in rows], int(total)

    # ---- covers ----

    def covers_of(self, covers_of: str) -> list[tuple[int, str, str]]:
        """The covers of a release or a group: album, kind and asset of each."""
        wanted = sa.select(covers.c.album_id, covers.c.kind, covers.c.asset_id).where(covers.c.covers_of == covers_of)
        with self._engine.connect() as connection:
            return [(row.album_id, row.kind, row.asset_id) for row in connection.execute(wanted)]

    def kinds_of_album(self, album_id: int) -> set[str]:
        """What pictures of an album were linked."""
        with self._engine.connect() as connection:
            return {*connection.execute(sa.select(covers.c.kind).where(covers.c.album_id == album_id)).scalars()}

    def put_cover(self, album_id: int, kind: str, asset_id: str, covers_of: str) -> None:
        """Note a picture that was linked with an album."""
        this = sa.and_(covers.c.album_id == album_id, covers.c.kind == kind)
        row = {"album_id": album_id, "kind": kind, "asset_id": asset_id, "covers_of": covers_of}
        with self._engine.begin() as connection:
            connection.execute(sa.delete(covers).where(this))
            connection.execute(sa.insert(covers), row)

    def drop_covers(self, covers_of: str) -> None:
        """Forget the covers of a release or a group."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(covers).where(covers.c.covers_of == covers_of))

    def files_of(self, covers_of: str) -> int:
        """How many matches lead to these covers."""
        counted = sa.select(sa.func.count()).where(_c.covers_of == covers_of)
        with self._engine.connect() as connection:
            return int(connection.execute(counted).scalar_one())

    def _first(self, condition: sa.ColumnElement[bool]) -> Match | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(matches).where(condition).limit(1)).mappings().first()
        return Match(**row) if row is not None else None


def _forget(connection: sa.Connection, media_file_id: int) -> None:
    connection.execute(sa.delete(matches).where(_c.media_file_id == media_file_id))
    connection.execute(sa.delete(terms).where(terms.c.media_file_id == media_file_id))
