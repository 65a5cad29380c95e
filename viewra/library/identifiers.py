"""The identifiers of recordings that files have: by them a recording from elsewhere is matched at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from viewra.db.bulk import insert_rows, keys_for
from viewra.db.catalogue_tables import file_identifiers as table

FIELDS = ("musicbrainz_recordingid", "acoustid_id", "isrc")
"""The metadata that identifies a recording, the surest first."""
MOST_BYTES = 100
"""Of one identifier: what is longer is none."""


def of(said: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The identifiers in a file's metadata, each with its field."""
    found = dict.fromkeys((field, normal(value)) for field in FIELDS if field in said for value in said[field])
    return [one for one in found if one[1]]


def normal(value: str) -> str:
    """An identifier as it is compared: of letters and digits in lower case; "" if it is none."""
    kept = value.lower().replace("-", "")
    if not kept.isalnum():
        kept = "".join(filter(str.isalnum, kept))
    return kept if len(kept.encode("utf-8", "replace")) <= MOST_BYTES else ""


def store(connection: sa.Connection, documents: Iterable[tuple[int, Sequence[tuple[str, str]]]]) -> None:
    """Store the identifiers of files in place of those that they had."""
    given = list(documents)
    forget(connection, [file_id for file_id, _ in given])
    rows = [
        {"field": field, "value": value, "media_file_id": file_id} for file_id, found in given for field, value in found
    ]
    insert_rows(connection, table, rows)


def forget(connection: sa.Connection, file_ids: Collection[int]) -> None:
    """Have files identified by nothing."""
    connection.execute(sa.delete(table).where(table.c.media_file_id.in_(keys_for(connection, file_ids))))


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Have the files that a statement selects identified by nothing."""
    connection.execute(sa.delete(table).where(table.c.media_file_id.in_(file_ids)))


def find(connection: sa.Connection, field: str, value: str, limit: int) -> list[int]:
    """The files that have an identifier, by id."""
    wanted = sa.select(table.c.media_file_id).where(table.c.field == field, table.c.value == normal(value))
    return list(connection.scalars(wanted.order_by(table.c.media_file_id).limit(limit)))
