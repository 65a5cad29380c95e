"""The syntax tree of a query, independent of databases."""

from __future__ import annotations

from collections.abc import Iterator

import attrs


@attrs.frozen
class Text:
    """A word or phrase in one field, or in any field of the search index (``field`` ``""``)."""

    text: str
    field: str = ""
    prefix: bool = False
    """Whether the last word is only the beginning of a word."""
    quoted: bool = False
    at: int = attrs.field(default=0, eq=False)
    """Its position in the typed text, from 0."""


@attrs.frozen
class Bound:
    """A field whose value is between two bounds; an absent bound is ``""``."""

    field: str
    low: str = ""
    high: str = ""
    with_low: bool = True
    with_high: bool = True
    at: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Pattern:
    """A field whose value a regular expression (RE2) matches anywhere, ignoring case."""

    field: str
    expression: str
    at: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Given:
    """A field that has any value."""

    field: str
    at: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Not:
    """A condition that must be false."""

    node: Node


@attrs.frozen
class And:
    """Conditions that must all be true; without any, every file matches."""

    nodes: tuple[Node, ...]


@attrs.frozen
class Or:
    """Conditions of which at least one must be true."""

    nodes: tuple[Node, ...]


Leaf = Text | Bound | Pattern | Given
Node = Leaf | Not | And | Or


@attrs.frozen
class Sort:
    """A sort order by one field."""

    field: str
    descending: bool = False
    at: int = attrs.field(default=0, eq=False)


def up_to_id(sorts: tuple[Sort, ...]) -> tuple[Sort, ...]:
    """Return the sort orders that count: behind one by the id, which no two rows share, no other one does."""
    ends = (place for place, sort in enumerate(sorts, 1) if sort.field == "id")
    return sorts[: next(ends, len(sorts))]


@attrs.frozen
class Query:
    """A query: its condition, and its sort order if stated."""

    root: Node = And(())
    sort: tuple[Sort, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it has no condition."""
        return self.root == And(())

    def leaves(self) -> Iterator[Leaf]:
        """Yield every condition on a field."""
        yield from leaves(self.root)

    def for_plugins(self) -> dict[str, str]:
        """Return the query in the form for plugins: field → text, ``q`` for any field; without exclusions."""
        fields: dict[str, list[str]] = {}
        for text in _positive(self.root):
            fields.setdefault(text.field or "q", []).append(text.text)
        return {field: " ".join(texts) for field, texts in fields.items()}


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every condition on a field below ``node``."""
    if isinstance(node, Not):
        yield from leaves(node.node)
    elif isinstance(node, And | Or):
        for one in node.nodes:
            yield from leaves(one)
    else:
        yield node


def _positive(node: Node) -> Iterator[Text]:
    if isinstance(node, And | Or):
        for one in node.nodes:
            yield from _positive(one)
    elif isinstance(node, Text):
        yield node
