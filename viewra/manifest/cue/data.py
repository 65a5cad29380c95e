"""Exports evaluated nodes as plain Python data, and turns Python data into expressions."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from viewra.manifest.cue import ast
from viewra.manifest.cue.faults import collect
from viewra.manifest.cue.kinds import Basic
from viewra.manifest.cue.near import nearest
from viewra.manifest.cue.node import Node, Run
from viewra.manifest.cue.problem import Problem
from viewra.manifest.cue.source import Source
from viewra.text import is_utf8

Data: TypeAlias = "bool | int | float | str | bytes | list[Data] | dict[str, Data] | None"
"""The value of a manifest."""


def export_node(run: Run, node: Node, problems: list[Problem]) -> Data:
    """The node as plain data. Adds every value that is wrong or not concrete to ``problems``."""
    run.evaluate(node)
    run.meter.spend(1, node)
    value: Basic | Node = node
    while not isinstance(value, Basic) and not value.problems and value.alternatives is not None:
        if value.chosen is None:
            options = " | ".join(
                str(option) if isinstance(option, Basic) else "{…}" for option, _ in value.alternatives
            )
            problems.append(_open(node, f"has several possible values: {options[:200]}"))
            return None
        if value.chosen is value:
            break
        value = value.chosen
    if isinstance(value, Basic):
        return _scalar(node, value, problems)
    if value.problems:
        problems.extend(value.problems)
        return None
    for _, waits in value.pending:
        problems.append(Problem(waits.message, waits.place, path=node.path))
    if value.items is not None:
        return [export_node(run, item, problems) for item in value.items]
    if value.is_struct:
        return _struct(run, value, problems)
    return None if value.pending else _scalar(node, value.basic, problems)


def _struct(run: Run, node: Node, problems: list[Problem]) -> Data:
    result: dict[str, Data] = {}
    for label, arc in node.arcs.items():
        if arc.presence == ast.REQUIRED:
            problems.append(missing(node, arc))
        elif not ast.is_regular(label):
            collect(arc, problems)
        elif arc.presence == ast.MEMBER:
            result[ast.label_text(label)] = export_node(run, arc, problems)
    return result


def missing(node: Node, arc: Node) -> Problem:
    """The problem of a missing required field; suggests a field with a similar name."""
    label = ast.label_text(arc.label)
    others = [ast.label_text(other.label) for other in node.arcs.values() if other.presence == ast.MEMBER]
    near = nearest(label, others)
    hint = f"; did you mean {near}?" if near else ""
    return Problem(f"this required field is missing{hint}", arc.place, path=arc.path, kind="required")


def _scalar(node: Node, value: Basic, problems: list[Problem]) -> Data:
    if not value.concrete:
        problems.append(_open(node, f"needs a value: {value}"))
        return None
    data = value.value
    if not isinstance(data, Decimal):
        return data
    number = float(data)
    if math.isinf(number):
        problems.append(_open(node, "too large for a float"))
    return number


def _open(node: Node, message: str) -> Problem:
    return Problem(message, node.place, path=node.path, kind="incomplete")


def expression(value: object, source: Source, *, depth: int = 0) -> ast.Expr:
    """Python data (None, bool, int, float, str, bytes, lists, mappings) as an expression; raises ``TypeError``."""
    if depth > 64:
        raise TypeError("data nested deeper than 64")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"{value} is not a CUE number")
        return ast.Literal(source, 0, 0, Decimal(repr(value)))
    if isinstance(value, str) and not is_utf8(value):
        raise TypeError("text with half of a surrogate pair, which is not a character")
    if value is None or isinstance(value, (bool, int, str, bytes)):
        return ast.Literal(source, 0, 0, value)
    if isinstance(value, (list, tuple)):
        items = [expression(item, source, depth=depth + 1) for item in value]
        return ast.ListLiteral(source, 0, 0, items, None)
    if isinstance(value, Mapping):
        struct = ast.Struct(source, 0, 0, None)
        for name, item in value.items():
            if not isinstance(name, str) or not is_utf8(name):
                raise TypeError(f"{name!r} is not a field name")
            field = ast.Field(source, 0, 0, ast.label_key(name, quoted=True), ast.MEMBER)
            field.value = expression(item, source, depth=depth + 1)
            struct.fields.append(field)
            struct.labels.add(field.label)
        return struct
    raise TypeError(f"{type(value).__name__} has no equivalent in CUE")


def to_json(value: Data) -> Data:
    """The same data with bytes in base64, as in CUE's own JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return {name: to_json(item) for name, item in value.items()} if isinstance(value, dict) else value
