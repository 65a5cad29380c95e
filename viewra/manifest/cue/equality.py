"""Compares two values for ``==``, and two alternatives for whether one is redundant."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import Basic, compare, kind_of
from viewra.manifest.cue.node import Node, Run
from viewra.manifest.cue.problem import Incomplete
from viewra.manifest.cue.settle import settle
from viewra.manifest.cue.source import Place

_Plain = tuple[int, object] | list["_Plain"] | dict[str, "_Plain"]


def equal(run: Run, left: Basic | Node, right: Basic | Node, place: Place) -> bool:
    """Whether ``==`` holds. Compares only the regular fields of structs and the present items of lists.

    Raises ``Incomplete`` if a part has no value, ``Problem`` if a part is wrong.
    """
    if isinstance(left, Basic) and isinstance(right, Basic):
        return compare("==", left.value, right.value)
    return _plain(run, left, place) == _plain(run, right, place)


def _plain(run: Run, value: Basic | Node, place: Place) -> _Plain:
    """The value with the kind of each scalar: inside structs and lists 1 differs from 1.0."""
    run.meter.spend(1, place)
    value = settle(value, place)
    if isinstance(value, Basic):
        if not value.concrete:
            raise Incomplete(f"needs a value, found {value}", place)
        return kind_of(value.value), value.value
    if value.items is not None:
        return [_plain(run, item, place) for item in value.items]
    fields: dict[str, _Plain] = {}
    for label, arc in value.arcs.items():
        if not ast.is_regular(label) or arc.presence == ast.OPTIONAL:
            continue
        if arc.presence == ast.REQUIRED:
            raise Incomplete(f"the required field {ast.label_text(label)} is missing", place)
        fields[label] = _plain(run, arc, place)
    return fields


def interchangeable(run: Run, left: Basic | Node, right: Basic | Node) -> bool:
    """Whether two alternatives are the same, including hidden, optional and definition fields."""
    if isinstance(left, Basic) or isinstance(right, Basic):
        return isinstance(left, Basic) and isinstance(right, Basic) and left.key == right.key
    if left is right:
        return True
    run.meter.spend(2, left)
    if left.basic.key != right.basic.key or left.pending or right.pending or _closed(left) != _closed(right):
        return False
    if left.items is not None and right.items is not None:
        pairs = zip(left.items, right.items, strict=False)
        same = len(left.items) == len(right.items) and left.items_open == right.items_open
        return same and all(_alike(run, mine, other) for mine, other in pairs)
    if len(left.arcs) != len(right.arcs):
        return False
    for label, arc in left.arcs.items():
        other = right.arcs.get(label)
        if other is None or other.presence != arc.presence or not _alike(run, arc, other):
            return False
    return True


def _alike(run: Run, left: Node, right: Node) -> bool:
    """``interchangeable`` for two fields, which may have alternatives themselves."""
    run.evaluate(left)
    run.evaluate(right)
    ours, theirs = _alternatives(left), _alternatives(right)
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(
        mine[1] == other[1] and interchangeable(run, mine[0], other[0]) for mine, other in pairs
    )


def _alternatives(value: Node) -> list[tuple[Basic | Node, int]]:
    """A field's possible values with modes: one entry without a disjunction, a Basic for values without fields."""
    if value.alternatives is not None:
        return value.alternatives if len(value.alternatives) > 1 else [(value.alternatives[0][0], 0)]
    return [(value if value.is_struct or value.items is not None or value.pending else value.basic, 0)]


def _closed(node: Node) -> bool:
    """Whether it contains a definition or ``close()``, even one that allows other fields by ``...``."""
    return any(group.closing for group in node.allowed)
