"""Warns of settings that are valid but probably wrong: a default that does not fit, a misspelt hint."""

from __future__ import annotations

from collections.abc import Iterator

from viewra.manifest.attributes import named
from viewra.manifest.cue import ast
from viewra.manifest.cue.kinds import Basic, meet
from viewra.manifest.cue.near import nearest
from viewra.manifest.cue.node import IS_DEFAULT, Node
from viewra.manifest.cue.problem import Problem
from viewra.manifest.marks import is_secret

UI = ("title", "help", "group", "widget", "secret")
"""The hints of ``@ui`` that viewra reads."""


def hints(settings: Node, warnings: list[Problem]) -> None:
    """Warn of hints whose names are close to a known one."""
    for node in _all(settings):
        attributes = [attribute for conjunct in node.conjuncts for attribute in conjunct.attributes]
        for attribute in attributes:
            for name in named([attribute], "ui") or {}:
                meant = nearest(name, UI) if name not in UI else None
                if meant is not None:
                    message = f"there is no hint {name}, did you mean {meant}?"
                    warnings.append(Problem(message, attribute.place, path=node.path))


def defaults(settings: Node, warnings: list[Problem]) -> None:
    """Warn of defaults that the other alternatives exclude, or that another declaration has removed."""
    for node in _all(settings):
        message = _doubt(node)
        if message is not None:
            secret = any(is_secret(conjunct.attributes) for conjunct in node.conjuncts)
            warnings.append(Problem("its default does not fit" if secret else message, node.place, path=node.path))


def _doubt(node: Node) -> str | None:
    left = node.alternatives or []
    default = next((value for value, mode in left if mode == IS_DEFAULT), None)
    if isinstance(default, Basic) and default.concrete:
        kinds = [value for value, _ in left if isinstance(value, Basic) and not value.concrete]
        kinds = [value for value in kinds if value.kinds & default.kinds and value.bounds]
        if kinds and not any(_fits(default, value) for value in kinds):
            return f"its default {default} does not fit {' or '.join(map(str, kinds))}"
        return None
    resolved = isinstance(node.chosen, Basic) and node.chosen.concrete
    if node.problems or node.basic.concrete or resolved or default is not None:
        return None
    marked = [value for alternatives, _, _ in node.simple for value, mode in alternatives if mode == IS_DEFAULT]
    lost = [value for value in marked if value.concrete and not any(_fits(value, other) for other in _basics(node))]
    return f"its default {lost[0]} does not fit what else is declared, so it has none" if lost else None


def _basics(node: Node) -> list[Basic]:
    return [value for value, _ in node.alternatives or () if isinstance(value, Basic)]


def _fits(value: Basic, other: Basic) -> bool:
    try:
        meet(value, other)
    except Problem:
        return False
    return True


def _all(node: Node) -> Iterator[Node]:
    """Every field below a struct of settings, optional ones too."""
    for label, arc in node.arcs.items():
        if ast.is_regular(label):
            node.run.evaluate(arc)
            yield arc
            yield from _all(arc)
