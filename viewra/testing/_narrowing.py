"""Narrows the files of a ``FakeLibrary`` as far as a query names ids and kinds."""

from __future__ import annotations

from collections.abc import Iterable

from viewra.library.query.parser import parse
from viewra.library.query.tree import And, Node, Not, Or, Text
from viewra.types import FileEntry

FIELDS = frozenset({"id", "album_id", "kind"})
"""The fields that are compared; every other condition of a query may be true."""


def narrowed(entries: Iterable[FileEntry], query: str) -> list[FileEntry]:
    """The files for which a query may be true. Raises UsageError for one that cannot be read."""
    root = parse(query).root
    return [one for one in entries if _holds(one, root) is not False]


def _holds(entry: FileEntry, node: Node) -> bool | None:
    """Whether a condition is true for a file; None: who knows."""
    if isinstance(node, Not):
        found = _holds(entry, node.node)
        return None if found is None else not found
    if isinstance(node, And | Or):
        decides = isinstance(node, Or)  # one that is true makes an alternative true, one that is false a row false
        said = {_holds(entry, one) for one in node.nodes}
        return decides if decides in said else None if None in said else not decides
    if isinstance(node, Text) and node.field.lower() in FIELDS:
        return str(getattr(entry, node.field.lower())) == node.text
    return None
