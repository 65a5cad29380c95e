"""The evaluated tree: one node per field, with its conjuncts. ``evaluator`` evaluates them.

A conjunct is an expression with its scope; a reference adds the conjuncts of its target, so that the fields of a copied
struct refer to their new siblings.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import ANY, STRUCT, Basic
from viewra.manifest.cue.limits import Limits, Meter
from viewra.manifest.cue.problem import Incomplete, Problem
from viewra.manifest.cue.source import Place

FRESH, WORKING, DONE = range(3)
MAYBE, IS_DEFAULT, NOT_DEFAULT = range(3)
"""An alternative's relation to defaults: in a disjunction without marks, marked, or beside a marked one."""


class Run(Protocol):
    """One evaluation with its budget, as its modules see it; ``Evaluator`` implements it.

    ``labels`` caches the evaluated label of each pattern.
    """

    limits: Limits
    meter: Meter
    plain_is_default: bool
    labels: dict[tuple[ast.Pattern, Scope], Node]

    def evaluate(self, node: Node) -> None:
        """Evaluate one node without its fields. Raises ``Limit``."""

    def operand(self, expr: ast.Expr, scope: Scope | None) -> Basic | Node:
        """The settled value of an expression; raises ``Incomplete`` or ``Problem``."""

    def child(self, parent: Node, label: str, presence: int, conjunct: Conjunct) -> Node:
        """A new node below another; raises ``Limit``."""

    def basic(self, node: Node, conjunct: Conjunct, basic: Basic) -> None:
        """Unify a node with a type or a scalar; raises ``Problem``."""


class Scope:
    """One struct literal applied in one node; ``outer`` is the scope around the literal."""

    __slots__ = ("node", "outer")

    def __init__(self, node: Node, outer: Scope | None) -> None:
        self.node = node
        self.outer = outer


class Group:
    """The conjuncts that come from one definition, one ``close()``, or from around one embedding.

    A ``closing`` group allows only the fields that its own conjuncts, or those of its ``hosts``, declare; ``deep`` ones
    hold for the fields below as well. A host is what stands beside an embedded value in the same braces.
    """

    __slots__ = ("closing", "deep", "hosts")

    def __init__(self, *, closing: bool, deep: bool, hosts: tuple[Group, ...] = ()) -> None:
        self.closing = closing
        self.deep = deep
        self.hosts = hosts


class Allowed:
    """What one group declares in one node."""

    __slots__ = ("labels", "open", "patterns")

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.patterns: list[tuple[ast.Pattern, Scope]] = []
        self.open = False


class Trail:
    """The references through which a conjunct came, innermost first: ``target`` was added to ``at``."""

    __slots__ = ("at", "outer", "target")

    def __init__(self, target: Node, at: Node, outer: Trail | None) -> None:
        self.target = target
        self.at = at
        self.outer = outer


@attrs.frozen(eq=False)
class Conjunct:
    """One expression that a node must unify with.

    ``host`` is set while it is embedded; ``cyclic`` when it was reached through a field that contains the node;
    ``field`` is the declaration it is the value of, ``pattern`` the pattern; ``choice`` is the alternative it came in
    by, as an index into ``Node.choices``.
    """

    expr: ast.Expr
    scope: Scope | None
    groups: tuple[Group, ...] = ()
    host: Group | None = None
    trail: Trail | None = None
    cyclic: bool = False
    field: ast.Field | None = None
    choice: int = -1
    pattern: ast.Pattern | None = None

    def to(self, expr: ast.Expr) -> Conjunct:
        """The same for a part of the expression."""
        return Conjunct(
            expr,
            self.scope,
            self.groups,
            self.host,
            self.trail,
            self.cyclic,
            self.field,
            self.choice,
            self.pattern,
        )

    @property
    def attributes(self) -> list[ast.Attribute]:
        """The attributes of the declaration or pattern whose value this is."""
        declared = self.field or self.pattern
        return declared.attributes if declared is not None else []


class Known(ast.Expr):
    """An expression for a computed node: an item of ``or([…])``, a selected field."""

    __slots__ = ("node",)

    def __init__(self, like: ast.Expr, node: Node) -> None:
        super().__init__(like.source, like.start, like.end)
        self.node = node


class Node:
    """One field, list item or file.

    ``alternatives`` is None for a value without disjunction; else those that are left, and ``chosen`` the one that it
    resolves to, if any. ``choices`` are the alternatives of ``joins`` that a branch has taken, by index. ``origin`` is
    the node that this one is a branch of, itself for an ordinary one.
    """

    __slots__ = (
        "allowed",
        "alternatives",
        "arcs",
        "basic",
        "choices",
        "chosen",
        "conjuncts",
        "depth",
        "elements",
        "grounded",
        "group",
        "items",
        "items_open",
        "joins",
        "label",
        "origin",
        "parent",
        "patterns",
        "patterns_seen",
        "pending",
        "presence",
        "problems",
        "refused",
        "run",
        "simple",
        "state",
    )

    def __init__(self, run: Run, label: str, parent: Node | None, presence: int = ast.MEMBER) -> None:
        self.run = run
        self.label = label
        self.parent = parent
        self.origin = self
        self.presence = presence
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.conjuncts: list[Conjunct] = []
        self.choices: tuple[int, ...] = ()
        self.arcs: dict[str, Node] = {}
        self.group: Group | None = None
        self.patterns_seen = 0
        self.refused: Problem | None = None
        self.reset()

    def reset(self) -> None:
        """Discard the results and keep the conjuncts."""
        self.state = FRESH
        self.basic: Basic = ANY
        self.patterns: list[tuple[ast.Pattern, Scope, Conjunct]] = []
        self.allowed: dict[Group, Allowed] = {}
        self.elements: list[tuple[ast.ListLiteral, Conjunct]] = []
        self.items: list[Node] | None = None
        self.items_open = False
        self.joins: list[tuple[ast.Join, Conjunct]] = []
        self.simple: list[tuple[list[tuple[Basic, int]], Conjunct, bool]] = []
        self.pending: list[tuple[Conjunct, Incomplete]] = []
        self.problems: list[Problem] = [] if self.refused is None else [self.refused]
        self.alternatives: list[tuple[Basic | Node, int]] | None = None
        self.chosen: Basic | Node | None = None
        self.grounded = False

    @property
    def path(self) -> str:
        """The dotted path from the file, with list items by number."""
        labels: list[str] = []
        node: Node | None = self
        while node is not None:
            if node.label:
                labels.append(ast.label_text(node.label))
            node = node.parent
        return ".".join(reversed(labels))

    def fail(self, problem: Problem) -> None:
        """Record a problem of this node; problems from elsewhere keep their own path."""
        if problem not in self.problems:
            problem.path = problem.path or self.path
            problem.depth = problem.depth or self.depth
            self.problems.append(problem)

    def refuse(self, problem: Problem) -> None:
        """Record that the parent does not allow this field."""
        if self.refused is None:
            self.fail(problem)
            self.refused = problem

    @property
    def is_struct(self) -> bool:
        """Whether it is known to be a struct."""
        return self.basic.kinds == STRUCT

    @property
    def place(self) -> Place:
        """Where it is written, preferably in the text under evaluation."""
        node, best = self, self._own_place
        while best.source.rank and node.parent is not None:
            node = node.parent
            best = min(best, node._own_place, key=lambda place: place.source.rank)  # noqa: SLF001  (its own class)
        return best

    @property
    def _own_place(self) -> Place:
        places = [
            conjunct.expr.place if conjunct.field is None else conjunct.field.place for conjunct in self.conjuncts
        ]
        return min(places, key=lambda place: place.source.rank)

    @property
    def field(self) -> ast.Field | None:
        """The first declaration, preferably in the text under evaluation."""
        fields = [conjunct.field for conjunct in self.conjuncts if conjunct.field is not None]
        return min(fields, key=lambda field: field.source.rank, default=None)
