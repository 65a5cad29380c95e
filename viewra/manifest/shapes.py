"""Describes which values a setting accepts, as far as a form can make use of it: kinds, choices, bounds, items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import attrs

from viewra.manifest.cue.ast import Atom
from viewra.manifest.cue.data import Data, to_json
from viewra.manifest.cue.kinds import BOOL, BYTES, FLOAT, INT, LIST, NULL, STRING, STRUCT, Basic, kind_of
from viewra.manifest.cue.node import Node

_KINDS = {NULL: "null", BOOL: "bool", INT: "int", FLOAT: "float", STRING: "string", LIST: "list", STRUCT: "struct"}


@attrs.frozen
class Shape:
    """The values that a setting accepts; the manifest itself may demand more.

    ``kinds`` are null, bool, int, float, string, list and struct. ``choices`` has all values if there are no others,
    ``suggestions`` some of them. ``low`` and ``high`` are inclusive bounds of numbers, None: there is none. ``items``
    is the shape of each item of a list, None if it is not known; ``members`` are those of an item that is a struct.
    """

    kinds: frozenset[str] = frozenset()
    choices: tuple[Data, ...] = ()
    suggestions: tuple[Data, ...] = ()
    low: int | float | None = None
    high: int | float | None = None
    pattern: str = ""
    items: Shape | None = None
    members: tuple[tuple[str, Shape], ...] = ()

    def accepts(self, *kinds: str) -> bool:
        """Whether no value has another kind than these."""
        return bool(self.kinds) and self.kinds <= set(kinds)


def shape_of(node: Node, items: Shape | None = None) -> Shape:
    """The shape of a setting; ``items`` is that of its items."""
    node.run.evaluate(node)
    parts = [_basic(value) for value, _ in node.alternatives] if node.alternatives is not None else [node.basic]
    kinds = 0
    for part in parts:
        kinds |= part.kinds
    values = list(_values(parts))
    open_parts = [part for part in parts if not part.concrete]
    closed = not open_parts and not kinds & (LIST | STRUCT)
    return Shape(
        kinds=frozenset(name for kind, name in _KINDS.items() if kinds & kind),
        choices=tuple(values) if closed else (),
        suggestions=() if closed else tuple(values),
        low=_bound(open_parts, ">"),
        high=_bound(open_parts, "<"),
        pattern=_pattern(open_parts),
        items=items if kinds & LIST else None,
    )


def together(shapes: Sequence[Shape]) -> Shape:
    """The shape of what has one of several shapes, such as the items of a list and those of its default."""
    structs = [shape for shape in shapes if shape.members]
    if structs:
        return max(structs, key=lambda shape: len(shape.members))
    free = [shape for shape in shapes if not shape.choices]
    if not free:
        values = [value for shape in shapes for value in shape.choices]
        kinds = frozenset(kind for shape in shapes for kind in shape.kinds)
        return Shape(kinds, tuple(value for index, value in enumerate(values) if value not in values[:index]))
    return max(free, key=lambda shape: len(shape.kinds))


def _basic(value: Basic | Node) -> Basic:
    return value if isinstance(value, Basic) else value.basic


def _values(parts: Sequence[Basic]) -> Iterator[Data]:
    """The values that are alternatives themselves, each once."""
    seen = []
    for part in parts:
        if part.concrete and part.kinds != BYTES and part.key not in seen:
            seen.append(part.key)
            yield to_json(_plain(part.value))


def _bound(parts: Sequence[Basic], sign: str) -> int | float | None:
    """The bound that holds for every number, if there is one."""
    found = []
    for part in parts:
        if not part.kinds & (INT | FLOAT):
            continue
        limits = [
            _inclusive(bound.operator, bound.operand, whole=part.kinds == INT)
            for bound in part.bounds
            if bound.operator.startswith(sign) and kind_of(bound.operand) & (INT | FLOAT)
        ]
        if not limits:
            return None
        found.append(max(limits) if sign == ">" else min(limits))
    if not found:
        return None
    return min(found) if sign == ">" else max(found)


def _inclusive(operator: str, operand: Atom, *, whole: bool) -> int | float:
    value = _plain(operand)
    assert isinstance(value, int | float)  # noqa: S101 - the caller has looked
    if whole and isinstance(value, int):
        return {">": value + 1, "<": value - 1}.get(operator, value)
    return value


def _pattern(parts: Sequence[Basic]) -> str:
    """The regular expression that every text matches, if there is one."""
    found = [str(bound.operand) for part in parts for bound in part.bounds if bound.operator == "=~"]
    return found[0] if len(found) == 1 and len(parts) == 1 else ""


def _plain(value: Atom) -> Data:
    return float(value) if isinstance(value, Decimal) else value
