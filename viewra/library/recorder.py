"""Writes scrapers' outcomes in batches: rows, search index, and due events."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.db.transactions import writing
from viewra.library import documents, events, outcomes, priorities, stored_fields
from viewra.library.libraries import Scope
from viewra.library.outcomes import Answer
from viewra.services import ScraperSession
from viewra.types import FileOutcome

ROWS_A_TRANSACTION = 500

LONGEST_WAIT_S = 1.0
"""How long an outcome may wait to be written while others keep coming."""


class Recorder:
    """Collects the outcomes of one scan and writes them, 500 rows per transaction."""

    def __init__(self, engine: sa.Engine, scope: Scope, job_id: int, sessions: Sequence[ScraperSession]) -> None:
        """``sessions`` are the scrapers whose outcomes a file's event waits for; it may shrink during the scan."""
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._sessions = sessions
        self._answers: list[tuple[int, Answer, str]] = []
        self._oldest = 0.0
        self._fields = stored_fields.Fields()

    @property
    def is_due(self) -> bool:
        """Whether it is time to call ``flush``."""
        count = len(self._answers)
        return count >= ROWS_A_TRANSACTION or (count > 0 and time.monotonic() - self._oldest > LONGEST_WAIT_S)

    def add(self, session: ScraperSession, file_id: int, outcome: FileOutcome) -> None:
        """Add one outcome, which the next ``flush`` writes."""
        if not self._answers:
            self._oldest = time.monotonic()
        values = outcomes.storable(outcome)
        answer = Answer(session.plugin_id, session.code_hash, time.time_ns() // 1000, values)
        self._answers.append((file_id, answer, outcome.error))

    def flush(self) -> None:
        """Write the collected outcomes. Raises ``DatabaseError``."""
        while self._answers:
            with writing(self._engine) as connection:
                self._write(connection, self._answers[:ROWS_A_TRANSACTION])
            del self._answers[:ROWS_A_TRANSACTION]

    def finish(self) -> None:
        """Add the events of files that get no further outcome, and index them; no plugin reads some of them."""
        place = documents.places().where(media_files.c.event_due, media_files.c.library_id == self._scope.library_id)
        place = place.where(self._scope.directories()).order_by(media_files.c.id).limit(ROWS_A_TRANSACTION)
        while True:
            with writing(self._engine) as connection:
                files = connection.execute(place).all()
                if not files:
                    return
                documents.write_again(connection, [file.id for file in files], priorities.load(connection))
                self._tell(connection, [file.id for file in files])

    def _write(self, connection: sa.Connection, given: Sequence[tuple[int, Answer, str]]) -> None:
        files = connection.execute(documents.places().where(media_files.c.id.in_({one[0] for one in given}))).all()
        present = {file.id for file in files}
        given = [one for one in given if one[0] in present]  # a file may have been deleted meanwhile
        if not given:
            return
        answers: dict[int, dict[str, Answer]] = {file_id: {} for file_id in present}
        for file_id, known in outcomes.load(connection, present).items():
            answers[file_id].update((answer.plugin_id, answer) for answer in known)
        outcomes.store(connection, [outcomes.row_of(*one) for one in given])
        self._fields.note(connection, (answer.values for _, answer, _ in given if answer.values is not None))
        for file_id, answer, _ in given:
            answers[file_id][answer.plugin_id] = answer
        orders = priorities.load(connection)
        documents.write(connection, [documents.document(file, answers[file.id].values(), orders) for file in files])
        complete = [file.id for file in files if self._is_complete(file.mime_type, answers[file.id])]
        self._tell(connection, complete)
        told = set(complete)
        partly = [file.id for file in files if file.id not in told and not file.event_due]
        if partly:  # read again by one plugin while another has still to answer
            due = sa.update(media_files).where(media_files.c.id.in_(partly))
            connection.execute(due.values(event_due=True))

    def _is_complete(self, mime_type: str, answers: Mapping[str, Answer]) -> bool:
        """Whether each scraper that reads the file has answered."""
        for session in self._sessions:
            answer = answers.get(session.plugin_id)
            if session.wants(mime_type) and (answer is None or answer.code_hash != session.code_hash):
                return False
        return True

    def _tell(self, connection: sa.Connection, file_ids: Sequence[int]) -> None:
        events.tell_files(connection, self._job_id, self._scope.library_id, file_ids)
