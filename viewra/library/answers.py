"""All that plugins say of files: what they have read, what they have put, and what nfo files beside them say."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from viewra.library import descriptions, outcomes
from viewra.library.outcomes import Answer


def load(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """All that is said of these files, by file."""
    ids = list(file_ids)
    found = outcomes.load_read(connection, ids)
    for file_id, answers in outcomes.load_put(connection, ids).items():
        found[file_id].extend(answers)
    described = descriptions.beside(connection, ids)
    for file_id in described:
        found[file_id].extend(described.of(file_id, found[file_id]))
    return found
