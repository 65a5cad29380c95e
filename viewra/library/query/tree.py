"""What a query says, as a tree. Nothing here knows a database."""

from __future__ import annotations

from collections.abc import Iterator

import attrs


@attrs.frozen
class Text:
    """A word or phrase in one field, or in any that is searched as text (``field`` ``""``)."""

    text: str
    field: str = ""
    prefix: bool = False
    """The last word may go on."""
    quoted: bool = False
    at: int = attrs.field(default=0, eq=False)
    """Where it stands in the typed text, counted from 0."""


@attrs.frozen
class Bound:
    """A field whose value lies between two bounds; one that is absent is ``""``."""

    field: str
    low: str = ""
    high: str = ""
    with_low: bool = True
    with_high: bool = True
    at: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Pattern:
    """A field whose value a regular expression (RE2) finds something in, in upper or lower case."""

    field: str
    expression: str
    at: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Not:
    """What must not hold."""

    node: Node


@attrs.frozen
class And:
    """What must hold, all of it; without any, everything does."""

    nodes: tuple[Node, ...]


@attrs.frozen
class Or:
    """One of these must hold."""

    nodes: tuple[Node, ...]


Leaf = Text | Bound | Pattern
Node = Leaf | Not | And | Or


@attrs.frozen
class Sort:
    """An order by one field."""

    field: str
    descending: bool = False
    at: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Query:
    """What a person asks for: the condition, and the order if one was named."""

    root: Node = And(())
    sort: tuple[Sort, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing in particular."""
        return self.root == And(())

    def leaves(self) -> Iterator[Leaf]:
        """Give every condition on a field."""
        yield from leaves(self.root)

    def for_plugins(self) -> dict[str, str]:
        """Return the query as plugins take it: field → text, ``q`` for any field; only what is wanted."""
        fields: dict[str, list[str]] = {}
        for text in _positive(self.root):
            fields.setdefault(text.field or "q", []).append(text.text)
        return {field: " ".join(texts) for field, texts in fields.items()}


def leaves(node: Node) -> Iterator[Leaf]:
    """Give every condition on a field below ``node``."""
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
