"""Evaluates one node: splits its conjuncts into types, fields, items and alternatives.

Nodes are evaluated on demand. ``compute`` computes operators and calls, ``references`` finds the field of a name,
``disjunction`` resolves alternatives, ``closing`` checks which fields a definition allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import attrs

from viewra.manifest.cue import ast
from viewra.manifest.cue.alternatives import simple_alternatives
from viewra.manifest.cue.closing import check_closed
from viewra.manifest.cue.compute import operand, operate
from viewra.manifest.cue.disjunction import distribute
from viewra.manifest.cue.fields import add_struct, apply_patterns, build_items
from viewra.manifest.cue.kinds import ANY, LIST, PREDECLARED, Basic, effort, meet, scalar
from viewra.manifest.cue.limits import Limits, Meter
from viewra.manifest.cue.node import DONE, WORKING, Conjunct, Group, Known, Node, Scope
from viewra.manifest.cue.problem import Incomplete, Limit, Problem
from viewra.manifest.cue.references import adopt, find, is_cyclic


class _Lists(NamedTuple):
    """The pending work for one node."""

    work: list[Conjunct]
    later: list[Conjunct]
    cyclic: list[Conjunct]


class Evaluator:
    """One evaluation with its budget. ``evaluate`` is idempotent; results stay in the nodes.

    ``plain_is_default``: a field with a literal as its only value accepts any value of that type, with the literal as
    default. CUE has no such rule; it applies to the plain values in a manifest's settings.
    """

    def __init__(self, limits: Limits, *, plain_is_default: bool = False) -> None:
        self.limits = limits
        self.plain_is_default = plain_is_default
        self.meter = Meter(limits)
        self.labels: dict[tuple[ast.Pattern, Scope], Node] = {}
        self.active = 0
        self.broken: Limit | None = None

    def child(self, parent: Node, label: str, presence: int, conjunct: Conjunct) -> Node:
        """A new node below another."""
        if parent.depth >= self.limits.nesting:
            raise Limit(f"fields are nested deeper than {self.limits.nesting}", conjunct.expr.place)
        return Node(self, label, parent, presence)

    def evaluate(self, node: Node) -> None:
        """Evaluate one node without its fields; a node under evaluation stays as it is.

        Raises ``Limit``, and raises it again at every later call: nodes whose evaluation was stopped must not count as
        results.
        """
        if self.broken is not None:
            raise self.broken
        if node.state == WORKING:
            return
        if node.state == DONE:
            if not any(waits.cycle for _, waits in node.pending):
                return
            node.reset()
        try:
            self._evaluate(node)
        except Limit as limit:
            self.broken = limit
            raise
        except RecursionError:
            # The caller had used up nearly all of its own stack, which no limit can detect.
            place = node.conjuncts[0].expr.place
            self.broken = Limit("nested too deeply for the stack that is left", place)
            raise self.broken from None

    def _evaluate(self, node: Node) -> None:
        self.active += 1
        if self.active > self.limits.references:
            place = node.conjuncts[0].expr.place
            raise Limit(f"more than {self.limits.references} fields depend on one another", place)
        node.state = WORKING
        try:
            self._conjuncts(node)
            self._finish(node)
            node.state = DONE
        except BaseException:
            node.reset()  # a partial result must not count as one for another evaluation that shares this node
            raise
        finally:
            self.active -= 1

    def _conjuncts(self, node: Node) -> None:
        """Split all conjuncts in the order of the text; computed ones come last.

        ``work`` is a stack. Paths and operators may evaluate other nodes, which may need this node's fields: by then
        all of them exist.
        """
        work = node.conjuncts[::-1]
        later: list[Conjunct] = []
        cyclic: list[Conjunct] = []
        done = 0
        while True:
            if work:
                conjunct = work.pop()
                self.meter.spend(1, conjunct.expr)
                self._guarded(node, conjunct, self._take, _Lists(work, later, cyclic))
            elif done < len(later):
                conjunct = later[done]
                done += 1
                self._guarded(node, conjunct, self._work_out, _Lists(work, later, cyclic))
            elif cyclic:
                if not node.grounded:
                    node.fail(Problem("structural cycle: this field contains itself", cyclic[0].expr.place))
                    return
                work.extend(reversed(cyclic))
                cyclic = []
            else:
                return

    def _take(self, node: Node, conjunct: Conjunct, lists: _Lists) -> None:
        """Process one conjunct: add its direct parts to the node, and the rest to the lists."""
        expr = conjunct.expr
        if isinstance(expr, ast.Reference):
            if expr.hops >= 0:
                if conjunct.scope is not None and conjunct.scope.node is node:
                    lists.later.append(conjunct)  # embedded: it refers to a field of this node itself
                else:
                    self._refer(node, conjunct, lists)
                return
            basic = PREDECLARED[expr.name]
            if basic is not ANY:
                self.basic(node, conjunct, Basic(basic.kinds, expr.place, bounds=basic.bounds, name=basic.name))
        elif isinstance(expr, ast.Literal):
            self.basic(node, conjunct, scalar(expr.value, expr.place))
        elif isinstance(expr, ast.Struct):
            node.grounded = node.grounded or not conjunct.cyclic
            lists.work.extend(reversed(add_struct(node, conjunct, expr)))
        elif isinstance(expr, ast.ListLiteral):
            self.basic(node, conjunct, Basic(LIST, expr.place))
            node.elements.append((expr, conjunct))
        elif isinstance(expr, ast.Meet):
            lists.work.extend([conjunct.to(item) for item in reversed(expr.items)])
        elif isinstance(expr, ast.Join):
            self.join(node, conjunct, expr, lists.work)
        elif isinstance(expr, Known):
            self._refer(node, conjunct, lists)
        elif isinstance(expr, ast.Bottom):
            raise Problem("the value is an explicit error (_|_)", expr.place)
        else:
            lists.later.append(conjunct)

    def _work_out(self, node: Node, conjunct: Conjunct, lists: _Lists) -> None:
        """Process a conjunct that needs the evaluation of other nodes."""
        expr = conjunct.expr
        if isinstance(expr, (ast.Path, ast.Reference)):
            self._refer(node, conjunct, lists)
        elif isinstance(expr, ast.Call) and expr.name in ("close", "and", "or"):
            self._combine(node, conjunct, expr, lists.work)
        else:
            self.basic(node, conjunct, operate(self, expr, conjunct.scope))

    def basic(self, node: Node, conjunct: Conjunct, basic: Basic) -> None:
        """Unify a node with a type or a scalar."""
        node.grounded = node.grounded or not conjunct.cyclic
        if cost := effort(node.basic, basic):
            self.meter.spend(cost, conjunct.expr)
        node.basic = meet(node.basic, basic)

    def join(self, node: Node, conjunct: Conjunct, expr: ast.Join, work: list[Conjunct]) -> None:
        """Add a disjunction: pending, unless this branch has already taken one of its alternatives."""
        simple = simple_alternatives(expr)
        if simple is not None:
            node.grounded = node.grounded or not conjunct.cyclic
            self.meter.spend(simple.cost, expr)
            node.simple.append((simple.alternatives, conjunct, expr.plain))
            return
        taken = len(node.joins)
        node.joins.append((expr, conjunct))
        if taken < len(node.choices):
            alternative = expr.alternatives[node.choices[taken]][0]
            work.append(attrs.evolve(conjunct.to(alternative), choice=taken))

    def _guarded(
        self, node: Node, conjunct: Conjunct, action: Callable[[Node, Conjunct, _Lists], None], lists: _Lists
    ) -> None:
        """Process one conjunct; record in the node what it waits for, or its problem."""
        try:
            action(node, conjunct, lists)
        except Incomplete as waits:
            node.pending.append((conjunct, waits))
        except Limit:
            raise
        except Problem as problem:
            node.fail(problem)

    def _refer(self, node: Node, conjunct: Conjunct, lists: _Lists) -> None:
        target = find(self, conjunct.expr, conjunct.scope)
        if isinstance(target, Basic):
            self.basic(node, conjunct, target)
            return
        self.meter.spend(1, conjunct.expr)
        if not conjunct.cyclic:
            loop = is_cyclic(node, target, conjunct)
            if loop is None:
                return  # a field that refers to itself adds nothing
            if loop:
                lists.cyclic.append(attrs.evolve(conjunct, cyclic=True))
                return
        elif target.origin is node.origin:
            return
        elif not node.grounded:
            lists.cyclic.append(conjunct)
            return
        lists.work.extend(reversed(adopt(node, target, conjunct)))

    def _combine(self, node: Node, conjunct: Conjunct, expr: ast.Call, work: list[Conjunct]) -> None:
        """``close(x)``, ``and([…])``, ``or([…])``: values that stay open to unification, unlike computed ones."""
        argument = expr.arguments[0]
        if expr.name == "close":
            hosts = (conjunct.host, *conjunct.host.hosts) if conjunct.host else ()
            group = Group(closing=True, deep=False, hosts=hosts)
            work.append(attrs.evolve(conjunct.to(argument), groups=(*conjunct.groups, group), host=None))
            return
        values = self.operand(argument, conjunct.scope)
        if not isinstance(values, Node) or values.items is None:
            raise Problem(f"{expr.name}() takes a list", argument.place)
        self.meter.spend(len(values.items), argument)
        items: list[ast.Expr] = [Known(argument, item) for item in values.items]
        if expr.name == "and":
            work.extend([conjunct.to(item) for item in reversed(items)])
        elif not items:
            raise Problem("or() takes a list with at least one value", argument.place)
        else:
            join = ast.Join(argument.source, argument.start, argument.end, [(item, False) for item in items])
            self.join(node, conjunct, join, work)

    def _finish(self, node: Node) -> None:
        """The steps that need all conjuncts: items, patterns, closedness, then the alternatives."""
        try:
            if node.elements:
                build_items(node)
            if node.arcs:
                apply_patterns(node)
                if node.allowed:
                    check_closed(node)
            if (node.joins or node.simple) and not node.problems and node.origin is node:
                distribute(self, node)  # a branch is one alternative: its parent node resolves them
        except Limit:
            raise
        except Problem as problem:
            node.fail(problem)

    def operand(self, expr: ast.Expr, scope: Scope | None) -> Basic | Node:
        """The settled value of an expression; raises ``Incomplete`` or ``Problem``."""
        return operand(self, expr, scope)
