"""Disjunctions as they are written: their default marks, and those whose alternatives need no evaluation."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import ANY, PREDECLARED, Basic, bounded, meet, scalar
from viewra.manifest.cue.node import IS_DEFAULT, MAYBE, NOT_DEFAULT
from viewra.manifest.cue.problem import Problem

Alternatives = list[tuple[Basic, int]]
_NOT_SIMPLE: Alternatives = []


def simple_alternatives(expr: ast.Join) -> Alternatives | None:
    """The alternatives, with their modes, when none of them has fields or depends on a scope; else None."""
    if expr.simple is None:
        expr.simple = _simple_join(expr)
    return None if expr.simple is _NOT_SIMPLE else expr.simple  # type: ignore[return-value]


def _simple_join(expr: ast.Join) -> Alternatives:
    found: Alternatives = []
    for alternative, marked in expr.alternatives:
        mode = mode_of(expr, marked)
        try:
            if isinstance(alternative, ast.Join):
                inner = simple_alternatives(alternative)
                if inner is None or any(own for _, own in inner):  # its marks count while more than one is left of it
                    return _NOT_SIMPLE
                found.extend((value, mode) for value, _ in inner)
                continue
            basic = _simple(alternative)
        except Problem:
            return _NOT_SIMPLE  # to be found again, and reported, when it is evaluated
        if basic is None:
            return _NOT_SIMPLE
        found.append((basic, mode))
    return found


def _simple(expr: ast.Expr) -> Basic | None:
    if isinstance(expr, ast.Literal):
        return scalar(expr.value, expr.place)
    if isinstance(expr, ast.Reference) and expr.hops < 0:
        basic = PREDECLARED[expr.name]
        return basic if basic is ANY else Basic(basic.kinds, expr.place, bounds=basic.bounds, name=basic.name)
    if isinstance(expr, ast.Unary) and expr.operator not in ("+", "-", "!") and isinstance(expr.operand, ast.Literal):
        return bounded(expr.operator, expr.operand.value, expr.place)
    if isinstance(expr, ast.Meet):
        result = ANY
        for item in expr.items:
            part = _simple(item)
            if part is None:
                return None
            result = meet(result, part)
        return result
    return None


def mode_of(expr: ast.Join, marked: bool) -> int:
    """The mode of an alternative by its mark and those of its siblings."""
    return MAYBE if not expr.marked else IS_DEFAULT if marked else NOT_DEFAULT


def within(outer: int, inner: int) -> int:
    """The mode of an alternative of mode ``inner`` that is part of one of mode ``outer``."""
    return inner if outer == MAYBE or (outer == IS_DEFAULT and inner == NOT_DEFAULT) else outer
