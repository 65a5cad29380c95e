"""Reads the metadata of files for queries that neither columns nor the search index answer, some hundred at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import libraries
from viewra.library import answers, outcomes, priorities
from viewra.library.catalogue.entries import name_without_extension, several
from viewra.library.listing import paging
from viewra.library.listing.paging import Key
from viewra.library.merge import pick
from viewra.library.paths import below, display_bytes, join
from viewra.library.query.fields import TEXT_METADATA, grouped
from viewra.library.query.plan import Plan
from viewra.library.query.tree import Query
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
    names = {*TEXT_METADATA, *(leaf.field for leaf in _leaves(planned))}
    roots = {row.id: row.path for row in connection.execute(sa.select(libraries.c.id, libraries.c.path))}
    while True:
        rows = paging.rows(connection, statement, keys, place, FILES_A_LOOK)
        said = answers.load(connection, [row.id for row in rows])
        for row in rows:
            values: dict[str, Value] = pick(outcomes.readings(said.get(row.id, ())), orders, names)
            values |= grouped(values)
            # The same fields as in the search index, see ``documents``.
            values["path"] = display_bytes(below(join(row.path, row.name), roots[row.library_id]))
            if not indexed(several(values, "title")):
                values["title"] = name_without_extension(display_bytes(row.name))
            if planned.holds(row, values):
                yield row
        if len(rows) < FILES_A_LOOK:
            return
        place = paging.position(rows[-1], statement, keys)


def _leaves(planned: Plan) -> Iterator[Any]:
    if planned.rest is not None:
        yield from Query(planned.rest).leaves()
