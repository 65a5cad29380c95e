"""Resolves a reference to its field, and adds that field's conjuncts to the referring node."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import LIST, STRUCT, Basic, kinds_text
from viewra.manifest.cue.near import AT_MOST, did_you_mean
from viewra.manifest.cue.node import DONE, WORKING, Conjunct, Group, Known, Node, Run, Scope, Trail
from viewra.manifest.cue.problem import Incomplete, Problem
from viewra.manifest.cue.source import Place


def find(run: Run, expr: ast.Expr, scope: Scope | None) -> Node | Basic:
    """The node of a reference, a path or a known node; a Basic if a path ends in a computed scalar.

    Raises ``Incomplete`` if the node does not exist yet, ``Problem`` if it cannot exist.
    """
    if isinstance(expr, Known):
        return expr.node
    if isinstance(expr, ast.Reference):
        return _named(expr, scope)
    assert isinstance(expr, ast.Path)  # noqa: S101  (the evaluator sends nothing else)
    target: Node | Basic
    if isinstance(expr.base, ast.Reference) and expr.base.hops >= 0:
        target = _named(expr.base, scope)
    else:
        target = run.operand(expr.base, scope)
    for step, start in expr.steps:
        place = Place(expr.source, start)
        run.meter.spend(1, place)
        target = _step(run, target, step, scope, place)
    return target


def _named(expr: ast.Reference, scope: Scope | None) -> Node:
    for _ in range(expr.hops):
        scope = scope.outer if scope is not None else None
    assert scope is not None  # noqa: S101  (``names.resolve`` counted the scopes)
    target = scope.node.arcs[expr.name]
    if target.presence == ast.OPTIONAL:
        raise Incomplete(f"{expr.name} is optional and not set", expr.place)
    return target


def _step(run: Run, target: Node | Basic, step: str | ast.Expr, scope: Scope | None, place: Place) -> Node:
    """Follow one selector or index."""
    label: object = step
    if isinstance(step, ast.Expr):
        index = run.operand(step, scope)
        if not isinstance(index, Basic) or not index.concrete:
            raise Incomplete("an index must be known", place)
        label = ast.label_key(index.value, quoted=True) if isinstance(index.value, str) else index.value
    working = False
    if isinstance(target, Node):
        run.evaluate(target)
        working = target.state == WORKING
        if target.problems:
            raise target.problems[0]
        if target.alternatives is not None:
            if target.chosen is None:
                raise Incomplete("one of several alternatives, without a default", place, several=True)
            target = target.chosen
    if isinstance(target, Basic):
        raise Problem(f"expected a struct or a list, found {target}", place)
    if isinstance(label, int) and not isinstance(label, bool) and target.items is not None:
        if 0 <= label < len(target.items):
            return target.items[label]
        raise Problem(f"there is no item {label} in a list of {len(target.items)}", place)
    if isinstance(label, str) and label in target.arcs:
        arc = target.arcs[label]
        if arc.presence == ast.OPTIONAL:
            raise Incomplete(f"{ast.label_text(label)} is optional and not set", place)
        return arc
    if not target.basic.kinds & (STRUCT | LIST):
        raise Problem(f"expected a struct or a list, found {target.basic}", place)
    if not isinstance(label, str) or target.basic.kinds == LIST:
        raise Problem(f"{kinds_text(target.basic.kinds)} has no such item", place)
    run.meter.spend(2 * min(len(target.arcs), AT_MOST), place)
    hint = did_you_mean(ast.label_text(label), map(ast.label_text, target.arcs))
    waits = working or any(pending.cycle for _, pending in target.pending)
    raise Incomplete(f"there is no field {ast.label_text(label)}{hint}", place, cycle=waits)


def is_cyclic(node: Node, target: Node, conjunct: Conjunct) -> bool | None:
    """Whether the target contains the node, or depends on itself; None if it is the node itself."""
    origin = target.origin
    if origin is node.origin:
        return None
    trail = conjunct.trail
    loop, length = False, 0
    while trail is not None:
        length += 1
        if trail.target is origin:
            if trail.at is node.origin:
                return None
            loop = True
            break
        trail = trail.outer
    node.run.meter.spend(length // 8, conjunct.expr)
    above = node.parent
    while above is not None and not loop:
        loop = above.origin is origin
        above = above.parent
    return loop


def adopt(node: Node, target: Node, conjunct: Conjunct) -> list[Conjunct]:
    """The target's conjuncts, for the node; for a finished scalar only its value, which is added at once."""
    if target.state == DONE:
        if target.problems:
            for problem in target.problems:
                node.fail(problem)
            return []
        if _adopt_scalar(node, target, conjunct):
            return []
    found: list[Conjunct] = []
    groups: dict[Group, Group] = {}
    trail = Trail(target.origin, node.origin, conjunct.trail)
    host = conjunct.host
    # Fields in the braces around an embedded value are also declared for the field to which the value refers.
    around = (host, *host.hosts) if host is not None else ()
    for source in target.conjuncts:
        if host is not None:
            for group in source.groups:
                if group.closing and group not in groups:
                    hosts = (*group.hosts, host, *host.hosts)
                    groups[group] = Group(closing=True, deep=group.deep, hosts=hosts)
        own = (groups.get(group, group) for group in source.groups if group not in around)
        belongs = (*conjunct.groups, *own)
        found.append(
            Conjunct(
                source.expr,
                source.scope,
                tuple(dict.fromkeys(belongs)),
                host,
                trail,
                conjunct.cyclic,
                conjunct.field,
                conjunct.choice,
            )
        )
    return found


def _adopt_scalar(node: Node, target: Node, conjunct: Conjunct) -> bool:
    """Adopt a value that cannot depend on its position; False for any other value."""
    if target.pending or target.arcs or target.items is not None or target.choices:
        return False
    if target.alternatives is None:
        if target.basic.kinds & (STRUCT | LIST) and not target.basic.bounds:
            return False
        node.run.basic(node, conjunct, target.basic)
        return True
    if not all(isinstance(value, Basic) for value, _ in target.alternatives):
        return False
    node.grounded = node.grounded or not conjunct.cyclic
    simple = [(value, mode) for value, mode in target.alternatives if isinstance(value, Basic)]
    node.simple.append((simple, conjunct, False))
    return True
