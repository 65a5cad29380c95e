"""Marks the files that the walk did not find as missing, at its end: until then each may be found elsewhere.

Files below an unreadable folder, or on a file system that is no longer mounted, do not become missing.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files, other_paths
from viewra.db.transactions import reading, writing
from viewra.library import disks, documents, file_events, outcomes
from viewra.library import other_paths as others
from viewra.library.fingerprint import fingerprint
from viewra.library.found import FoundFile, look_at_file, signed
from viewra.library.mounts import Mounts
from viewra.library.paths import display_bytes, folder_of, is_within, join
from viewra.library.report import Tally
from viewra.library.scope import Scope
from viewra.library.walk import Place
from viewra.types import LibraryEventKind

ROWS_A_TRANSACTION = 500

_table = media_files.c
_NAMES = ("size", "mtime_ns", "ctime_ns", "device", "inode")
_EVIDENCE = slice(0, len(_NAMES))
_FILES = sa.select(
    *(_table[name] for name in _NAMES),
    *(_table.id, _table.directory_id, _table.name, _table.fingerprint, directories.c.path, directories.c.mount),
).join_from(media_files, directories, _table.directory_id == directories.c.id)


class Absences:
    """The files that one scan did not find; ``since`` is the time with which they are marked as missing."""

    def __init__(
        self, engine: sa.Engine, scope: Scope, job_id: int, tally: Tally, mounts: Mounts, moved: set[int], since: int
    ) -> None:
        """``moved`` has the ids of files that were found elsewhere; it may grow until ``mark``."""
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._tally = tally
        self._mounts = mounts
        self._moved = moved
        self._since = since
        self._protected: set[bytes] = set()
        self._files = array("q")  # 8 bytes per file: a whole library may have been renamed
        self._lost: dict[tuple[bytes, bool], _Lost] = {}  # by mount point, and whether another disk is mounted there
        self._exchanged: list[tuple[Place, Sequence[int]]] = []

    def protect(self, path: bytes) -> None:
        """Exclude ``path`` and everything below it: the scan cannot tell whether its files exist."""
        self._protected.add(path)

    def is_protected(self, path: bytes) -> bool:
        """Whether the path, or a folder above it, is protected."""
        while self._protected and path not in self._protected:
            above = folder_of(path)
            if above == path:
                return False
            path = above
        return bool(self._protected)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the scan could not tell of some place what is there."""
        return bool(self._protected or self._lost)

    def note(self, file_id: int) -> None:
        """Record a file that is not at its place, in a directory that was listed completely."""
        self._files.append(file_id)

    def note_lost(self, directory: bytes, mount: bytes | None, files: int) -> None:
        """Record files that cannot be seen because nothing is mounted at ``mount`` (None: the place is unknown)."""
        self.protect(directory)
        self._lost_at(mount or directory).add(directory, files)

    def note_exchanged(self, directory: Place, file_ids: Sequence[int]) -> None:
        """Record files that are not at their place, where another disk is mounted than before."""
        self._exchanged.append((directory, file_ids))

    def mark(self) -> Iterator[bool]:
        """Mark the files that were not found elsewhere; yields True after each commit. Raises ``DatabaseError``."""
        self._mounts = self._mounts.later()
        for start in range(0, len(self._files), ROWS_A_TRANSACTION):
            ids = [file_id for file_id in self._files[start : start + ROWS_A_TRANSACTION] if file_id not in self._moved]
            with writing(self._engine) as connection:
                rows = connection.execute(_FILES.where(_table.id.in_(ids), _table.missing_since.is_(None))).all()
                self._mark(connection, [row for row in rows if not self._is_lost(row)])
            yield True
        yield from self._mark_unseen_directories()
        for directory, file_ids in self._exchanged:
            if files := sum(file_id not in self._moved for file_id in file_ids):
                self._lost_at(directory.mount or directory.path, exchanged=True).add(directory.path, files)
        for (mount, exchanged), lost in self._lost.items():
            folder = mount if is_within(mount, self._scope.root) else lost.folder
            self._tally.fail_path(os.fsdecode(folder), lost.reason(mount, folder, exchanged), is_file=False)

    def mark_one(self, connection: sa.Connection, file_id: int) -> None:
        """Mark a file in the caller's transaction, when it is known that it did not turn up elsewhere."""
        self._mark(connection, connection.execute(_FILES.where(_table.id == file_id)).all())

    def _is_lost(self, row: Any) -> bool:
        if not self._mounts.is_lost(row.mount, None):
            return False
        self._lost_at(row.mount).add(row.path, 1)
        return True

    def _lost_at(self, mount: bytes, *, exchanged: bool = False) -> _Lost:
        return self._lost.setdefault((mount, exchanged), _Lost())

    def _is_exchanged(self, directory: Any) -> bool:
        """Whether another disk is mounted than when the files of an absent directory were found."""
        if directory.disks is None or directory.mount not in self._mounts.points:
            return False
        return bool(disks.others(directory.disks, self._mounts.disk_at(directory.mount)))

    def _mark(self, connection: sa.Connection, rows: Sequence[Any]) -> None:
        """Mark files as missing, except those that another path still leads to."""
        elsewhere = self._move_to_other_paths(connection, rows)
        gone = [row for row in rows if row.id not in elsewhere]
        if not gone:
            return
        ids = [row.id for row in gone]
        documents.forget(connection, ids)
        marked = sa.update(media_files).where(_table.id.in_(ids))
        connection.execute(marked.values(missing_since=self._since, event_due=False))
        fates = [file_events.Fate(LibraryEventKind.MISSING, row.id, join(row.path, row.name)) for row in gone]
        file_events.tell(connection, self._scope.library_id, fates, self._job_id)
        self._tally.counts.missing += len(gone)

    def _move_to_other_paths(self, connection: sa.Connection, rows: Sequence[Any]) -> set[int]:
        paths = others.of_files(connection, [row.id for row in rows])
        moved = set()
        for row in rows:
            for other in paths.get(row.id, ()):
                path = join(other.path, other.name)
                walked = other.last_seen_job == self._job_id or not self._scope.covers(other.path)
                now = look_at_file(path) if walked else None
                if now is None or others.identity_of(now) != (row.device, row.inode):
                    continue
                others.forget(connection, [(other.directory_id, other.name)])
                _make_room(connection, row, other)
                place = {"directory_id": other.directory_id, "name": other.name, "path_text": display_bytes(path)}
                place |= self._news_of(connection, row, path, now)
                connection.execute(sa.update(media_files).where(_table.id == row.id).values(**place, event_due=True))
                fate = file_events.Fate(LibraryEventKind.MOVED, row.id, path, join(row.path, row.name))
                file_events.tell(connection, self._scope.library_id, [fate], self._job_id)
                moved.add(row.id)
                break
        self._tally.counts.moved += len(moved)
        self._tally.counts.seen += len(moved)
        return moved

    def _news_of(self, connection: sa.Connection, row: Any, path: bytes, now: FoundFile) -> dict[str, Any]:
        """The evidence of a file that was found by another path, where it differs; its content is read again then."""
        evidence: tuple[int, ...] = (now.size, now.mtime_ns, now.ctime_ns, now.device, now.inode)
        if row[_EVIDENCE] == evidence:
            return {}
        try:
            content = fingerprint(path, now.size)[0]
        except OSError:
            content = None
        if (row.size, row.mtime_ns, row.fingerprint) != (now.size, now.mtime_ns, content):
            outcomes.mark_unread(connection, [row.id])
        return {**dict(zip(_NAMES, evidence, strict=True)), "fingerprint": content}

    def _mark_unseen_directories(self) -> Iterator[bool]:
        columns = [directories.c[name] for name in ("id", "path", "mount", "disks")]
        unseen = sa.select(*columns).where(self._scope.directories(), directories.c.last_seen_job != self._job_id)
        after = 0
        while True:
            page = unseen.where(directories.c.id > after).order_by(directories.c.id).limit(ROWS_A_TRANSACTION)
            with reading(self._engine) as connection:
                rows = connection.execute(page).all()
                ids = [
                    row.id for row in rows if not self._holds_lost(connection, row) and not self.is_protected(row.path)
                ]
            if not rows:
                return
            yield from self._mark_directories(ids)
            after = rows[-1].id

    def _holds_lost(self, connection: sa.Connection, directory: Any) -> bool:
        """Whether the files of an absent directory are on a file system that is not mounted."""
        there = media_files.c.directory_id == directory.id
        mount = directory.mount
        exchanged = self._is_exchanged(directory)
        if mount is None:  # recorded before mount points were stored: the files' device decides
            if self.is_protected(directory.path):
                return False
            device = connection.execute(sa.select(_table.device).where(there).limit(1)).scalar()
            mount, now = _nearest(directory.path)
            if device is None or device == now:
                return False
        elif not exchanged and not self._mounts.is_lost(mount, None):
            return False
        count = sa.select(sa.func.count()).where(there, _table.missing_since.is_(None))
        files = connection.execute(count).scalar_one()
        if files:  # without any, as after a purge, there is nothing to keep and nothing to report
            self._lost_at(mount, exchanged=exchanged).add(directory.path, files)
        return bool(files)

    def _mark_directories(self, ids: Sequence[int]) -> Iterator[bool]:
        inside = _FILES.where(_table.directory_id.in_(ids), _table.missing_since.is_(None)).order_by(_table.id)
        after = 0
        while ids:
            with writing(self._engine) as connection:
                rows = connection.execute(inside.where(_table.id > after).limit(ROWS_A_TRANSACTION)).all()
                self._mark(connection, rows)
                if not rows:
                    connection.execute(sa.delete(other_paths).where(other_paths.c.directory_id.in_(ids)))
                    empty = ~sa.exists().where(_table.directory_id == directories.c.id)
                    connection.execute(sa.delete(directories).where(directories.c.id.in_(ids), empty))
            yield True
            if not rows:
                return
            after = rows[-1].id


def _make_room(connection: sa.Connection, file: Any, place: Any) -> None:
    """If a missing file has a row at ``place``, where ``file`` is now, let it have the place of that."""
    there = sa.and_(_table.directory_id == place.directory_id, _table.name == place.name)
    other = connection.execute(sa.select(_table.id).where(there)).scalar()
    if other is None:
        return
    apart = b"/" + place.name  # no file has such a name
    texts = {"path_text": display_bytes(join(file.path, file.name))}
    for file_id, values in (
        (other, {"name": apart}),
        (file.id, {"directory_id": place.directory_id, "name": place.name}),
        (other, {"directory_id": file.directory_id, "name": file.name, **texts}),
    ):
        connection.execute(sa.update(media_files).where(_table.id == file_id).values(**values))


class _Lost:
    """Files on disks that are not mounted at one place: how many, and the folder that contains them all."""

    def __init__(self) -> None:
        self.files = 0
        self.folder = b""

    def add(self, directory: bytes, files: int) -> None:
        self.files += files
        self.folder = os.path.commonpath([self.folder, directory]) if self.folder else directory

    def reason(self, mount: bytes, folder: bytes, exchanged: bool) -> str:
        """The message in the report."""
        point, files = display_bytes(mount), f"{self.files:,} file{'' if self.files == 1 else 's'}"
        remedy = f"or, if it is gone for good: viewra library purge --gone {display_bytes(folder)}"
        if exchanged:
            return f"another disk is mounted at {point} than the one with {files}, kept as known; mount that, {remedy}"
        return f"{point} is not mounted: what is known there ({files}) stays as it is; mount it, {remedy}"


def _nearest(path: bytes) -> tuple[bytes, int]:
    """The nearest existing folder from ``path`` upwards, and its device."""
    while True:
        try:
            return path, signed(os.stat(path).st_dev)  # noqa: PTH116  (bytes)
        except OSError:
            path = folder_of(path)
