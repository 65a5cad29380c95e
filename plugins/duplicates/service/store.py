"""Stores what is known of files, and finds those that are there twice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.types import LibraryEvent, LibraryEventKind

from .contents import Read
from .tables import files

_columns = files.c
_THERE = _columns.missing.is_(sa.false())
_A_QUERY = 500
CONTENT, RECORDING, PICTURE = "content", "recording", "picture"
KINDS = (CONTENT, RECORDING, PICTURE)


@attrs.frozen
class Group:
    """Files that are the same in one way; ``files`` are rows of the table, the largest first.

    ``spare`` is how many bytes all but the largest have.
    """

    kind: str
    by: str
    files: tuple[Any, ...]

    @property
    def spare(self) -> int:
        """Bytes of all but the largest."""
        return sum(one.size for one in self.files[1:])


class Store:
    """The files. Several threads may use it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store files. The content of those that were changed meanwhile is to be read again."""
        with self._engine.begin() as connection:
            for begin in range(0, len(rows), _A_QUERY):
                some = {row["media_file_id"]: row for row in rows[begin : begin + _A_QUERY]}
                these = _columns.media_file_id.in_(some)
                kept = {row.media_file_id: row for row in connection.execute(sa.select(files).where(these))}
                connection.execute(sa.delete(files).where(these))
                made = [{**row, **_read_before(kept.get(number), row)} for number, row in some.items()]
                connection.execute(sa.insert(files), made)

    def tell(self, events: Iterable[LibraryEvent]) -> None:
        """Note what happened to known files."""
        with self._engine.begin() as connection:
            for event in events:
                this = _columns.media_file_id == event.media_file_id
                if event.kind == LibraryEventKind.PURGED:
                    connection.execute(sa.delete(files).where(this))
                    continue
                missing = event.kind == LibraryEventKind.MISSING
                path = os.fsencode(event.path).decode("utf-8", "backslashreplace")
                connection.execute(sa.update(files).where(this).values(missing=missing, path=path))

    def known(self) -> int:
        """How many files are known."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(files)).scalar_one())

    # ---- what is still to be read ----

    def without_digest(self) -> list[tuple[int, int]]:
        """Ids and sizes of files as large as others whose content has not been read."""
        several = sa.select(_columns.size).where(_THERE).group_by(_columns.size).having(sa.func.count() > 1)
        wanted = sa.select(_columns.media_file_id, _columns.size)
        wanted = wanted.where(_THERE, _columns.digest.is_(None), _columns.size.in_(several))
        with self._engine.connect() as connection:
            return [(row.media_file_id, row.size) for row in connection.execute(wanted.order_by(_columns.size))]

    def without_look(self) -> list[tuple[int, int]]:
        """Ids and sizes of pictures that have not been looked at."""
        wanted = sa.select(_columns.media_file_id, _columns.size)
        wanted = wanted.where(_THERE, _columns.kind == "image", _columns.look.is_(None))
        with self._engine.connect() as connection:
            return [
                (row.media_file_id, row.size) for row in connection.execute(wanted.order_by(_columns.media_file_id))
            ]

    def unread(self, column: str, ids: Sequence[int]) -> list[int]:
        """Those of these files whose digest or look is not known."""
        with self._engine.connect() as connection:
            wanted = sa.select(_columns.media_file_id).where(
                _columns.media_file_id.in_(ids), _columns[column].is_(None)
            )
            return [*connection.execute(wanted.order_by(_columns.media_file_id)).scalars()]

    def note(self, column: str, found: Mapping[int, Read]) -> None:
        """Store digests or looks by id, of files that are still what was read: others are read again after a scan."""
        if found:
            same = [_columns[name] == sa.bindparam(f"{name}_then") for name in ("size", "mtime_ns")]
            update = sa.update(files).where(_columns.media_file_id == sa.bindparam("this"), *same)
            rows = [
                {"this": number, "value": one.value, "size_then": one.size, "mtime_ns_then": one.mtime_ns}
                for number, one in found.items()
            ]
            with self._engine.begin() as connection:
                connection.execute(update.values({column: sa.bindparam("value")}), rows)

    def give_up(self, number: int) -> None:
        """A picture that may end the process which decodes it counts as one that cannot be decoded."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(files).where(_columns.media_file_id == number).values(look=""))

    def looks(self) -> dict[int, int]:
        """What pictures look like, by id."""
        wanted = sa.select(_columns.media_file_id, _columns.look).where(_THERE, _columns.look != "")
        with self._engine.connect() as connection:
            return {row.media_file_id: int(row.look, 16) for row in connection.execute(wanted)}

    def set_alike(self, groups: Iterable[Sequence[int]]) -> None:
        """Store which pictures look alike, in place of what was stored."""
        rows = [{"this": number, "value": min(group)} for group in groups for number in group]
        with self._engine.begin() as connection:
            connection.execute(sa.update(files).where(_columns.alike.is_not(None)).values(alike=None))
            if rows:
                update = sa.update(files).where(_columns.media_file_id == sa.bindparam("this"))
                connection.execute(update.values(alike=sa.bindparam("value")), rows)

    # ---- what is there twice ----

    def groups(self, kind: str, seconds: int) -> list[Group]:
        """The groups of one kind, those with the most to spare first; ``seconds``: how far lengths may differ."""
        if kind == CONTENT:
            found = self._same(_columns.digest, "content")
        elif kind == PICTURE:
            found = self._same(_columns.alike, "look")
        else:
            found = self._recordings(seconds)
        made = [Group(kind, by, tuple(sorted(some, key=lambda one: (-one.size, one.path)))) for by, some in found]
        return sorted(made, key=lambda group: (-group.spare, group.files[0].path))

    def _recordings(self, seconds: int) -> list[tuple[str, list[Any]]]:
        """Recordings by their ids; of those without, by title, artist and length. A file is in one group."""
        found: list[tuple[str, list[Any]]] = []
        grouped: set[int] = set()
        for column, by in ((_columns.recording, "MusicBrainz id"), (_columns.acoustid, "AcoustID")):
            for _, some in self._same(column, by):
                left = [one for one in some if one.media_file_id not in grouped]
                if len(left) > 1:
                    found.append((by, left))
                    grouped |= {one.media_file_id for one in left}
        for _, some in self._same(_columns.said, ""):
            left = [one for one in some if one.media_file_id not in grouped and one.duration_ms is not None]
            found += [("title and artist", one) for one in _of_one_length(left, seconds) if not _are_told_apart(one)]
        return found

    def _same(self, column: sa.Column[Any], by: str) -> list[tuple[str, list[Any]]]:
        several = sa.select(column).where(_THERE, column.is_not(None)).group_by(column).having(sa.func.count() > 1)
        wanted = sa.select(files).where(_THERE, column.in_(several)).order_by(column)
        found: dict[Any, list[Any]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(wanted):
                found.setdefault(getattr(row, column.name), []).append(row)
        return [(by, some) for some in found.values()]


def _read_before(known: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """What was read of a file that has not changed."""
    names = ("digest", "look", "alike")
    same = known is not None and row["mtime_ns"] and (known.size, known.mtime_ns) == (row["size"], row["mtime_ns"])
    return {name: getattr(known, name) if same else None for name in names}


def _of_one_length(rows: Sequence[Any], seconds: int) -> list[list[Any]]:
    """Split rows where their lengths are further apart than this; those alone are left out."""
    parts: list[list[Any]] = []
    for row in sorted(rows, key=lambda one: one.duration_ms):
        if parts and row.duration_ms - parts[-1][0].duration_ms <= seconds * 1000:
            parts[-1].append(row)
        else:
            parts.append([row])
    return [part for part in parts if len(part) > 1]


def _are_told_apart(rows: Sequence[Any]) -> bool:
    """Whether ids say that these are different recordings of the same piece."""
    known = [one.recording for one in rows]
    return None not in known and len(set(known)) == len(known)
