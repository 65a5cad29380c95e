"""Plans how to answer a query: by the search index, by columns, and by reading metadata for everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.errors import UsageError
from viewra.library import fulltext, stored_fields
from viewra.library.query import columns, fields, holds
from viewra.library.query.expression import is_text
from viewra.library.query.tree import And, Bound, Given, Leaf, Node, Not, Or, Query, Text, leaves
from viewra.library.query.values import brief, number, yes_or_no
from viewra.types.values import Value

IS_THERE = media_files.c.missing_since.is_(None)


@attrs.frozen(eq=False)  # of conditions, which compare to other conditions
class Plan:
    """How to find the files of a query.

    The search index answers ``text``, and ``where`` are conditions on columns; both must be true. ``rest`` is evaluated
    for each remaining file: columns give the values of its leaves in ``answers`` (by ``id()``), metadata those in
    ``metadata``.
    """

    text: Node | None
    where: tuple[sa.ColumnElement[bool], ...]
    rest: Node | None
    answers: Mapping[int, sa.ColumnElement[bool]]
    metadata: Mapping[int, holds.Condition]
    with_missing: bool
    database: str
    """The name of SQLAlchemy's dialect."""

    def holds(self, row: Any, values: Mapping[str, Value]) -> bool:
        """Whether a file matches ``rest``; ``row`` has the columns of ``labelled``."""
        if self.rest is None:
            return True
        truth = {leaf: condition(values) for leaf, condition in self.metadata.items()}
        truth |= {leaf: bool(getattr(row, f"answer_{place}")) for place, leaf in enumerate(self.answers)}
        return holds.holds(self.rest, truth)

    def labelled(self) -> list[sa.ColumnElement[bool]]:
        """Return the columns for leaves of ``rest``, with their names in a row."""
        return [condition.label(f"answer_{place}") for place, condition in enumerate(self.answers.values())]


def plan(connection: sa.Connection, query: Query) -> Plan:
    """Plan a query. Ages and dates refer to the clock and time zone of this process.

    Raises ``UsageError`` for an unknown field or an invalid value.
    """
    with_missing = may_be_missing(query)
    for leaf in query.leaves():
        if with_missing and columns.is_of_catalogue(leaf.field):
            raise UsageError(
                f"the query, column {leaf.at + 1}: {leaf.field!r} is not known of files that are missing",
                hint="leave out missing:, or ask for metadata, such as date:1990",
            )
        if leaf.field and not fields.is_known(leaf.field):
            fields.check(leaf.field, leaf.at, stored_fields.load(connection))
        _check_bounds(leaf)
    for sort in query.sort:
        fields.check_sort(sort.field, sort.at)
    database = connection.dialect.name
    if any(columns.is_time(leaf.field) for leaf in query.leaves()):
        return _planned(database, query.root, with_missing)
    return _lasting(database, query.root, with_missing)


def _planned(database: str, root: Node, with_missing: bool) -> Plan:
    return _Planner(database, datetime.now(), with_missing).plan(root)  # noqa: DTZ005 - local time, with DST


_lasting = lru_cache(maxsize=128)(_planned)
"""Plans of queries that mean the same at all times are made once, and so are the statements of a plan."""


def may_be_missing(query: Query) -> bool:
    """Whether missing files may match: the query names ``missing``, and not only to exclude them."""
    return not _excludes_missing(query.root) and any(leaf.field == "missing" for leaf in query.leaves())


def _excludes_missing(node: Node) -> bool:
    """Whether a condition says by itself that it is for files that are there."""
    if isinstance(node, And):
        return any(map(_excludes_missing, node.nodes))
    if isinstance(node, Or):
        return all(map(_excludes_missing, node.nodes))
    leaf, excluded = (node.node, True) if isinstance(node, Not) else (node, False)
    return isinstance(leaf, Text) and leaf.field == "missing" and yes_or_no(leaf.text) is excluded


class _Planner:
    def __init__(self, database: str, now: datetime, with_missing: bool) -> None:
        self._database = database
        self._now = now
        self._with_missing = with_missing

    def plan(self, root: Node) -> Plan:
        parts = root.nodes if isinstance(root, And) else (root,)
        text = self._text_of(parts)
        taken = {id(node) for node in text}
        where: list[sa.ColumnElement[bool]] = []
        rest: list[Node] = []
        for node in parts:
            if id(node) in taken:
                continue
            condition = self._exact(node)
            if condition is not None:
                where.append(condition)
            else:
                rest.append(node)
                if (loose := self._loose(node)) is not None:
                    where.append(loose)
        if not self._with_missing and not text:  # the index does not have missing files
            where.append(IS_THERE)
        remaining = And(tuple(rest)) if rest else None
        answers: dict[int, sa.ColumnElement[bool]] = {}
        metadata: dict[int, holds.Condition] = {}
        for leaf in leaves(remaining) if remaining is not None else ():
            condition = self._leaf(leaf)
            if condition is not None:
                answers[id(leaf)] = condition
            else:
                metadata[id(leaf)] = holds.condition(leaf)
        whole = None if not text else text[0] if len(text) == 1 else And(tuple(text))
        return Plan(whole, tuple(where), remaining, answers, metadata, self._with_missing, self._database)

    def _text_of(self, parts: Sequence[Node]) -> list[Node]:
        """Return the parts that one query of the search index can answer."""
        if self._with_missing:  # the index does not have missing files
            return []
        wanted = [node for node in parts if _is_indexed(node) and is_text(node)]
        excluded = [node for node in parts if isinstance(node, Not) and _is_indexed(node.node) and is_text(node.node)]
        return [*wanted, *excluded] if wanted else []

    def _exact(self, node: Node) -> sa.ColumnElement[bool] | None:
        """Return the condition on columns that is equivalent to a node, None if there is none."""
        if isinstance(node, Not):
            inner = self._exact(node.node)
            if inner is None or isinstance(inner, sa.Exists):  # which is never NULL
                return inner if inner is None else sa.not_(inner)
            return sa.not_(sa.func.coalesce(inner, sa.false()))
        if isinstance(node, And | Or):
            inner_parts = [self._exact(one) for one in node.nodes]
            known = [part for part in inner_parts if part is not None]
            if len(known) != len(inner_parts):
                return None
            return sa.and_(sa.true(), *known) if isinstance(node, And) else sa.or_(sa.false(), *known)
        return self._leaf(node)

    def _loose(self, node: Node) -> sa.ColumnElement[bool] | None:
        """Return a condition on columns that is true whenever a node is true, and possibly more often."""
        if isinstance(node, And):
            known = [part for one in node.nodes if (part := self._loose(one)) is not None]
            return sa.and_(*known) if known else None
        if isinstance(node, Or):
            parts = [self._loose(one) for one in node.nodes]
            known = [part for part in parts if part is not None]
            return sa.or_(*known) if known and len(known) == len(parts) else None
        exact = self._exact(node)
        return exact if exact is not None else self._among_others(node)

    def _among_others(self, node: Node) -> sa.ColumnElement[bool] | None:
        """Return the condition that the column of the index which a field shares with others has a text."""
        if not isinstance(node, Text) or yes_or_no(node.text) is not None:  # which also stand for other words
            return None
        group = fields.group_of(node.field)
        return self._leaf(attrs.evolve(node, field=group)) if group is not None else None

    def _leaf(self, leaf: Leaf) -> sa.ColumnElement[bool] | None:
        if columns.is_own(leaf.field):
            return columns.condition(leaf, self._now)
        if isinstance(leaf, Given) and leaf.field in columns.CATALOGUE_TEXTS and not self._with_missing:
            return columns.given(leaf.field)
        if isinstance(leaf, Text) and not self._with_missing and _is_indexed(leaf):
            if not is_text(leaf):
                return sa.false()  # it has no words
            return fulltext.is_hit(self._database, leaf, media_files.c.id)
        return None


def _is_indexed(node: Node) -> bool:
    """Whether all conditions are on fields of the search index."""
    return all(isinstance(leaf, Text) and (not leaf.field or leaf.field in fields.INDEXED) for leaf in leaves(node))


def _check_bounds(leaf: Leaf) -> None:
    """Refuse a bound that is neither a number nor a date."""
    if not isinstance(leaf, Bound) or columns.is_own(leaf.field):
        return
    for bound in filter(None, (leaf.low, leaf.high)):
        if number(bound) is None and not holds.is_date(bound):
            raise UsageError(
                f"the query, column {leaf.at + 1}, {brief(bound)!r}: this is neither a number nor a date",
                hint=f"for example: {leaf.field}:>100, {leaf.field}:1990..1999",
            )
