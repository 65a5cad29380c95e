"""Converts numbers from JSON, databases and command lines, which do not tell int from float, to the schema's kind.

CUE unifies neither ``5`` with ``float`` nor ``5.0`` with ``int``, but an operator who sets 5 may mean either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import FLOAT, INT, Basic
from viewra.manifest.cue.node import Conjunct, Node
from viewra.manifest.cue.problem import Problem
from viewra.manifest.cue.source import Source


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Turn values under dotted keys into nested mappings. Raises ``TypeError`` if two keys contradict each other."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        inside = result
        *outer, last = str(key).split(".")
        for label in outer:
            inside = inside.setdefault(label, {})
            if not isinstance(inside, dict):
                raise TypeError(f"{key} is set, and so is {label} around it")
        if isinstance(value, Mapping):
            value = nested(value)
            if isinstance(inside.get(last), dict):
                value = inside[last] | value
        elif last in inside:
            raise TypeError(f"{key} is set twice")
        inside[last] = value
    return result


def coerced(values: Any, schema: Callable[[Sequence[Conjunct]], Node]) -> Any:
    """The values, with whole floats turned into ints and ints into floats where the schema accepts only the other kind.

    ``schema`` returns a fresh node of the schema with more conjuncts; here it gets the shape of the values, with every
    number left open.
    """
    if not _has_number(values):
        return values
    shaped = schema([Conjunct(_shape(values, Source("shape", "", 2)), None)])
    try:
        return _fit(values, shaped)
    except Problem:
        return values  # they do not fit at all: unification reports why and where


def _has_number(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_number, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_number, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shape(value: Any, source: Source) -> ast.Expr:
    if isinstance(value, Mapping):
        struct = ast.Struct(source, 0, 0, None)
        for label, item in value.items():
            field = ast.Field(source, 0, 0, ast.label_key(str(label), quoted=True), ast.MEMBER)
            field.value = _shape(item, source)
            struct.fields.append(field)
            struct.labels.add(field.label)
        return struct
    if isinstance(value, (list, tuple)):
        return ast.ListLiteral(source, 0, 0, [_shape(item, source) for item in value], None)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return ast.Reference(source, 0, 0, "number" if number else "_")


def _fit(value: Any, node: Node) -> Any:
    node.run.evaluate(node)
    whole = node
    while isinstance(node.chosen, Node):
        node = node.chosen
    if isinstance(value, Mapping):
        keys = {label: ast.label_key(str(label), quoted=True) for label in value}
        return {
            label: _fit(item, node.arcs[keys[label]]) if keys[label] in node.arcs else item
            for label, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = node.items or []
        return [_fit(item, items[index]) if index < len(items) else item for index, item in enumerate(value)]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    kinds = 0
    for option, _ in whole.alternatives if whole.alternatives is not None else [(whole, 0)]:
        kinds |= (option if isinstance(option, Basic) else option.basic).kinds
    if isinstance(value, int) and not kinds & INT and kinds & FLOAT:
        return float(value)
    if isinstance(value, float) and not kinds & FLOAT and kinds & INT and value.is_integer():
        return int(value)
    return value
