"""Writes scrapers' outcomes in batches: rows, search index, catalogue, and due events; observers are told of the files.

The search index and the catalogue are written once all scrapers of a file have answered: each time costs as much as
storing an answer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.bulk import keys_for
from viewra.db.tables import event_is_due, media_files
from viewra.db.transactions import writing
from viewra.library import (
    changes,
    descriptions,
    documents,
    events,
    jobs,
    outcomes,
    priorities,
    redescribing,
    stored_fields,
)
from viewra.library.kept_answers import KeptAnswers
from viewra.library.outcomes import Answer
from viewra.library.paths import join
from viewra.library.scope import Scope
from viewra.library.stages import INDEX, NOTIFY, STORE, Stages
from viewra.library.told import Told, Written
from viewra.services import ScraperSession
from viewra.types import FileOutcome, LibraryChange, LibraryChangeKind

ROWS_A_TRANSACTION = 1000

LONGEST_WAIT_S = 1.0
"""How long an outcome may wait to be written while others keep coming."""

LONGEST_UNFOUND_S = 30.0
"""How long a file that some scraper has read may be found by nothing while another has still to read it."""


class Recorder:
    """Collects the outcomes of one scan and writes them, 1,000 rows per transaction."""

    def __init__(
        self,
        engine: sa.Engine,
        scope: Scope,
        job_id: int,
        sessions: Sequence[ScraperSession],
        stages: Stages,
        told: Told,
    ) -> None:
        """``sessions`` are the scrapers whose outcomes a file's event waits for; it may shrink during the scan.

        ``told`` keeps what is written of files with their events.
        """
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._sessions = sessions
        self._stages = stages
        self._told = told
        self._answers: list[tuple[int, Answer, str]] = []
        self._kept = KeptAnswers()
        self._oldest = 0.0
        self._fields = stored_fields.Fields()
        self._new_since: int | None = None
        self._unfound: dict[int, float] = {}  # partly read files, and since when, the oldest first

    @property
    def is_due(self) -> bool:
        """Whether it is time to call ``flush``."""
        count, now = len(self._answers), time.monotonic()
        waited = count > 0 and now - self._oldest > LONGEST_WAIT_S
        return count >= ROWS_A_TRANSACTION or waited or self._unfound_for(now) > LONGEST_UNFOUND_S

    def add(self, session: ScraperSession, file_id: int, outcome: FileOutcome) -> None:
        """Add one outcome, which the next ``flush`` writes."""
        if not self._answers:
            self._oldest = time.monotonic()
        data = said = None
        if outcome.metadata is not None:
            data, said = outcomes.written(outcome.metadata)
            self._fields.note(outcome.metadata)
        answer = Answer(session.plugin_id, session.code_hash, time.time_ns() // 1000, data, said=said)
        self._answers.append((file_id, answer, outcome.error))

    def flush(self) -> None:
        """Write the collected outcomes. Raises ``DatabaseError``."""
        while self._answers:
            with self._stages.within(STORE), writing(self._engine) as connection:
                self._write(connection, self._answers[:ROWS_A_TRANSACTION])
            del self._answers[:ROWS_A_TRANSACTION]
        if self._unfound_for(time.monotonic()) > LONGEST_UNFOUND_S:
            self.index_partly_read()

    def index_partly_read(self) -> None:
        """Have files be found by what some of their scrapers said. Raises ``DatabaseError``."""
        ids = [*self._unfound]
        for start in range(0, len(ids), ROWS_A_TRANSACTION):
            with self._stages.within(INDEX), writing(self._engine) as connection:
                orders = priorities.load(connection)
                documents.write_again(connection, ids[start : start + ROWS_A_TRANSACTION], orders, self._stages)
        self._unfound.clear()

    def finish(self) -> None:
        """Add the events of files that get no further outcome, and index them; no plugin reads some of them."""
        # An nfo file in the scope may describe the episodes in the folders below a part, or have come from anywhere.
        place = documents.places().where(event_is_due, media_files.c.library_id == self._scope.library_id)
        place = place.where(sa.or_(self._scope.directories(all_below=True), redescribing.IS_READ_VIDEO))
        place = place.order_by(media_files.c.id).limit(ROWS_A_TRANSACTION)
        after = 0
        while True:
            with writing(self._engine) as connection:
                # From where the last ended: from the start on, all that were told would be passed again each time.
                files = connection.execute(place.where(media_files.c.id > after)).all()
                if files:
                    documents.write_again(
                        connection, [file.id for file in files], priorities.load(connection), self._stages
                    )
                    self._tell(connection, files)
                elif not after:
                    return
            after = files[-1].id if files else 0  # and once more from the start: one may have become due meanwhile

    def _write(self, connection: sa.Connection, given: Sequence[tuple[int, Answer, str]]) -> None:
        files = connection.execute(
            documents.places().where(media_files.c.id.in_(keys_for(connection, {one[0] for one in given})))
        ).all()
        present = {file.id for file in files}
        given = [one for one in given if one[0] in present]  # a file may have been deleted meanwhile
        if not given:
            return
        answers = self._kept.with_new(connection, [(file_id, answer) for file_id, answer, _ in given])
        self._store(connection, files, given)
        self._fields.store(connection)
        orders = priorities.load(connection)
        readers = {kind: self._readers_of(kind) for kind in {file.mime_type for file in files}}
        complete = [file for file in files if _have_answered(readers[file.mime_type], answers[file.id])]
        with self._stages.within(INDEX):
            described = descriptions.beside(connection, [file.id for file in complete])
            complete = [file for file in complete if self._are_read(described, file.id)]
            put = outcomes.load_put(connection, [file.id for file in complete])
            said = {file.id: [*answers[file.id].values(), *put.get(file.id, ())] for file in complete}
            for file_id in said.keys() & described:
                said[file_id] += described.of(file_id, said[file_id])
            made = [documents.document(file, said[file.id], orders) for file in complete]
        documents.write(connection, made, self._stages)
        with self._stages.within(NOTIFY):
            newest = self._tell(connection, complete)
        if newest:
            written = {file.id: Written(join(file.path, file.name), said[file.id], orders) for file in complete}
            self._told.keep(newest, written)
        told = {file.id for file in complete}
        partly = [file for file in files if file.id not in told]
        self._kept.keep(answers, [file.id for file in partly])
        now = time.monotonic()
        for file in partly:
            self._unfound.setdefault(file.id, now)
        for file_id in told:
            self._unfound.pop(file_id, None)
        if again := [file.id for file in partly if not file.event_due]:  # one plugin reads them again, and another will
            due = sa.update(media_files).where(media_files.c.id.in_(again))
            connection.execute(due.values(event_due=True))

    def _store(self, connection: sa.Connection, files: Sequence[Any], given: Sequence[tuple[int, Answer, str]]) -> None:
        """Store outcomes; videos of which an nfo file says something else than before are due by that."""
        nfos = {file.id: join(file.path, file.name) for file in files if file.mime_type == descriptions.NFO}
        before = outcomes.load_read(connection, nfos) if nfos else {}
        known = {(file_id, answer.plugin_id): answer.data for file_id, said in before.items() for answer in said}
        outcomes.store(connection, [outcomes.row_of(*one) for one in given])
        others = {
            file_id
            for file_id, answer, _ in given
            if file_id in nfos and answer.data != known.get((file_id, answer.plugin_id))
        }
        redescribing.read_anew(connection, [nfos[file_id] for file_id in others])
        for said in (answer for file_id, answer, _ in given if file_id in others):
            self._fields.note(descriptions.said_of_episodes(said))

    def _are_read(self, described: descriptions.Descriptions, file_id: int) -> bool:
        """Whether nothing is left to be read of the nfo files beside a file: else it is told of once that is."""
        readers = self._readers_of(descriptions.NFO)
        return all(
            _have_answered(readers, {answer.plugin_id: answer for answer in answers})
            for answers in described.read_of(file_id)
        )

    def _unfound_for(self, now: float) -> float:
        """For how long the file has waited that waits longest."""
        return now - next(iter(self._unfound.values()), now)

    def _readers_of(self, mime_type: str) -> Mapping[str, str]:
        """Return the scrapers that read files of this type, with the hash of their code."""
        return {one.plugin_id: one.code_hash for one in self._sessions if one.wants(mime_type)}

    def _tell(self, connection: sa.Connection, files: Sequence[Any]) -> int:
        """Tell listeners and observers of files; returns the last event's id, 0 if there is none."""
        ids = [file.id for file in files]
        newest = events.tell_files(connection, self._job_id, self._scope.library_id, ids)
        if not changes.are_observed(connection):
            return newest
        if self._new_since is None:
            folders = {self._scope.root, self._scope.path}
            self._new_since = jobs.untold_since(connection, self._scope.library_id, folders)
        added, changed = LibraryChangeKind.ADDED, LibraryChangeKind.CHANGED
        kinds = [added if file.added_at >= self._new_since else changed for file in files]
        paths = [os.fsdecode(join(file.path, file.name)) for file in files]
        told = zip(kinds, files, paths, strict=True)
        changes.note(connection, (LibraryChange(kind, file.library_id, file.id, path) for kind, file, path in told))
        return newest


def _have_answered(readers: Mapping[str, str], answers: Mapping[str, Answer]) -> bool:
    """Whether each of these scrapers has answered with its present code."""
    return all(
        (answer := answers.get(plugin_id)) is not None and answer.code_hash == code_hash
        for plugin_id, code_hash in readers.items()
    )
