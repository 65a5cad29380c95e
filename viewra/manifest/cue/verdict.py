"""Picks one error for a disjunction whose alternatives all fail, instead of one error per alternative."""

from __future__ import annotations

from viewra.manifest.cue.kinds import Basic, atom_text, kinds_text
from viewra.manifest.cue.near import did_you_mean
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem

_TELLING = {"bound": 0, "closed": 1, "required": 1, "": 2, "type": 3, "value": 4}
"""Kinds of problems, the most useful first: a conflict of two values usually means another variant's tag."""
_LISTED = 8


def verdict(node: Node, failures: list[Problem]) -> Problem:
    """The problem to report; ``failures`` are those of the alternatives, at least one."""
    below = [problem for problem in failures if problem.depth > node.depth]
    if below:
        return min(below, key=lambda problem: (_TELLING.get(problem.kind, 2), -problem.depth))
    bound = next((problem for problem in failures if problem.kind == "bound"), None)
    if bound is not None and node.basic.concrete:
        return bound
    options = [option for alternatives, _, _ in node.simple for option, _ in alternatives]
    if len(failures) == 1 or not options:
        return min(failures, key=lambda problem: _TELLING.get(problem.kind, 2))
    return _of_options(node.basic, options) if node.basic.concrete else failures[0]


def _of_options(found: Basic, options: list[Basic]) -> Problem:
    """The found value, and all allowed values."""
    places = [place for place in (found.place, options[0].place) if place is not None]
    if all(option.concrete for option in options):
        texts = list(dict.fromkeys(atom_text(option.value) for option in options))
        words = [option.value for option in options if isinstance(option.value, str)]
        hint = did_you_mean(found.value, words) if isinstance(found.value, str) else ""
        more = ", …" if len(texts) > _LISTED else ""
        return Problem(f"{found} is not one of {', '.join(texts[:_LISTED])}{more}{hint}", *places, kind="value")
    types = dict.fromkeys(option.name or kinds_text(option.kinds) for option in options if not option.concrete)
    kinds = 0
    for option in options:
        kinds |= option.kinds
    expected = " or ".join(types) if len(types) <= _LISTED else kinds_text(kinds)
    return Problem(f"expected {expected}, found {found}", *places, kind="type")
