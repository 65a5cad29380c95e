"""Knows the names of all metadata fields that plugins have said something of: a search may name these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.catalogue_tables import metadata_fields


class Fields:
    """Notes the fields of what one scan stores; most are known after its first files."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def note(self, connection: sa.Connection, stored: Iterable[Mapping[str, object]]) -> None:
        """Remember the fields of metadata that is stored in the same transaction."""
        new = {field for values in stored for field in values} - self._known
        if new:
            before = load(connection)
            insert_rows(connection, metadata_fields, [{"field": field} for field in sorted(new - before)])
            self._known = before | new


def load(connection: sa.Connection) -> set[str]:
    """Return the names of all fields that plugins have said something of."""
    return set(connection.execute(sa.select(metadata_fields.c.field)).scalars())
