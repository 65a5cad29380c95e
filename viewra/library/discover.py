"""Compares the disk with the database, a few directories at a time: new, changed, moved and missing files.

``filerows`` and ``absences`` write the rows; the scrapers read the files' metadata.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.transactions import reading
from viewra.library import jobs, mime
from viewra.library.absences import Absences
from viewra.library.displaced import Displaced
from viewra.library.filerows import Changes, FileRows, KnownFile
from viewra.library.found import EVIDENCE, FoundFile
from viewra.library.intake import Intake, content_of
from viewra.library.known import KNOWN_EVIDENCE, KNOWN_REST, NO_ROWS, KnownPart, Rows, is_same_link
from viewra.library.linking import Linker
from viewra.library.move_detection import MoveFinder
from viewra.library.paths import join
from viewra.library.report import Tally
from viewra.library.scan_plan import Plan
from viewra.library.scope import Scope
from viewra.library.signing import Signing
from viewra.library.unsettled import Before
from viewra.library.walk import FoundDirectory, Place
from viewra.library.walking import walk_scope

FILES_A_TRANSACTION = 500
FIRST_FILES = 64
"""The first transaction is small, so that scrapers can start soon; each further one is twice as large."""

DIRECTORIES_A_TRANSACTION = 250
FILES_BETWEEN_PAUSES = 32


class Discovery:
    """The first stage of one scan. ``types`` collects the MIME types seen.

    A ``wanted`` type is read by a plugin; known files of a type that is not ``kept`` are treated as absent.
    """

    def __init__(
        self,
        engine: sa.Engine,
        scope: Scope,
        job_id: int,
        tally: Tally,
        plan: Plan,
        *,
        wanted: Callable[[str], bool],
        kept: Callable[[str], bool],
        types: set[str],
    ) -> None:
        self._engine = engine
        self._scope = scope
        self._tally = tally
        self._plan = plan
        self._types = types
        self._intake = Intake(tally, plan.media, wanted, types)
        # A plugin that read such a type may be disabled by now.
        self._leaving = frozenset(kind for kind in types if not (mime.always_media(kind) or kept(kind)))
        self._full = plan.full
        self._moves = MoveFinder(engine, scope.library_id, plan.mounts)
        self._before = Before(engine, scope, self._moves.newest_id)
        self._links = Linker(engine, scope, job_id, tally, self._before)
        self._displaced = Displaced(engine, scope, job_id, tally, self._before)
        self._rows = FileRows(engine, scope, job_id, self._before)
        self.signing = Signing(engine, self._rows, plan.media, wanted, self._leaving)
        is_continued = self._before.is_continued or jobs.is_after_interruption(engine, scope.library_id, job_id)
        # An interrupted scan may have left evidence in folders that it had not seen.
        if not plan.full and not is_continued:
            self.signing.load(scope)
        self.absences = Absences(engine, scope, job_id, tally, plan.mounts, self._moves.moved, plan.since)
        self.newest_id = self._moves.newest_id
        self.current = ""

    def run(self) -> Iterator[bool]:
        """Walk and compare to the end; yields True after a commit, False at other times.

        Raises ``DatabaseError``.
        """
        batch: list[FoundDirectory] = []
        limit = FIRST_FILES
        files = 0
        for directory in walk_scope(self._scope, self._plan, self.signing.known, self.signing.context):
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
        yield from self._compare_links()
        yield from self.absences.mark()
        self._before.settle()

    def _note_unreadable(self, directory: FoundDirectory) -> None:
        for unreadable in directory.unreadable:
            self.absences.protect(unreadable.path)
            self._tally.fail_path(os.fsdecode(unreadable.path), unreadable.error, is_file=unreadable.is_file)

    def _compare(self, found: Sequence[FoundDirectory]) -> Iterator[bool]:
        same = [self.signing.known[directory.path] for directory in found if directory.same]
        if same:
            count = sum(folder.files for folder in same)
            self._tally.counts.seen += count
            self._tally.counts.unchanged += count
            self._rows.mark_seen([folder.id for folder in same], ())
        if batch := [directory for directory in found if not directory.same]:
            yield from self._compare_files(batch)
            self.signing.sign([one for one in batch if not self.absences.is_protected(one.path)], self._intake.declined)
            self._intake.declined.clear()

    def _compare_files(self, batch: Sequence[FoundDirectory]) -> Iterator[bool]:
        with reading(self._engine) as connection:
            known = KnownPart(connection, [directory.path for directory in batch])
        lost = {one.path for one in batch if known.is_lost(one, self._plan.mounts)}
        exchanged = {one.path: known.other_disks(one) for one in batch}
        if known.ids:
            places = [
                (known.ids[one.path], known.place_of(one, exchanged[one.path]))
                for one in batch
                if one.path not in lost and known.differs(one)
            ]
            self._rows.mark_seen(known.ids.values(), places)
        unlisted: list[Any] = []
        changes = Changes()
        for directory in batch:
            directory_id = known.ids.get(directory.path)
            files = known.files.get(directory_id, {})
            links = known.links.get(directory_id or 0, {})
            place = directory.place
            for count, found in enumerate(directory.files, 1):
                if self._leaving and self._leaves(files.get(found.name)):
                    continue  # as if it were not there
                row, link = files.pop(found.name, None), links.pop(found.name, None)
                if row is not None and not (link is not None and is_same_link(link, found)):
                    if link is not None:
                        changes.unlinked.append((link.directory_id, found.name))
                    self._compare_one(place, found, row, changes)
                else:
                    self._compare_unknown(place, found, link, changes)
                if count % FILES_BETWEEN_PAUSES == 0:
                    if len(changes) >= FILES_A_TRANSACTION:
                        yield from self._commit(changes, known.ids)
                        changes = Changes()
                    else:
                        yield False
            if directory.complete:
                gone = [row for row in files.values() if row.missing_since is None]
                if directory.path in lost:
                    self.absences.note_lost(directory.path, known.directories[directory.path].mount, len(gone))
                elif exchanged[directory.path]:
                    self.absences.note_exchanged(place, [row.id for row in gone])
                else:
                    unlisted += [row for row in gone if not self.absences.is_protected(join(directory.path, row.name))]
                    changes.unlinked.extend((row.directory_id, row.name) for row in links.values())
        yield from self._commit(changes, known.ids)
        for row in unlisted:
            self.absences.note(row.id)

    def _commit(
        self, changes: Changes, directory_ids: dict[bytes, int], rows: Rows = NO_ROWS, *, put_off: bool = True
    ) -> Iterator[bool]:
        """Write changes; ``directory_ids`` collects the directories that were added. See ``Linker.split``.

        ``rows`` are those at the places of new files: of files that are missing, whose paths led to others till now.
        """
        yield from self._intake.take_prints(changes)
        changes.new, changes.linked = self._links.split(changes.new, put_off=put_off)
        for new in tuple(changes.new) if rows else ():
            row = rows.get((new.place.path, new.found.name))
            if row is not None:
                changes.new.remove(new)
                self._tally.counts.seen += 1
                self._compare_closely(new.place, new.found, row, changes, last=True)
        changes.moved = yield from self._moves.find(changes.new)
        if changes.moved:
            moved = {move.new for move in changes.moved}
            changes.new = [new for new in changes.new if new not in moved]
        self._tally.count_found(len(changes.new), [move.was_missing for move in changes.moved])
        if changes:
            self._rows.write(changes, directory_ids)
        yield True

    def _leaves(self, row: Any) -> bool:
        """Whether no enabled plugin reads a known file's type any more."""
        return row is not None and row.mime_type in self._leaving

    def _compare_one(self, place: Place, found: FoundFile, row: Any, changes: Changes) -> None:
        """Compare a file with its row."""
        counts = self._tally.counts
        counts.seen += 1
        # By position, since this runs for every file of every scan.
        mime_type, fingerprint_then, missing_since = row[KNOWN_REST]
        self._types.add(mime_type)
        same = row[KNOWN_EVIDENCE] == found[EVIDENCE] and missing_since is None
        if same and fingerprint_then is not None and not self._full:
            counts.unchanged += 1
        else:
            self._compare_closely(place, found, row, changes)

    def _compare_closely(
        self, place: Place, found: FoundFile, row: Any, changes: Changes, *, last: bool = False
    ) -> None:
        path = join(place.path, found.name)
        is_other_file = (row.device, row.inode) != (found.device, found.inode)
        if is_other_file and not last and row.missing_since is None and self._displaced.take(row, place, found):
            self._tally.counts.seen -= 1
            return
        same_so_far = (row.size, row.mtime_ns) == (found.size, found.mtime_ns)
        known = KnownFile(row.id, path, found, row.mime_type, row.fingerprint, row.inode != found.inode)
        # Before ctime was stored, size and mtime had to do. An unreadable file may be readable now.
        is_new_evidence = row.ctime_ns is None and row.missing_since is None and same_so_far and not is_other_file
        if not is_new_evidence or self._full or row.fingerprint is None:
            known.fingerprint, head = content_of(path, found)
            known.new_type = self._intake.type_now(found.name, head, row.mime_type)
        is_changed = not same_so_far or known.fingerprint != row.fingerprint
        self._links.note_change(row, found)
        counts = self._tally.counts
        if is_changed:
            changes.changed.append(known)
        elif row[KNOWN_EVIDENCE] != found[EVIDENCE]:
            changes.touched.append(known)
        if row.missing_since is not None:
            counts.returned += 1
            changes.returned.append(known)
        elif is_changed:
            counts.changed += 1
        else:
            counts.unchanged += 1

    def _compare_unknown(self, place: Place, found: FoundFile, link: Any, changes: Changes) -> None:
        """Decide about a file without a row at its place; ``link`` is set if it is another path of a known file."""
        if link is not None:
            if is_same_link(link, found):
                return
            changes.unlinked.append((link.directory_id, found.name))
        if link is not None or found.is_link or (self._before.is_continued and found.may_have_other_names):
            self._links.put_off(place, found)
        else:
            self._intake.consider(place, found, changes)

    def _compare_links(self) -> Iterator[bool]:
        """Decide about the paths that were put off until all others were known, and about displaced files."""
        yield from self._compare_put_off()
        for one in self._displaced.mistaken():
            self._tally.counts.seen += 1
            changes = Changes()
            self._compare_closely(one.place, one.found, one.row, changes, last=True)
            yield from self._commit(changes, {})
        yield from self._compare_put_off()
        yield from self._displaced.settle(self.absences.mark_one)
        self._links.suspect(self._moves.links)
        yield from self._links.merge()

    def _compare_put_off(self) -> Iterator[bool]:
        yield from self._links.recheck()
        for put_off in (True, True, False):  # the first of many links becomes the file, the others its links
            paths = self._links.put_off_till_now()
            for start in range(0, len(paths), FILES_A_TRANSACTION):
                part = paths[start : start + FILES_A_TRANSACTION]
                with reading(self._engine) as connection:
                    ids = KnownPart.ids_of(connection, {place.path for place, _ in part})
                    rows = KnownPart.rows_at(connection, ids, {(place.path, found.name) for place, found in part})
                changes = Changes()
                for place, found in part:
                    self._intake.consider(place, found, changes)
                yield from self._commit(changes, ids, rows, put_off=put_off)
