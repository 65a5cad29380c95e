"""Resolves disjunctions: which alternatives survive unification, and which one is the default.

Alternatives without fields are unified one by one. For the others the whole node is evaluated once per alternative, in
a branch that takes that alternative; branches that fail at any depth are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from viewra.manifest.cue import ast
from viewra.manifest.cue.alternatives import Alternatives, mode_of, within
from viewra.manifest.cue.equality import interchangeable
from viewra.manifest.cue.faults import failure, waits
from viewra.manifest.cue.kinds import Basic, effort, meet
from viewra.manifest.cue.node import IS_DEFAULT, MAYBE, NOT_DEFAULT, Conjunct, Node, Run
from viewra.manifest.cue.problem import Limit, Problem
from viewra.manifest.cue.verdict import verdict


def distribute(run: Run, node: Node) -> None:
    """Set ``alternatives`` and ``chosen`` of a node with disjunctions; a problem if no alternative is left."""
    failures: list[Problem] = []
    branches = _expand(run, node, -1, failures) if node.joins else [_Option(node, MAYBE, 0)]
    found = _products(run, branches, failures)
    if not found:
        node.fail(verdict(node, failures))
        return
    if not node.joins and (node.is_struct or node.items is not None):
        return  # what was met are whole kinds: the struct, or the list, is as it was
    alternatives = _distinct(run, _ranked(found))
    reasons = [waits(value) if isinstance(value, Node) else None for value, _ in alternatives]
    if node.joins and all(reasons):
        node.pending.extend(
            (conjunct, reason) for (_, conjunct), reason in zip(node.joins, reasons, strict=False) if reason
        )
        return
    # A reference to an absent field yields to an alternative that has a value.
    node.alternatives = [one for one, reason in zip(alternatives, reasons, strict=True) if reason is None]
    defaults = [value for value, mode in node.alternatives if mode == IS_DEFAULT]
    candidates = defaults or [value for value, _ in node.alternatives]
    if len(candidates) == 1:
        node.chosen = candidates[0]


class _Option(NamedTuple):
    """One surviving combination of alternatives.

    ``last`` is the mode of the alternative that was taken last. ``plain`` is how it stands to plain values of settings,
    as a mode: these have the last word on the default.
    """

    value: Node
    mode: int
    plain: int
    last: int = MAYBE


class _Met(NamedTuple):
    """A combination, unified with alternatives that have no fields."""

    option: _Option
    basic: Basic
    mode: int
    plain: int
    last: int

    @property
    def key(self) -> tuple[object, ...]:
        return id(self.option.value), self.basic.key


_T = TypeVar("_T", _Option, _Met)
_Simple = tuple[Alternatives, Conjunct, bool]


def _expand(run: Run, node: Node, floor: int, failures: list[Problem]) -> list[_Option]:
    """One branch for each surviving combination of the node's disjunctions, taken one disjunction at a time.

    ``floor`` is the choice whose alternative brings these disjunctions, -1 for those of the node itself.
    """
    options = [_Option(node, MAYBE, MAYBE)]
    while True:
        pairs: list[tuple[_Option, int]] = []
        more = False
        for option in options:
            join = _next(option.value, floor)
            if join is None:
                pairs.append((option, MAYBE))
                continue
            more = True
            for taken, mode in _take(run, option.value, join, failures):
                plain = max(option.plain, mode) if join.plain else option.plain
                pairs.append((_Option(taken, option.mode, plain, option.last), MAYBE if join.plain else mode))
            if len(pairs) > run.limits.disjuncts:
                raise Limit(f"more than {run.limits.disjuncts} alternatives of one field", join.place)
        if not more:
            return options
        options = _unique(run, _combined(pairs))


def _next(branch: Node, floor: int) -> ast.Join | None:
    if len(branch.joins) <= len(branch.choices):
        return None
    join, conjunct = branch.joins[len(branch.choices)]
    return join if conjunct.choice >= floor else None


def _take(run: Run, branch: Node, join: ast.Join, failures: list[Problem]) -> list[tuple[Node, int]]:
    """Evaluate the branch again for each alternative, and for those of disjunctions inside it."""
    found: list[tuple[Node, int]] = []
    for index, (_, marked) in enumerate(join.alternatives):
        taken = Node(run, branch.label, branch.parent, branch.presence)
        taken.origin = branch.origin
        taken.conjuncts = branch.conjuncts
        taken.choices = (*branch.choices, index)
        run.meter.spend(4, join)
        failed = failure(taken)
        if failed is not None:
            failures.append(failed)
            continue
        mode = mode_of(join, marked)
        found.extend((one.value, within(mode, one.mode)) for one in _expand(run, taken, len(branch.choices), failures))
    return found


def _combined(pairs: Sequence[tuple[_T, int]]) -> list[_T]:
    """The mode of each combination, from its previous mode and that of the alternative taken now.

    A combination is default where both are; a side whose defaults are all gone has no say.
    """
    left_lost = right_lost = True
    for one, mode in pairs:
        left_lost = left_lost and IS_DEFAULT not in (one.mode, one.last)
        right_lost = right_lost and mode != IS_DEFAULT
    return [
        one._replace(mode=max(MAYBE if left_lost else one.mode, MAYBE if right_lost else mode), last=mode)
        for one, mode in pairs
    ]


def _products(run: Run, branches: list[_Option], failures: list[Problem]) -> list[_Met]:
    """Unify the alternatives without fields, those of each disjunction with those of the next."""
    alive: list[_Met] = []
    shared: list[_Simple] = []
    for option in branches:
        met = [_Met(option, option.value.basic, option.mode, option.plain, option.last)]
        inner = [one for one in option.value.simple if one[1].choice >= 0]
        for alternatives, conjunct, _ in inner:  # inside an alternative that was taken, whose mode applies to them
            met = [
                one._replace(mode=within(one.mode, mode))
                for each in met
                for one, mode in _met(run, each, alternatives, conjunct, failures)
            ]
        alive.extend(met)
        shared = [one for one in option.value.simple if one[1].choice < 0]
    for alternatives, conjunct, plain in shared:
        pairs: list[tuple[_Met, int]] = []
        for each in alive:
            for one, mode in _met(run, each, alternatives, conjunct, failures):
                pairs.append((one._replace(plain=max(one.plain, mode)), MAYBE) if plain else (one, mode))
        best: dict[tuple[object, ...], _Met] = {}
        for one in _combined(pairs):
            best.setdefault((*one.key, one.mode, one.plain, one.last), one)
        alive = list(best.values())
        if len(alive) > run.limits.disjuncts:
            raise Limit(f"more than {run.limits.disjuncts} alternatives of one field", conjunct.expr.place)
    return alive


def _met(
    run: Run, one: _Met, alternatives: Alternatives, conjunct: Conjunct, failures: list[Problem]
) -> list[tuple[_Met, int]]:
    run.meter.spend(len(alternatives), conjunct.expr)
    found: list[tuple[_Met, int]] = []
    for alternative, mode in alternatives:
        if cost := effort(one.basic, alternative):
            run.meter.spend(cost, conjunct.expr)
        try:
            found.append((one._replace(basic=meet(one.basic, alternative)), mode))
        except Problem as problem:
            failures.append(problem)
    return found


def _ranked(found: list[_Met]) -> list[tuple[Basic | Node, int]]:
    """The values with their modes. If a default from plain values survives, it is the only default."""
    decided = any(one.plain == IS_DEFAULT for one in found)
    ranked: list[tuple[Basic | Node, int]] = []
    for one in found:
        branch = one.option.value
        whole = branch.is_struct or branch.items is not None or branch.pending
        mode = one.mode if not decided else IS_DEFAULT if one.plain == IS_DEFAULT else NOT_DEFAULT
        ranked.append((branch if whole else one.basic, mode))
    return ranked


def _unique(run: Run, options: list[_Option]) -> list[_Option]:
    """Remove duplicate branches that no later disjunction can distinguish; a default replaces its duplicate."""
    result: list[_Option] = []
    structs: list[int] = []
    for option in options:
        for index in structs if option.value.is_struct else ():
            known = result[index]
            run.meter.spend(1, option.value)
            if known.plain != option.plain or not _same_rest(known.value, option.value):
                continue
            if interchangeable(run, known.value, option.value):
                if IS_DEFAULT in (known.mode, option.mode):
                    result[index] = known._replace(mode=IS_DEFAULT)
                break
        else:
            if option.value.is_struct:
                structs.append(len(result))
            result.append(option)
    return result


def _same_rest(left: Node, right: Node) -> bool:
    """Whether two branches have no patterns and the same remaining disjunctions."""
    if left.patterns or right.patterns:
        return False
    rest = [conjunct for _, conjunct in left.joins[len(left.choices) :]]
    others = [conjunct for _, conjunct in right.joins[len(right.choices) :]]
    return len(rest) == len(others) and all(one.expr is other.expr for one, other in zip(rest, others, strict=True))


def _distinct(run: Run, found: list[tuple[Basic | Node, int]]) -> list[tuple[Basic | Node, int]]:
    """Remove duplicates; of two equal alternatives the default stays."""
    basics: dict[tuple[object, ...], int] = {}
    result: list[tuple[Basic | Node, int]] = []
    for value, mode in found:
        position = -1
        if isinstance(value, Basic):
            position = basics.setdefault(value.key, len(result))
            position = position if position < len(result) else -1
        else:
            for index, (known, _) in enumerate(result):
                if isinstance(known, Node) and interchangeable(run, known, value):
                    position = index
                    break
        if position < 0:
            result.append((value, mode))
        elif IS_DEFAULT in (mode, result[position][1]):
            result[position] = (result[position][0], IS_DEFAULT)
    return result
