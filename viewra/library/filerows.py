"""Writes rows of ``directories`` and ``media_files``: the differences between disk and database."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import directories, media_files
from viewra.db.transactions import writing
from viewra.library import file_events, other_paths, outcomes, redescribing
from viewra.library.arrivals import Move, NewFile
from viewra.library.found import FoundFile
from viewra.library.paths import display_bytes
from viewra.library.scope import Scope
from viewra.library.unsettled import Before
from viewra.library.walk import FoundDirectory, Place
from viewra.types import LibraryEventKind


@attrs.define
class KnownFile:
    """A file with a row at its place, as it is now; ``old_type`` is the MIME type that it had."""

    id: int
    path: bytes
    found: FoundFile
    old_type: str
    fingerprint: bytes | None = None
    is_other_file: bool = False  # it had another inode
    new_type: str = attrs.field(default=attrs.Factory(lambda self: self.old_type, takes_self=True))


@attrs.define
class Changes:
    """The changes to write.

    ``touched``: the content is the same, only the evidence differs. ``returned`` files were missing; those whose
    content differs are also in ``changed``. ``linked``: another path of the file with this id; ``unlinked``: a
    directory's id and a name there that is no longer another path.
    """

    new: list[NewFile] = attrs.field(factory=list)
    moved: list[Move] = attrs.field(factory=list)
    linked: list[tuple[int, NewFile]] = attrs.field(factory=list)
    changed: list[KnownFile] = attrs.field(factory=list)
    touched: list[KnownFile] = attrs.field(factory=list)
    returned: list[KnownFile] = attrs.field(factory=list)
    unlinked: list[tuple[int, bytes]] = attrs.field(factory=list)

    def __len__(self) -> int:
        found = len(self.new) + len(self.moved) + len(self.linked) + len(self.unlinked)
        return found + len(self.changed) + len(self.touched) + len(self.returned)

    def added(self) -> list[NewFile]:
        """All files whose directory must have a row."""
        return [*self.new, *(move.new for move in self.moved), *(new for _, new in self.linked)]


class FileRows:
    """Writes the rows of one scan job, and keeps what they were in ``before``."""

    def __init__(self, engine: sa.Engine, scope: Scope, job_id: int, before: Before) -> None:
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._before = before
        self._started = time.time_ns() // 1000

    def write(self, changes: Changes, directory_ids: dict[bytes, int]) -> None:
        """Write changes in one transaction; adds new directories to ``directory_ids``."""
        with writing(self._engine) as connection:
            places = {new.place.path: new.place for new in changes.added() if new.place.path not in directory_ids}
            added = self._add_directories(connection, places.values())
            ids = directory_ids | added
            known = (*changes.changed, *changes.touched, *changes.returned)
            self._before.keep(connection, {one.id for one in known if one.is_other_file})
            other_paths.forget(connection, changes.unlinked)
            if changes.moved:
                self._move(connection, changes.moved, ids)
            if changes.changed:
                rows = [_values(known.id, known.found, known.fingerprint) for known in changes.changed]
                connection.execute(_update(*_EVIDENCE, "fingerprint", event_due=True), rows)
                outcomes.mark_unread(connection, [known.id for known in changes.changed])
                _retype(connection, ((known.id, known.old_type, known.new_type) for known in changes.changed))
            if changes.touched:
                rows = [_values(known.id, known.found) for known in changes.touched]
                connection.execute(_update(*_EVIDENCE), rows)
            if changes.returned:
                self._take_back(connection, changes.returned)
            if changes.new:
                insert_rows(connection, media_files, [self._row(new, ids) for new in changes.new])
                # What new nfo files say is known when they have been read.
                videos = {new.path: new.mime_type for new in changes.new if new.mime_type.startswith("video/")}
                redescribing.placed_anew(connection, {}, videos)
            if changes.linked:
                found = [(file_id, ids[new.place.path], new.found.name) for file_id, new in changes.linked]
                other_paths.add(connection, found)
        directory_ids.update(added)

    def mark_seen(self, directory_ids: Iterable[int], places: Iterable[tuple[int, Place]]) -> None:
        """Mark these directories as seen; ``places`` are those that have changed."""
        seen = sa.update(directories).where(directories.c.id.in_(list(directory_ids)))
        rows = [{"b_id": number, **{f"b_{name}": getattr(place, name) for name in _PLACE}} for number, place in places]
        with writing(self._engine) as connection:
            connection.execute(seen.values(last_seen_job=self._job_id))
            self._set_places(connection, rows)

    def sign(self, folders: Sequence[FoundDirectory], files: Mapping[bytes, int], ids: Mapping[bytes, int]) -> None:
        """Store the signatures of folders whose rows are as on the disk; ``files`` is how many each has, by path."""
        table = directories.c
        values: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in ("signature", "files", "mtime_ns")}
        with writing(self._engine) as connection:
            new = [one.place for one in folders if one.path not in ids]
            all_ids = {**ids, **self._add_directories(connection, new)}
            rows = [
                {
                    "b_id": all_ids[one.path],
                    "b_signature": one.signature,
                    "b_files": files[one.path],
                    "b_mtime_ns": one.changed_ns,
                }
                for one in folders
            ]
            connection.execute(sa.update(directories).where(table.id == sa.bindparam("b_id")).values(values), rows)

    def _set_places(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        if rows:
            values: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in _PLACE}
            ours = sa.update(directories).where(directories.c.id == sa.bindparam("b_id"))
            connection.execute(ours.values(values), rows)

    def _add_directories(self, connection: sa.Connection, places: Iterable[Place]) -> dict[bytes, int]:
        common = {"library_id": self._scope.library_id, "last_seen_job": self._job_id}
        rows = [{**common, **place._asdict()} for place in places]
        if not rows:
            return {}
        added = sa.insert(directories).returning(directories.c.path, directories.c.id)
        return {row.path: row.id for row in connection.execute(added, rows)}

    def _move(self, connection: sa.Connection, moves: list[Move], directory_ids: dict[bytes, int]) -> None:
        rows = []
        for move in moves:
            place = {
                "b_directory_id": directory_ids[move.new.place.path],
                "b_path_text": display_bytes(move.new.path),
                "b_name": move.new.found.name,
            }
            rows.append(_values(move.file_id, move.new.found, move.new.fingerprint) | place)
        other_paths.forget(connection, [(row["b_directory_id"], row["b_name"]) for row in rows])
        columns = ("directory_id", "name", "path_text", "fingerprint", *_EVIDENCE)
        connection.execute(_update(*columns, event_due=True, missing_since=None), rows)
        outcomes.mark_unread(connection, [move.file_id for move in moves if move.is_edited])
        _retype(connection, ((move.file_id, move.old_type, move.new.mime_type) for move in moves))
        fates = [
            file_events.Fate(
                LibraryEventKind.RETURNED if move.was_missing else LibraryEventKind.MOVED,
                move.file_id,
                move.new.path,
                move.old_path,
            )
            for move in moves
        ]
        file_events.tell(connection, self._scope.library_id, fates, self._job_id)

    def _take_back(self, connection: sa.Connection, files: list[KnownFile]) -> None:
        rows = [_values(known.id, known.found, known.fingerprint) for known in files]
        connection.execute(_update(*_EVIDENCE, "fingerprint", event_due=True, missing_since=None), rows)
        fates = [file_events.Fate(LibraryEventKind.RETURNED, known.id, known.path) for known in files]
        file_events.tell(connection, self._scope.library_id, fates, self._job_id)

    def _row(self, new: NewFile, directory_ids: dict[bytes, int]) -> dict[str, Any]:
        found = new.found
        return {
            "library_id": self._scope.library_id,
            "directory_id": directory_ids[new.place.path],
            "name": found.name,
            "path_text": display_bytes(new.path),
            "mime_type": new.mime_type,
            "fingerprint": new.fingerprint,
            "event_due": True,
            "added_at": self._started,
            "size": found.size,
            "mtime_ns": found.mtime_ns,
            "ctime_ns": found.ctime_ns,
            "device": found.device,
            "inode": found.inode,
        }


_PLACE = ("device", "mount", "disks")
_EVIDENCE = ("size", "mtime_ns", "ctime_ns", "device", "inode")


def _values(file_id: int, found: FoundFile, fingerprint: bytes | None = None) -> dict[str, Any]:
    """The parameters of an update; they must not have the names of columns."""
    return {
        "b_id": file_id,
        "b_size": found.size,
        "b_mtime_ns": found.mtime_ns,
        "b_ctime_ns": found.ctime_ns,
        "b_device": found.device,
        "b_inode": found.inode,
        "b_fingerprint": fingerprint,
    }


def _retype(connection: sa.Connection, types: Iterable[tuple[int, str, str]]) -> None:
    """Give files their new types: id, old and new one. What was read of a file as another type does not count."""
    for file_id, old, new in types:
        if old != new:
            connection.execute(sa.update(media_files).where(media_files.c.id == file_id).values(mime_type=new))
            outcomes.forget(connection, file_id)


def _update(*columns: str, **constants: object) -> sa.Update:
    values: dict[str, Any] = {column: sa.bindparam(f"b_{column}") for column in columns}
    return sa.update(media_files).where(media_files.c.id == sa.bindparam("b_id")).values(values | constants)
