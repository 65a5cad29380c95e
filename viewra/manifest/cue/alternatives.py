"""Disjunctions as written: their default marks, and which have alternatives that need no evaluation."""

from __future__ import annotations

from typing import NamedTuple

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import ANY, PREDECLARED, Basic, bounded, meet, preparation, scalar
from viewra.manifest.cue.node import IS_DEFAULT, MAYBE, NOT_DEFAULT
from viewra.manifest.cue.problem import Problem

Alternatives = list[tuple[Basic, int]]


class Simple(NamedTuple):
    """Alternatives of which none has fields or depends on a scope; ``cost`` is the steps that preparing them takes."""

    alternatives: Alternatives
    cost: int


def simple_alternatives(expr: ast.Join) -> Simple | None:
    """The alternatives, with their modes, when all are simple; else None. Found out once for each text."""
    if expr.simple is None:
        found = _simple_join(expr)
        expr.simple = Simple(found, sum(preparation(basic) for basic, _ in found)) if found is not None else False
    return expr.simple if isinstance(expr.simple, Simple) else None


def _simple_join(expr: ast.Join) -> Alternatives | None:
    found: Alternatives = []
    for alternative, marked in expr.alternatives:
        mode = mode_of(expr, marked)
        try:
            if isinstance(alternative, ast.Join):
                inner = simple_alternatives(alternative)
                if inner is None:
                    return None
                found.extend((value, within(mode, own)) for value, own in inner.alternatives)
                continue
            basic = _simple(alternative)
        except Problem:
            return None  # to be found again, and reported, when it is evaluated
        if basic is None:
            return None
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
