"""Closed structs: which fields a definition or ``close()`` allows, and which labels a pattern matches."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.faults import failure
from viewra.manifest.cue.kinds import Basic, effort, meet, scalar
from viewra.manifest.cue.near import AT_MOST, did_you_mean
from viewra.manifest.cue.node import Allowed, Conjunct, Group, Node, Scope
from viewra.manifest.cue.problem import Problem


def declare(node: Node, conjunct: Conjunct, struct: ast.Struct, scope: Scope) -> None:
    """Record, for each group of a conjunct, the fields that its struct literal declares."""
    for group in conjunct.groups:
        allowed = node.allowed.get(group)
        if allowed is None:
            node.allowed[group] = allowed = Allowed()
        allowed.labels |= struct.labels
        allowed.patterns.extend((pattern, scope) for pattern in struct.patterns)
        allowed.open = allowed.open or struct.open


def check_closed(node: Node) -> None:
    """Add an error to each field that a closing group does not allow."""
    groups = [group for group, allowed in node.allowed.items() if group.closing and not allowed.open]
    if not groups:
        return
    for label, arc in node.arcs.items():
        if arc.presence == ast.OPTIONAL or not ast.is_regular(label):
            continue
        for group in groups:
            if not _allows(node, group, label):
                arc.refuse(_not_allowed(node, group, label, arc))
                break


def pattern_matches(node: Node, pattern: ast.Pattern, scope: Scope, label: str) -> bool:
    """Whether a label unifies with the pattern's expression. Raises ``Problem`` if the expression is wrong itself."""
    expr = pattern.label
    if isinstance(expr, ast.Reference) and expr.hops < 0 and expr.name in ("string", "_"):
        return True
    run = node.run
    meant = run.labels.get((pattern, scope))
    if meant is None:
        run.meter.spend(5, pattern)  # evaluated in a node of its own
        meant = Node(run, "", None)
        meant.conjuncts.append(Conjunct(expr, scope))
        if (problem := failure(meant)) is not None:
            raise Problem(problem.message, *problem.places)
        if meant.pending:
            raise Problem("the label of a pattern must be known", pattern.place)
        run.labels[pattern, scope] = meant
    options = [option for option, _ in meant.alternatives] if meant.alternatives is not None else [meant.basic]
    text = scalar(ast.label_text(label), None)
    for option in options:
        if not isinstance(option, Basic):
            continue
        run.meter.spend(1 + effort(option, text), pattern)
        try:
            meet(option, text)
        except Problem:
            continue
        return True
    return False


def _allows(node: Node, group: Group, label: str) -> bool:
    for member in (group, *group.hosts):
        allowed = node.allowed.get(member)
        if allowed is None:
            continue
        if allowed.open or label in allowed.labels:
            return True
        if any(pattern_matches(node, pattern, scope, label) for pattern, scope in allowed.patterns):
            return True
    return False


def _not_allowed(node: Node, group: Group, label: str, arc: Node) -> Problem:
    known = {ast.label_text(name) for name in node.allowed[group].labels if ast.is_regular(name)}
    node.run.meter.spend(2 * min(len(known), AT_MOST), arc)
    hint = did_you_mean(ast.label_text(label), known)
    intruders = [conjunct.field.place for conjunct in arc.conjuncts if conjunct.field and group not in conjunct.groups]
    return Problem(f"field not allowed here{hint}", *intruders, kind="closed")
