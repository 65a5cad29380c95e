"""Compares the disk with the database, a few directories at a time: which files are new, changed, moved, gone.

Writing rows down is left to ``filerows`` and ``gone``, reading the files' metadata to the scrapers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading
from viewra.library import mime
from viewra.library.deletions import Deletions
from viewra.library.filerows import Changes, FileRows, KnownFile, NewFile
from viewra.library.fingerprint import fingerprint
from viewra.library.libraries import Scope
from viewra.library.move_detection import MoveFinder
from viewra.library.paths import join
from viewra.library.report import Tally
from viewra.library.walk import FoundDirectory, FoundFile, walk

FILES_A_TRANSACTION = 500
FIRST_FILES = 64
"""The first transaction is small, so that scrapers have something to read soon; each further one is twice as large."""

DIRECTORIES_A_TRANSACTION = 250
FILES_BETWEEN_PAUSES = 32


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
        self._rows = FileRows(engine, scope, job_id)
        self._gone = Deletions(engine, scope, job_id, tally)
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
        directory_ids, known_files = self._known([directory.path for directory in batch])
        unlisted: list[tuple[int, int]] = []
        moved: set[int] = set()
        changes = Changes()
        if directory_ids:
            self._rows.mark_seen(directory_ids.values())
        for directory in batch:
            directory_id = directory_ids.get(directory.path)
            known = known_files.get(directory_id, {})
            for count, found in enumerate(directory.files, 1):
                self._compare_one(directory.path, found, known.pop(found.name, None), changes)
                if len(changes) >= FILES_A_TRANSACTION:
                    yield from self._commit(changes, directory_ids, moved)
                    changes = Changes()
                elif count % FILES_BETWEEN_PAUSES == 0:
                    yield False
            if directory.complete and directory_id is not None:
                gone = [row for name, row in known.items() if not self._gone.is_protected(join(directory.path, name))]
                unlisted.extend((row.id, directory_id) for row in gone)
        yield from self._commit(changes, directory_ids, moved)
        for file_id, directory_id in unlisted:
            if file_id not in moved:
                self._gone.note(file_id, directory_id)

    def _commit(self, changes: Changes, directory_ids: dict[bytes, int], moved: set[int]) -> Iterator[bool]:
        """Write changes; ``directory_ids`` and ``moved`` collect what was added and which files moved."""
        yield from self._take_prints(changes)
        self._find_moves(changes)
        if changes:
            self._rows.write(changes, directory_ids)
        moved.update(file_id for file_id, _ in changes.moved)
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

    def _compare_one(self, directory: bytes, found: FoundFile, row: Any, changes: Changes) -> None:
        counts = self._tally.counts
        if row is None:
            self._consider(directory, found, changes)
            return
        counts.seen += 1
        self._types.add(row.mime_type)
        print_now = self._print_to_compare(directory, found, row)
        if print_now != row.fingerprint or (row.size, row.mtime_ns) != (found.size, found.mtime_ns):
            counts.changed += 1
            changes.changed.append(KnownFile(row.id, found, print_now))
        else:
            counts.unchanged += 1
            if (row.device, row.inode) != (found.device, found.inode):
                changes.elsewhere.append(KnownFile(row.id, found))

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

    def _consider(self, directory: bytes, found: FoundFile, changes: Changes) -> None:
        """Take a file that is not known here, when it is media."""
        kind = mime.by_name(found.name)
        if kind == "" or (kind is not None and (mime.always_media(kind) or self._wanted(kind))):
            changes.new.append(NewFile(directory, found, kind))

    def _take_prints(self, changes: Changes) -> Iterator[bool]:
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

    def _find_moves(self, changes: Changes) -> None:
        changes.moved = self._moves.find(changes.new)
        if changes.moved:
            moved = {id(new) for _, new in changes.moved}
            changes.new = [new for new in changes.new if id(new) not in moved]
        counts = self._tally.counts
        counts.moved += len(changes.moved)
        counts.new += len(changes.new)
        counts.seen += len(changes.moved) + len(changes.new)
