"""Reads plain values as defaults: the rule of ``Evaluator.plain_is_default``."""

from __future__ import annotations

from decimal import Decimal

from viewra.manifest.cue import ast

_TYPES: dict[type, str] = {bool: "bool", int: "int", Decimal: "number", str: "string", bytes: "bytes"}


def as_default(value: ast.Expr) -> ast.Expr:
    """``30`` as ``int | *30``, a list of literals as an open list of their type; any other expression unchanged.

    Data without source text (an operator's) is never a default.
    """
    if value.source.rank:
        return value
    if isinstance(value, ast.ListLiteral) and value.rest is None:
        kinds = {_type_name(item) for item in value.items}
        name = kinds.pop() if len(kinds) == 1 else "_"
        if name is None or None in kinds:
            return value
        of_type: ast.Expr = ast.ListLiteral(value.source, value.start, value.end, [], _named(value, name))
    else:
        plain = _type_name(value)
        if plain is None:
            return value
        of_type = _named(value, plain)
    return ast.Join(value.source, value.start, value.end, [(of_type, False), (value, True)], plain=True)


def _type_name(value: ast.Expr) -> str | None:
    """The type of a literal, which may have a sign; None for any other expression."""
    if isinstance(value, ast.Unary) and value.operator in ("+", "-"):
        value = value.operand
        name = _type_name(value)
        return name if name in ("int", "number") else None
    if not isinstance(value, ast.Literal):
        return None
    return _TYPES.get(type(value.value), "_")


def _named(like: ast.Expr, name: str) -> ast.Reference:
    return ast.Reference(like.source, like.start, like.end, name)
