"""Collects the problems of an evaluated value and of everything below it."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Incomplete, Problem


def collect(node: Node, problems: list[Problem]) -> None:
    """Add the problems of a node and of everything below it, in definitions and hidden fields too."""
    node.run.evaluate(node)
    value: object = node
    while isinstance(value, Node) and not value.problems and value.alternatives is not None:
        value = value.chosen
    if not isinstance(value, Node):
        return
    problems.extend(value.problems)
    for arc in value.arcs.values():
        if arc.presence != ast.OPTIONAL:
            collect(arc, problems)
    for item in value.items or ():
        collect(item, problems)


def failure(node: Node) -> Problem | None:
    """The first problem in a node or below it, ignoring optional fields."""
    node.run.evaluate(node)
    if node.problems:
        return node.problems[0]
    if node.alternatives is not None:
        return None  # failed alternatives are already dropped
    for arc in node.arcs.values():
        if arc.presence != ast.OPTIONAL and (problem := failure(arc)) is not None:
            return problem
    for item in node.items or ():
        if (problem := failure(item)) is not None:
            return problem
    return None


def waits(node: Node) -> Incomplete | None:
    """The dependency for which an evaluated node, or one below it, waits without being part of a cycle."""
    for _, reason in node.pending:
        if not reason.cycle:
            return reason
    below = [*(arc for arc in node.arcs.values() if arc.presence == ast.MEMBER), *(node.items or ())]
    return next((found for found in map(waits, below) if found is not None), None)
