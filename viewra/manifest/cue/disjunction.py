"""Alternatives: which of them survive unification, and which one, by its default mark, the value resolves to.

Alternatives without fields are met one by one. For the others the whole node is evaluated once for each alternative,
as a branch that is given its choice; what fails, at any depth, is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra.manifest.cue import ast
from viewra.manifest.cue.data import same
from viewra.manifest.cue.kinds import ANY, PREDECLARED, Basic, bounded, meet, scalar
from viewra.manifest.cue.node import IS_DEFAULT, MAYBE, NOT_DEFAULT, Choice, Node
from viewra.manifest.cue.problem import Limit, Problem
from viewra.manifest.cue.verdict import verdict

if TYPE_CHECKING:
    from viewra.manifest.cue.evaluator import Evaluator

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
                if inner is None:
                    return _NOT_SIMPLE
                found.extend((value, within(mode, own)) for value, own in inner)
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


def _total(choices: tuple[Choice, ...]) -> int:
    """The mode of one combination: unified alternatives are default only where all of them are."""
    inner: dict[int, int] = {}
    total = MAYBE
    for index in range(len(choices) - 1, -1, -1):  # a choice comes after the one that it is inside of
        choice = choices[index]
        mode = within(choice.mode, inner.get(index, MAYBE))
        if choice.inside < 0:
            total = max(total, mode)
        else:
            inner[choice.inside] = max(inner.get(choice.inside, MAYBE), mode)
    return total


def distribute(run: Evaluator, node: Node) -> None:
    """Set ``alternatives`` and ``chosen`` of a node with disjunctions; a problem when none of them is left."""
    if len(node.joins) > len(node.choices):
        found, failures = _branches(run, node)
    else:
        found, failures = _products(run, node)
        if found and (node.is_struct or node.items is not None):
            return  # what was met are whole kinds: the struct, or the list, is as it was
    if not found:
        node.fail(verdict(node, failures))
        return
    node.alternatives = _distinct(run, found)
    defaults = [value for value, mode in node.alternatives if mode == IS_DEFAULT]
    candidates = defaults or [value for value, _ in node.alternatives]
    if len(candidates) == 1:
        node.chosen = candidates[0]


def _branches(run: Evaluator, node: Node) -> tuple[list[tuple[Basic | Node, int]], list[Problem]]:
    """Evaluate the node once for each alternative of its next disjunction; branches do the same for the rest."""
    join, conjunct = node.joins[len(node.choices)]
    found: list[tuple[Basic | Node, int]] = []
    failures: list[Problem] = []
    for index, (_, marked) in enumerate(join.alternatives):
        branch = Node(run, node.label, node.parent, node.presence)
        branch.origin = node.origin
        branch.conjuncts = node.conjuncts
        branch.choices = (*node.choices, Choice(index, mode_of(join, marked), conjunct.choice))
        run.meter.spend(1, join.place)
        failed = run.failure(branch)
        if failed is not None:
            failures.append(failed)
            continue
        if branch.alternatives is None:
            value = branch if branch.is_struct or branch.items is not None or branch.pending else branch.basic
            found.append((value, _total(branch.choices)))
        else:
            found.extend(branch.alternatives)
        if len(found) > run.limits.disjuncts:
            raise Limit(f"more than {run.limits.disjuncts} alternatives of one field", join.place)
    return found, failures


def _products(run: Evaluator, node: Node) -> tuple[list[tuple[Basic | Node, int]], list[Problem]]:
    """Meet the alternatives that have no fields, those of each disjunction with those of the next."""
    alive: list[tuple[Basic, tuple[Choice, ...]]] = [(node.basic, node.choices)]
    failures: list[Problem] = []
    for alternatives, conjunct in node.simple:
        met: dict[tuple[object, int], tuple[Basic, tuple[Choice, ...]]] = {}
        for value, choices in alive:
            run.meter.spend(len(alternatives), conjunct.expr.place)
            for index, (alternative, mode) in enumerate(alternatives):
                try:
                    result = meet(value, alternative)
                except Problem as problem:
                    failures.append(problem)
                    continue
                taken = (*choices, Choice(index, mode, conjunct.choice))
                met.setdefault((result.key, _total(taken)), (result, taken))
        if len(met) > run.limits.disjuncts:
            raise Limit(f"more than {run.limits.disjuncts} alternatives of one field", conjunct.expr.place)
        alive = list(met.values())
    return [(value, _total(choices)) for value, choices in alive], failures


def _distinct(run: Evaluator, found: list[tuple[Basic | Node, int]]) -> list[tuple[Basic | Node, int]]:
    """Without repetitions: of two equal alternatives the one that is a default stays."""
    basics: dict[tuple[object, ...], int] = {}
    result: list[tuple[Basic | Node, int]] = []
    for value, mode in found:
        position = -1
        if isinstance(value, Basic):
            position = basics.setdefault(value.key, len(result))
            position = position if position < len(result) else -1
        else:
            for index, (known, _) in enumerate(result):
                if isinstance(known, Node) and (known is value or same(run, known, value)):
                    position = index
                    break
        if position < 0:
            result.append((value, mode))
        elif IS_DEFAULT in (mode, result[position][1]):
            result[position] = (result[position][0], IS_DEFAULT)
    return result
