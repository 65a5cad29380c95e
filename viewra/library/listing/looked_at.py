"""Reads the metadata of files for queries that neither columns nor the search index answer, some hundred at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import libraries
from viewra.library import answers, outcomes, priorities, stored_fields
from viewra.library.catalogue.entries import name_without_extension, several
from viewra.library.listing import paging
from viewra.library.listing.paging import Key
from viewra.library.merge import pick
from viewra.library.paths import below, display_bytes, join
from viewra.library.query.fields import GROUPS, TEXT_METADATA, grouped, is_known, texts_of
from viewra.library.query.plan import Plan
from viewra.library.query.tree import leaves
from viewra.library.words import indexed
from viewra.types.values import Value

FILES_A_LOOK = 500
"""The number of files whose metadata is read at once."""


def matching(
    connection: sa.Connection,
    planned: Plan,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    place: Sequence[Any] | None = None,
) -> Iterator[Any]:
    """Yield the rows of a statement whose metadata matches the rest of the plan, in order."""
    orders = priorities.load(connection)
    fields = {leaf.field for leaf in leaves(planned.rest)} if planned.rest is not None else set[str]()
    names = _names(fields)
    # Plugins may write the names of fields of their own otherwise.
    spellings = stored_fields.spellings(connection, {field for field in fields if field and not is_known(field)})
    names |= {spelling for spelt in spellings.values() for spelling in spelt}
    roots = {row.id: row.path for row in connection.execute(sa.select(libraries.c.id, libraries.c.path))}
    while True:
        rows = paging.rows(connection, statement, keys, place, FILES_A_LOOK)
        said = answers.load(connection, [row.id for row in rows])
        for row in rows:
            values: dict[str, Value] = pick(outcomes.readings(said.get(row.id, ())), orders, names)
            values |= {field: texts_of(values, spelt) for field, spelt in spellings.items()}
            # The same fields as in the search index, see ``documents``.
            if not fields.isdisjoint(_OF_SEVERAL):
                values |= grouped(values)
            if not fields.isdisjoint(_OF_PATH):
                values["path"] = display_bytes(below(join(row.path, row.name), roots[row.library_id]))
            if not fields.isdisjoint(_OF_TITLE) and not indexed(several(values, "title")):
                values["title"] = name_without_extension(display_bytes(row.name))
            if planned.holds(row, values):
                yield row
        if len(rows) < FILES_A_LOOK:
            return
        place = paging.position(rows[-1], statement, keys)


_OF_SEVERAL, _OF_PATH, _OF_TITLE = {"", *GROUPS}, {"", "path"}, {"", "title"}
"""The fields of conditions that need the fields with several names, the path, and the title; ``""`` is any field."""


def _names(fields: Collection[str]) -> set[str]:
    """Return the metadata that conditions on fields look at."""
    if "" in fields:
        return {*TEXT_METADATA, *fields}
    return {name for field in fields for name in GROUPS.get(field, (field,))}
