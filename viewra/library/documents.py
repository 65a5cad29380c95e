"""Builds a file's row in the search index from its metadata, and rebuilds it when other values count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, libraries, media_files
from viewra.library import fulltext, outcomes
from viewra.library.merge import Priorities, pick
from viewra.library.outcomes import Answer
from viewra.library.paths import below, display_bytes, join
from viewra.library.query import TEXT_FIELDS


def places() -> sa.Select[int, bytes, str, bool, bytes, bytes]:
    """Present files with the columns that the index needs, including ``path``, their directory's, and ``root``."""
    columns = (
        media_files.c.id,
        media_files.c.name,
        media_files.c.mime_type,
        media_files.c.event_due,
        directories.c.path,
        libraries.c.path.label("root"),
    )
    found = sa.select(*columns).join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    found = found.join(libraries, libraries.c.id == media_files.c.library_id)
    return found.where(media_files.c.missing_since.is_(None))


def document(file: Any, answers: Iterable[Answer], priorities: Priorities) -> dict[str, object]:
    """The index row for one row of ``places``."""
    path = display_bytes(below(join(file.path, file.name), file.root))
    texts = pick((answer.reading() for answer in answers if answer.values is not None), TEXT_FIELDS, priorities)
    return {"rowid": file.id, "path": path, **texts}


def index_again(connection: sa.Connection, file_ids: Sequence[int], priorities: Priorities) -> None:
    """Write these files' index rows again; missing and deleted files are skipped."""
    if found := of(connection, file_ids, priorities):
        fulltext.index(connection, found)


def of(connection: sa.Connection, file_ids: Sequence[int], priorities: Priorities) -> list[dict[str, object]]:
    """The rows that these files should have in the index; a missing file has none."""
    files = connection.execute(places().where(media_files.c.id.in_(file_ids))).all()
    answers = outcomes.load(connection, [file.id for file in files])
    return [document(file, answers.get(file.id, []), priorities) for file in files]
