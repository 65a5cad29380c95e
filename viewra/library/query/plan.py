"""Plans how a query is answered: by the search index, by columns, and by metadata where neither has an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.errors import UsageError
from viewra.library import fulltext, stored_fields
from viewra.library.query import columns, fields, holds
from viewra.library.query.expression import is_text
from viewra.library.query.tree import And, Bound, Leaf, Node, Not, Or, Query, Text, leaves
from viewra.library.query.values import number, yes_or_no
from viewra.types.values import Value


@attrs.frozen
class Plan:
    """How the files of a query are found.

    ``text`` is what the search index answers as a whole, ``where`` are conditions on columns; both must hold. ``rest``
    must be looked at for each file that is left: columns answer its leaves in ``answers`` (by ``id()``), metadata those
    in ``metadata``.
    """

    text: Node | None
    where: tuple[sa.ColumnElement[bool], ...]
    rest: Node | None
    answers: Mapping[int, sa.ColumnElement[bool]]
    metadata: Mapping[int, holds.Condition]
    with_missing: bool

    def holds(self, row: Any, values: Mapping[str, Value]) -> bool:
        """Whether a file meets ``rest``; ``row`` has the columns of ``labelled``."""
        if self.rest is None:
            return True
        truth = {leaf: condition(values) for leaf, condition in self.metadata.items()}
        truth |= {leaf: bool(getattr(row, f"answer_{place}")) for place, leaf in enumerate(self.answers)}
        return holds.holds(self.rest, truth)

    def labelled(self) -> list[sa.ColumnElement[bool]]:
        """Return the columns that answer leaves of ``rest``, with their names in a row."""
        return [condition.label(f"answer_{place}") for place, condition in enumerate(self.answers.values())]


def plan(connection: sa.Connection, query: Query) -> Plan:
    """Plan a query. Ages and dates in it are read by the clock and time zone of this process.

    Raises ``UsageError`` for an unknown field, and for a value that its field cannot have.
    """
    with_missing = _may_be_missing(query)
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
    return _Planner(connection, datetime.now(), with_missing).plan(query.root)  # noqa: DTZ005 - this machine's, with its summer time


def _may_be_missing(query: Query) -> bool:
    """Whether files that are missing may be found: what is asked names ``missing``, and does not just exclude them."""
    parts = query.root.nodes if isinstance(query.root, And) else (query.root,)
    if any(isinstance(one, Text) and one.field == "missing" and yes_or_no(one.text) is False for one in parts):
        return False
    return any(leaf.field == "missing" for leaf in query.leaves())


class _Planner:
    def __init__(self, connection: sa.Connection, now: datetime, with_missing: bool) -> None:
        self._connection = connection
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
        if not self._with_missing and not text:  # what is missing is not in the index
            where.append(media_files.c.missing_since.is_(None))
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
        return Plan(whole, tuple(where), remaining, answers, metadata, self._with_missing)

    def _text_of(self, parts: Sequence[Node]) -> list[Node]:
        """Return the parts that one question to the search index answers."""
        if self._with_missing:  # what is missing is not in the index
            return []
        wanted = [node for node in parts if _is_indexed(node) and is_text(node)]
        excluded = [node for node in parts if isinstance(node, Not) and _is_indexed(node.node) and is_text(node.node)]
        return [*wanted, *excluded] if wanted else []

    def _exact(self, node: Node) -> sa.ColumnElement[bool] | None:
        """Return the condition on columns that says the same as a node, None when there is none."""
        if isinstance(node, Not):
            inner = self._exact(node.node)
            return sa.not_(sa.func.coalesce(inner, sa.false())) if inner is not None else None
        if isinstance(node, And | Or):
            inner_parts = [self._exact(one) for one in node.nodes]
            known = [part for part in inner_parts if part is not None]
            if len(known) != len(inner_parts):
                return None
            return sa.and_(sa.true(), *known) if isinstance(node, And) else sa.or_(sa.false(), *known)
        return self._leaf(node)

    def _loose(self, node: Node) -> sa.ColumnElement[bool] | None:
        """Return a condition that holds wherever a node does, and maybe elsewhere."""
        if isinstance(node, And):
            known = [part for one in node.nodes if (part := self._loose(one)) is not None]
            return sa.and_(*known) if known else None
        if isinstance(node, Or):
            parts = [self._loose(one) for one in node.nodes]
            known = [part for part in parts if part is not None]
            return sa.or_(*known) if known and len(known) == len(parts) else None
        return self._exact(node)

    def _leaf(self, leaf: Leaf) -> sa.ColumnElement[bool] | None:
        if columns.is_own(leaf.field):
            return columns.condition(leaf, self._now)
        if isinstance(leaf, Text) and not self._with_missing and _is_indexed(leaf):
            if not is_text(leaf):
                return sa.false()  # there is nothing in it to be found
            index = fulltext.media_search
            hits = sa.select(index.c.rowid).where(fulltext.matches(self._connection, leaf))
            return media_files.c.id.in_(hits)
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
                f"the query, column {leaf.at + 1}, {bound!r}: this is neither a number nor a date",
                hint=f"for example: {leaf.field}:>100, {leaf.field}:1990..1999",
            )
