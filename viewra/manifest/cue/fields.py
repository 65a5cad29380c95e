"""Builds the fields and items of a node from struct and list literals and from patterns."""

from __future__ import annotations

from viewra.manifest.cue import ast
from viewra.manifest.cue.closing import declare, pattern_matches
from viewra.manifest.cue.defaults import as_default
from viewra.manifest.cue.kinds import STRUCT, Basic, meet
from viewra.manifest.cue.node import Conjunct, Group, Node, Scope
from viewra.manifest.cue.problem import Problem


def add_struct(node: Node, conjunct: Conjunct, struct: ast.Struct) -> list[Conjunct]:
    """Add a struct literal's fields and patterns. Returns its embedded values, as conjuncts of the node.

    A literal without regular fields that embeds a value is that value: ``{5}`` is 5.
    """
    scope = Scope(node, conjunct.scope)
    embedded = _embedded(conjunct, struct, scope)
    hosts = tuple(item.host for item in embedded if item.host is not None)
    if hosts:
        conjunct = Conjunct(
            struct,
            conjunct.scope,
            (*conjunct.groups, *hosts),
            conjunct.host,
            conjunct.trail,
            conjunct.cyclic,
            conjunct.field,
            conjunct.choice,
        )
    declare(node, conjunct, struct, scope)
    if not struct.embedded or any(ast.is_regular(field.label) for field in struct.fields):
        node.basic = meet(node.basic, Basic(STRUCT, struct.place))
    run, arcs = node.run, node.arcs
    deep = tuple([group for group in conjunct.groups if group.deep])
    run.meter.spend(len(struct.fields), struct)
    for field in struct.fields:
        label = field.label
        arc = arcs.get(label)
        if arc is None:
            arcs[label] = arc = run.child(node, label, field.presence, conjunct)
            if ast.is_definition(label):
                arc.group = Group(closing=True, deep=True)
        elif field.presence < arc.presence:
            arc.presence = field.presence
        groups = deep if arc.group is None else (*deep, arc.group)
        value = field.value
        if run.plain_is_default and conjunct.choice < 0 and not node.choices and ast.is_regular(label):
            value = as_default(value)
        _add(arc, Conjunct(value, scope, groups, None, conjunct.trail, conjunct.cyclic, field))
    for pattern in struct.patterns:
        node.patterns.append((pattern, scope, conjunct))
    return embedded


def _embedded(conjunct: Conjunct, struct: ast.Struct, scope: Scope) -> list[Conjunct]:
    """The embedded values; each has all the others' hosts."""
    if not struct.embedded:
        return []
    outer = (conjunct.host, *conjunct.host.hosts) if conjunct.host is not None else ()
    scope.node.run.meter.spend(len(struct.embedded) ** 2 // 4, struct)  # each belongs to all others' hosts
    hosts = [Group(closing=False, deep=True, hosts=outer) for _ in struct.embedded]
    return [
        Conjunct(
            expr,
            scope,
            (*conjunct.groups, *(other for other in hosts if other is not host)),
            host,
            conjunct.trail,
            conjunct.cyclic,
            conjunct.field,
            conjunct.choice,
        )
        for expr, host in zip(struct.embedded, hosts, strict=True)
    ]


def _add(arc: Node, conjunct: Conjunct) -> None:
    for known in arc.conjuncts:
        there, here = known.scope, conjunct.scope
        if known.expr is not conjunct.expr or known.groups != conjunct.groups or there is None or here is None:
            continue
        if there.node is here.node and there.outer is here.outer:
            return
    arc.conjuncts.append(conjunct)
    if arc.state:
        arc.reset()  # it was needed before its parent was completely known


def apply_patterns(node: Node) -> None:
    """Constrain every field by the patterns that match its label."""
    if not node.patterns:
        return
    for label, arc in node.arcs.items():
        if not ast.is_regular(label):
            continue
        for pattern, scope, conjunct in node.patterns[arc.patterns_seen :]:
            node.run.meter.spend(1, pattern)
            if pattern_matches(node, pattern, scope, label):
                groups = tuple(group for group in conjunct.groups if group.deep)
                _add(
                    arc, Conjunct(pattern.value, scope, groups, None, conjunct.trail, conjunct.cyclic, pattern=pattern)
                )
        arc.patterns_seen = len(node.patterns)


def build_items(node: Node) -> None:
    """Unify list literals item by item; ``...T`` constrains the items that a longer one has."""
    length = max(len(literal.items) for literal, _ in node.elements)
    closed = [literal for literal, _ in node.elements if literal.rest is None]
    for literal in closed:
        if len(literal.items) != length:
            places = [other.place for other, _ in node.elements if other is not literal]
            message = f"expected a list of {len(literal.items)}, found one of {length}"
            raise Problem(message, *places, literal.place, kind="type")
    node.items_open = not closed
    node.items = []
    for index in range(length):
        first = node.elements[0][1]
        item = node.run.child(node, str(index), ast.MEMBER, first)
        node.run.meter.spend(1, first.expr)
        for literal, conjunct in node.elements:
            expr = literal.items[index] if index < len(literal.items) else literal.rest
            if expr is not None:
                groups = tuple(group for group in conjunct.groups if group.deep)
                item.conjuncts.append(Conjunct(expr, conjunct.scope, groups, None, conjunct.trail, conjunct.cyclic))
        node.items.append(item)
