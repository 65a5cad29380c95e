"""A node's value for an operator: takes its default, raises its problem."""

from __future__ import annotations

from viewra.manifest.cue.kinds import Basic
from viewra.manifest.cue.node import WORKING, Node
from viewra.manifest.cue.problem import Incomplete
from viewra.manifest.cue.source import Place


def settle(target: Node | Basic, place: Place) -> Basic | Node:
    """A Basic for scalars and types, a Node for structs and lists. Raises its problem, or ``Incomplete``."""
    if isinstance(target, Basic):
        return target
    target.run.evaluate(target)
    if target.problems:
        raise target.problems[0]
    if target.alternatives is not None:
        if target.chosen is None:
            raise Incomplete("one of several alternatives, without a default", place, several=True)
        return target.chosen if isinstance(target.chosen, Basic) else settle(target.chosen, place)
    if target.basic.concrete:
        return target.basic
    if target.state == WORKING:
        raise Incomplete("waits for itself", place, cycle=True)
    if target.pending:
        _, waits = target.pending[0]
        raise Incomplete(waits.message, waits.place, cycle=any(pending.cycle for _, pending in target.pending))
    return target if target.items is not None or target.is_struct else target.basic
