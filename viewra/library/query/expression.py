"""Translates a condition on text to the language of a full-text index: a MATCH expression or a tsquery."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from viewra.library.query.tree import And, Node, Not, Or, Text
from viewra.library.words import Wanted, wanted


@attrs.frozen
class Syntax:
    """The query syntax of an index. ``phrase`` writes a sequence of words: field, words, prefix."""

    conjunction: str
    alternative: str
    exclusion: str
    phrase: Callable[[str, tuple[str, ...], bool], str]


def is_text(node: Node) -> bool:
    """Whether the index alone can answer: the node has only text, and no part consists of exclusions alone."""
    if isinstance(node, Text):
        return words_of(node) is not None
    if isinstance(node, Or):
        return all(map(is_text, node.nodes))
    if isinstance(node, And):
        positive = [one for one in node.nodes if not isinstance(one, Not)]
        excluded = [one.node for one in node.nodes if isinstance(one, Not)]
        return bool(positive) and all(map(is_text, (*positive, *excluded)))
    return False


def write(node: Node, syntax: Syntax) -> str:
    """Return the expression for a node that ``is_text``."""
    if isinstance(node, Or):
        return "(" + syntax.alternative.join(write(one, syntax) for one in node.nodes) + ")"
    if isinstance(node, And):
        positive = [write(one, syntax) for one in node.nodes if not isinstance(one, Not)]
        excluded = [write(one.node, syntax) for one in node.nodes if isinstance(one, Not)]
        return "(" + syntax.conjunction.join(positive) + "".join(syntax.exclusion + one for one in excluded) + ")"
    assert isinstance(node, Text)  # noqa: S101 - by ``is_text``
    asked = words_of(node)
    assert asked is not None  # noqa: S101 - by ``is_text``
    sequences = [syntax.phrase(node.field, sequence, asked.prefix) for sequence in asked.sequences]
    return "(" + syntax.alternative.join(sequences) + ")"


def words_of(node: Text) -> Wanted | None:
    """Return the words of a text."""
    return wanted(node.text, prefix=node.prefix)
