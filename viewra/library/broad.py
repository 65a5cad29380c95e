"""Ranks a search with more hits than can be ranked in time: tier by tier, each of them bounded.

First come files whose title is what was typed, then hits in the title, the artist, the album, and anywhere. The index
ranks ``AT_ONCE`` hits of a tier, then the next so many. The order depends on the query alone, so pages fit together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.catalogue_tables import catalogue
from viewra.library import fulltext
from viewra.library.catalogue.keys import sort_key
from viewra.library.query.tree import And, Node, Text, leaves

FIELDS = ("title", "artist", "album")
"""The fields of the tiers, in their order."""

AT_ONCE = 2000
"""How many hits are ranked among each other: SQLite takes some 4 µs for each."""

MOST_OF_SAME_TITLE = 100
"""How many files whose title is what was typed come first."""


@attrs.frozen
class Hit:
    """A hit by its file's id; the lower the ``rank``, the better, and never above 0."""

    rowid: int
    rank: float


def ranked(
    connection: sa.Connection, text: Node, conditions: Sequence[sa.ColumnElement[bool]], *, wanted: int, most: int
) -> list[Hit]:
    """The best ``wanted`` hits for ``text``; ``conditions`` are on the index's rows and must hold, too."""
    found: dict[int, Hit] = {}
    worst = -float("inf")
    wanted = min(wanted, most)
    for tier in _tiers(connection, text):
        best = _best(connection.dialect.name, tier.node, tuple(conditions), tier.ids is not None)
        ranked_before = 0
        while len(found) < wanted:
            values = {_RANKED_BEFORE: ranked_before, _AT_ONCE: AT_ONCE, _MOST: wanted + len(found)}
            rows = connection.execute(best, values if tier.ids is None else {**values, _IDS: tier.ids}).all()
            for row in rows:
                if row.rowid not in found:
                    # Ranks of different tiers cannot be compared: the order is that of tiers.
                    worst = max(worst, row.rank)
                    found[row.rowid] = Hit(row.rowid, worst)
            if len(rows) < AT_ONCE:  # those were all of this tier, or as many as are wanted
                break
            ranked_before += AT_ONCE
    return [*found.values()][:wanted]


@attrs.frozen
class _Tier:
    """Hits for a node, of all files or of those with some ids."""

    node: Node
    ids: Sequence[int] | None = None


def _tiers(connection: sa.Connection, text: Node) -> Iterator[_Tier]:
    parts = text.nodes if isinstance(text, And) else (text,)
    if all(isinstance(one, Text) and not one.field for one in parts):
        typed = sort_key(" ".join(one.text for one in leaves(text) if isinstance(one, Text)))
        ids = connection.execute(_SAME_TITLE, {_TITLE: typed}).scalars().all()
        if ids:
            yield _Tier(_in_field(text, "title"), ids)
        for field in FIELDS:
            yield _Tier(_in_field(text, field))
    yield _Tier(text)


_TITLE = "typed_title"
_SAME_TITLE = (
    sa.select(catalogue.c.media_file_id)
    .where(catalogue.c.sort_title == sa.bindparam(_TITLE, type_=sa.Text))
    .order_by(catalogue.c.media_file_id)
    .limit(MOST_OF_SAME_TITLE)
)
_RANKED_BEFORE, _AT_ONCE, _MOST, _IDS = "ranked_before", "at_once", "most_hits", "tier_ids"


@lru_cache(maxsize=64)
def _best(
    database: str, node: Node, conditions: tuple[sa.ColumnElement[bool], ...], of_some: bool
) -> sa.Select[*tuple[Any, ...]]:
    """The statement of the best of the next ``AT_ONCE`` hits."""
    index = fulltext.media_search
    hits = sa.select(index.c.rowid, fulltext.rank(database, node).label("rank"))
    hits = hits.where(fulltext.matches(database, node), *conditions)
    hits = hits.where(index.c.rowid.in_(sa.bindparam(_IDS, expanding=True))) if of_some else hits
    some = (
        hits.limit(sa.bindparam(_AT_ONCE, type_=sa.Integer))
        .offset(sa.bindparam(_RANKED_BEFORE, type_=sa.Integer))
        .subquery()
    )
    return sa.select(some).order_by(some.c.rank, some.c.rowid).limit(sa.bindparam(_MOST, type_=sa.Integer))


def _in_field(node: Node, field: str) -> Node:
    """The same words, to be found in one field."""
    if isinstance(node, And):
        return And(tuple(_in_field(one, field) for one in node.nodes))
    return attrs.evolve(node, field=field) if isinstance(node, Text) else node
