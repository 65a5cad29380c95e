"""Knows the names of all metadata fields that plugins have said something of: a search may name these."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.catalogue_tables import metadata_fields
from viewra.library.paths import display


class Fields:
    """Notes the fields of what one scan stores; most are known after its first files."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._new: set[str] = set()

    def note(self, values: Mapping[str, object]) -> None:
        """Note the fields of metadata that is to be stored."""
        self._new.update(map(display, values.keys() - self._known))

    def store(self, connection: sa.Connection) -> None:
        """Remember the noted fields, in the transaction that stores the metadata."""
        if self._new:
            before = load(connection)
            insert_rows(connection, metadata_fields, [{"field": field} for field in sorted(self._new - before)])
            self._known |= self._new
            self._new.clear()


def load(connection: sa.Connection) -> set[str]:
    """Return the names of all fields that plugins have said something of."""
    return set(connection.execute(sa.select(metadata_fields.c.field)).scalars())


def spellings(connection: sa.Connection, fields: Collection[str]) -> dict[str, list[str]]:
    """Return how plugins write the names of fields that a query names, which are in lower case there."""
    found: dict[str, list[str]] = {}
    for name in sorted(load(connection)):
        if name.lower() in fields:
            found.setdefault(name.lower(), []).append(name)
    return found
