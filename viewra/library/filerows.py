"""Writes rows of ``directories`` and ``media_files``: what a comparison of the disk with the database found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import directories, media_files
from viewra.db.transactions import writing
from viewra.library import outcomes
from viewra.library.libraries import Scope
from viewra.library.paths import display_bytes, join
from viewra.library.walk import FoundFile


@attrs.define
class NewFile:
    """A file that the database does not have at its place; the fingerprint is None for one that cannot be read."""

    directory: bytes
    found: FoundFile
    mime_type: str
    fingerprint: bytes | None = None

    @property
    def path(self) -> bytes:
        """Where it is."""
        return join(self.directory, self.found.name)


@attrs.define
class KnownFile:
    """A file at its known place, as it is now."""

    id: int
    found: FoundFile
    fingerprint: bytes | None = None


@attrs.define
class Changes:
    """What is to be written. ``elsewhere``: the same content under another device or inode."""

    new: list[NewFile] = attrs.field(factory=list)
    moved: list[tuple[int, NewFile]] = attrs.field(factory=list)  # with the id of the file that it was
    changed: list[KnownFile] = attrs.field(factory=list)
    elsewhere: list[KnownFile] = attrs.field(factory=list)

    def __len__(self) -> int:
        return len(self.new) + len(self.moved) + len(self.changed) + len(self.elsewhere)


class FileRows:
    """Writes for one scan job."""

    def __init__(self, engine: sa.Engine, scope: Scope, job_id: int) -> None:
        self._engine = engine
        self._scope = scope
        self._job_id = job_id

    def write(self, changes: Changes, directory_ids: dict[bytes, int]) -> None:
        """Write changes in one transaction; directories that are not in ``directory_ids`` yet are added to it."""
        with writing(self._engine) as connection:
            added = self._add_directories(
                connection,
                {new.directory for new in changes.new if new.directory not in directory_ids}
                | {new.directory for _, new in changes.moved if new.directory not in directory_ids},
            )
            ids = directory_ids | added
            if changes.moved:
                rows = [self._moved_values(file_id, new, ids) for file_id, new in changes.moved]
                connection.execute(_update("directory_id", "name", "path_text", "device", "inode", "event_due"), rows)
            if changes.changed:
                rows = [_values(known) | {"b_event_due": True} for known in changes.changed]
                connection.execute(_update("size", "mtime_ns", "device", "inode", "fingerprint", "event_due"), rows)
                outcomes.mark_unread(connection, [known.id for known in changes.changed])
            if changes.elsewhere:
                connection.execute(_update("device", "inode"), [_values(known) for known in changes.elsewhere])
            if changes.new:
                insert_rows(connection, media_files, [self._row(new, ids) for new in changes.new])
        directory_ids.update(added)

    def mark_seen(self, directory_ids: Iterable[int]) -> None:
        """The walk came by these directories."""
        seen = sa.update(directories).where(directories.c.id.in_(list(directory_ids)))
        with writing(self._engine) as connection:
            connection.execute(seen.values(last_seen_job=self._job_id))

    def _add_directories(self, connection: sa.Connection, paths: Iterable[bytes]) -> dict[bytes, int]:
        rows = [{"library_id": self._scope.library_id, "path": path, "last_seen_job": self._job_id} for path in paths]
        if not rows:
            return {}
        added = sa.insert(directories).returning(directories.c.path, directories.c.id)
        return {row.path: row.id for row in connection.execute(added, rows)}

    def _row(self, new: NewFile, directory_ids: dict[bytes, int]) -> dict[str, Any]:
        return {
            "library_id": self._scope.library_id,
            "directory_id": directory_ids[new.directory],
            "path_text": display_bytes(new.path),
            "mime_type": new.mime_type,
            "fingerprint": new.fingerprint,
            "event_due": True,
            **new.found._asdict(),
        }

    def _moved_values(self, file_id: int, new: NewFile, directory_ids: dict[bytes, int]) -> dict[str, Any]:
        return _values(KnownFile(file_id, new.found)) | {
            "b_directory_id": directory_ids[new.directory],
            "b_path_text": display_bytes(new.path),
            "b_name": new.found.name,
            "b_event_due": True,
        }


def _values(known: KnownFile) -> dict[str, Any]:
    """What updates need of a file; the names of columns themselves may not be used for parameters."""
    return {
        "b_id": known.id,
        "b_size": known.found.size,
        "b_mtime_ns": known.found.mtime_ns,
        "b_device": known.found.device,
        "b_inode": known.found.inode,
        "b_fingerprint": known.fingerprint,
    }


def _update(*columns: str) -> sa.Update:
    values: dict[str, sa.BindParameter[Any]] = {column: sa.bindparam(f"b_{column}") for column in columns}
    return sa.update(media_files).where(media_files.c.id == sa.bindparam("b_id")).values(values)
