"""Compares the disk with the database, a few directories at a time: which files are new, changed, moved, gone.

It writes the rows of ``directories`` and ``media_files``; reading the files' metadata is the scrapers' part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading, writing
from viewra.library import mime, readings
from viewra.library.fingerprint import fingerprint
from viewra.library.gone import Gone
from viewra.library.libraries import Scope
from viewra.library.moves import MoveFinder
from viewra.library.paths import display_bytes, join
from viewra.library.report import Tally
from viewra.library.walk import FoundDirectory, FoundFile, walk

FILES_A_TRANSACTION = 500
FIRST_FILES = 64
"""The first transaction is small, so that scrapers have something to read soon; each further one is twice as large."""

DIRECTORIES_A_TRANSACTION = 250
FILES_BETWEEN_PAUSES = 32


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
class _Changes:
    """What one comparison found: values of rows to be written."""

    new: list[NewFile] = attrs.field(factory=list)
    changed: list[dict[str, Any]] = attrs.field(factory=list)
    elsewhere: list[dict[str, Any]] = attrs.field(factory=list)  # same content, other device or inode
    moved: list[tuple[int, NewFile]] = attrs.field(factory=list)
    unlisted: list[tuple[int, int]] = attrs.field(factory=list)  # (file id, directory id)


class Discovery:
    """The first stage of one scan. ``types`` collects the MIME types seen."""

    def __init__(
        self,
        engine: sa.Engine,
        scope: Scope,
        job_id: int,
        tally: Tally,
        *,
        wanted: Callable[[str], bool],
        types: set[str],
        full: bool,
    ) -> None:
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._tally = tally
        self._wanted = wanted
        self._types = types
        self._full = full
        self._moves = MoveFinder(engine, scope.library_id)
        self._gone = Gone(engine, scope, job_id, tally)
        self.newest_id = self._moves.newest_id
        self.current = ""

    def run(self) -> Iterator[bool]:
        """Walk and compare to the end; gives True after rows were committed, False at other times.

        Raises ``DatabaseError``.
        """
        batch: list[FoundDirectory] = []
        limit = FIRST_FILES
        files = 0
        for directory in walk(self._scope.path, self._scope.root, lambda name: mime.by_name(name) is not None):
            self.current = os.fsdecode(directory.path)
            self._note_unreadable(directory)
            batch.append(directory)
            files += len(directory.files)
            if files >= limit or len(batch) >= DIRECTORIES_A_TRANSACTION:
                yield from self._compare(batch)
                batch, files = [], 0
                limit = min(FILES_A_TRANSACTION, 2 * limit)
            else:
                yield False
        yield from self._compare(batch)
        yield from self._gone.delete()

    def _note_unreadable(self, directory: FoundDirectory) -> None:
        for unreadable in directory.unreadable:
            self._gone.protect(unreadable.path)
            self._tally.fail_path(os.fsdecode(unreadable.path), unreadable.error, is_file=unreadable.is_file)

    def _compare(self, batch: Sequence[FoundDirectory]) -> Iterator[bool]:
        known_directories, known_files = self._known([directory.path for directory in batch])
        changes = _Changes()
        for directory in batch:
            directory_id = known_directories.get(directory.path)
            yield from self._compare_one(directory, directory_id, known_files.get(directory_id, {}), changes)
        yield from self._take_prints(changes)
        self._find_moves(changes)
        with writing(self._engine) as connection:
            self._write(connection, batch, known_directories, changes)
        moved = {file_id for file_id, _ in changes.moved}
        for file_id, directory_id in changes.unlisted:
            if file_id not in moved:
                self._gone.note(file_id, directory_id)
        yield True

    def _known(self, paths: Sequence[bytes]) -> tuple[dict[bytes, int], dict[int | None, dict[bytes, Any]]]:
        """Directories by path, and the files of each by name."""
        table = media_files.c
        columns = (table.id, table.directory_id, table.name, table.size, table.mtime_ns, table.device, table.inode)
        with reading(self._engine) as connection:
            found = sa.select(directories.c.path, directories.c.id).where(directories.c.path.in_(paths))
            by_path: dict[bytes, int] = {row.path: row.id for row in connection.execute(found)}
            files: dict[int | None, dict[bytes, Any]] = {directory_id: {} for directory_id in by_path.values()}
            if by_path:
                select = sa.select(*columns, table.mime_type, table.fingerprint)
                for row in connection.execute(select.where(table.directory_id.in_(by_path.values()))):
                    files[row.directory_id][row.name] = row
        return by_path, files

    def _compare_one(
        self, directory: FoundDirectory, directory_id: int | None, known: dict[bytes, Any], changes: _Changes
    ) -> Iterator[bool]:
        counts = self._tally.counts
        for count, found in enumerate(directory.files):
            if count % FILES_BETWEEN_PAUSES == FILES_BETWEEN_PAUSES - 1:
                yield False
            row = known.pop(found.name, None)
            if row is None:
                self._consider(directory.path, found, changes)
                continue
            self._types.add(row.mime_type)
            print_now = self._print_to_compare(directory.path, found, row)
            if print_now != row.fingerprint or (row.size, row.mtime_ns) != (found.size, found.mtime_ns):
                counts.changed += 1
                changes.changed.append(_values(row.id, found) | {"b_fingerprint": print_now})
            else:
                counts.unchanged += 1
                if (row.device, row.inode) != (found.device, found.inode):
                    changes.elsewhere.append(_values(row.id, found))
            counts.seen += 1
        if directory.complete and directory_id is not None:
            for name, row in known.items():
                if not self._gone.is_protected(join(directory.path, name)):
                    changes.unlisted.append((row.id, directory_id))

    def _print_to_compare(self, directory: bytes, found: FoundFile, row: Any) -> bytes | None:
        """The fingerprint of now; the known one where nothing says that it may differ."""
        same = (row.size, row.mtime_ns) == (found.size, found.mtime_ns)
        # One that could not be read may be readable now: a change of its mode is not in size nor mtime.
        if same and row.fingerprint is not None and not self._full:
            return row.fingerprint  # type: ignore[no-any-return]
        try:
            return fingerprint(join(directory, found.name), found.size)[0]
        except OSError:
            return None

    def _consider(self, directory: bytes, found: FoundFile, changes: _Changes) -> None:
        """Take a file that is not known here, when it is media."""
        kind = mime.by_name(found.name)
        if kind == "" or (kind is not None and (mime.always_media(kind) or self._wanted(kind))):
            changes.new.append(NewFile(directory, found, kind))

    def _take_prints(self, changes: _Changes) -> Iterator[bool]:
        """Fingerprint what is new; find the type of what has no extension."""
        kept = []
        for count, new in enumerate(changes.new):
            if count % FILES_BETWEEN_PAUSES == FILES_BETWEEN_PAUSES - 1:
                yield False
            head = b""
            try:
                new.fingerprint, head = fingerprint(new.path, new.found.size)
            except FileNotFoundError:
                self._tally.fail_path(os.fsdecode(new.path), "vanished while it was scanned", is_file=True)
                continue
            except OSError:
                pass  # in the library nevertheless: each scraper says what it makes of it
            if not new.mime_type:
                new.mime_type = mime.sniff(head[: mime.SNIFFED_BYTES])
                if not (mime.always_media(new.mime_type) or (new.mime_type and self._wanted(new.mime_type))):
                    continue
            self._types.add(new.mime_type)
            kept.append(new)
        changes.new = kept

    def _find_moves(self, changes: _Changes) -> None:
        changes.moved = self._moves.find(changes.new)
        if changes.moved:
            moved = {id(new) for _, new in changes.moved}
            changes.new = [new for new in changes.new if id(new) not in moved]
        counts = self._tally.counts
        counts.moved += len(changes.moved)
        counts.new += len(changes.new)
        counts.seen += len(changes.moved) + len(changes.new)

    def _write(
        self, connection: sa.Connection, batch: Sequence[FoundDirectory], known: dict[bytes, int], changes: _Changes
    ) -> None:
        seen = sa.update(directories).where(directories.c.id.in_(known.values()))
        connection.execute(seen.values(last_seen_job=self._job_id))
        needed = {new.directory for new in changes.new} | {new.directory for _, new in changes.moved}
        missing = [directory.path for directory in batch if directory.path in needed and directory.path not in known]
        ids = known | self._add_directories(connection, missing)
        if changes.moved:
            rows = [self._moved_values(file_id, new, ids) for file_id, new in changes.moved]
            connection.execute(_update("directory_id", "name", "path_text", "device", "inode", "event_due"), rows)
        if changes.changed:
            rows = [row | {"b_event_due": True} for row in changes.changed]
            connection.execute(_update("size", "mtime_ns", "device", "inode", "fingerprint", "event_due"), rows)
            readings.mark_unread(connection, [row["b_id"] for row in changes.changed])
        if changes.elsewhere:
            connection.execute(_update("device", "inode"), changes.elsewhere)
        if changes.new:
            connection.execute(sa.insert(media_files), [self._row(new, ids) for new in changes.new])

    def _add_directories(self, connection: sa.Connection, paths: Sequence[bytes]) -> dict[bytes, int]:
        if not paths:
            return {}
        rows = [{"library_id": self._scope.library_id, "path": path, "last_seen_job": self._job_id} for path in paths]
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
        return _values(file_id, new.found) | {
            "b_directory_id": directory_ids[new.directory],
            "b_path_text": display_bytes(new.path),
            "b_name": new.found.name,
            "b_event_due": True,
        }


def _values(file_id: int, found: FoundFile) -> dict[str, Any]:
    """What an update needs of a file; the names of columns themselves may not be used for parameters."""
    return {
        "b_id": file_id,
        "b_size": found.size,
        "b_mtime_ns": found.mtime_ns,
        "b_device": found.device,
        "b_inode": found.inode,
    }


def _update(*columns: str) -> sa.Update:
    values: dict[str, sa.BindParameter[Any]] = {column: sa.bindparam(f"b_{column}") for column in columns}
    return sa.update(media_files).where(media_files.c.id == sa.bindparam("b_id")).values(values)
