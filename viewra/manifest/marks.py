"""Finds the secret settings in the text of a manifest, without evaluating it.

``@secret()``, ``@ui(secret)`` and ``@tag(sensitive)`` count anywhere on the way to a value: on a field, in its struct,
in an item of a list, in a pattern, in an alternative, and on a definition to which a field refers. All alternatives
count, whichever one a value matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from viewra.manifest.attributes import arguments
from viewra.manifest.cue import ast
from viewra.manifest.cue.node import Conjunct, Known
from viewra.manifest.cue.patterns import matches
from viewra.manifest.cue.problem import Problem

_MARKS = {"ui": "secret", "tag": "sensitive"}
"""Attributes of other purposes that mark a secret, and the argument that says so."""


class Part(NamedTuple):
    """One expression of a value, with the attributes of its declaration."""

    expr: ast.Expr
    attributes: Sequence[ast.Attribute] = ()


class Secrets:
    """The secret parts of one schema. A path is a sequence of labels, with items of lists by number."""

    def __init__(self, conjuncts: Iterable[Conjunct]) -> None:
        self._root = _opened(Part(conjunct.expr, conjunct.attributes) for conjunct in conjuncts)
        self.any = _touched(self._root)

    def covers(self, path: Sequence[str]) -> bool:
        """Whether the value at a path is secret, by a mark on it or around it."""
        parts = self._root
        for label in path:
            if _marked(parts):
                return True
            parts = _step(parts, label)
        return _marked(parts)

    def touches(self, path: Sequence[str]) -> bool:
        """Whether the value at a path is secret or has a secret part; True for a path that leads nowhere."""
        if not self.any:
            return False
        parts = self._root
        for label in path:
            if _marked(parts):
                return True
            parts = _step(parts, label) or parts
        return _touched(parts)

    def masked(self, path: Sequence[str], value: object) -> object:
        """The value with None in place of each secret part."""
        if not self.any:
            return value
        if self.covers(path):
            return None
        if isinstance(value, Mapping):
            return {name: self.masked((*path, *str(name).split(".")), item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.masked((*path, str(index)), item) for index, item in enumerate(value)]
        return value

    def texts(self, path: Sequence[str], value: object, *, secret: bool = False) -> set[str]:
        """The secret texts and numbers in a value, as messages would quote them."""
        if not self.any:
            return set()
        secret = secret or self.covers(path)
        if isinstance(value, Mapping):
            items = [((*path, *str(name).split(".")), item) for name, item in value.items()]
        elif isinstance(value, (list, tuple)):
            items = [((*path, str(index)), item) for index, item in enumerate(value)]
        else:
            return {str(value)} if secret and value not in (None, "") and not isinstance(value, bool) else set()
        return {text for inner, item in items for text in self.texts(inner, item, secret=secret)}


def _opened(parts: Iterable[Part]) -> list[Part]:
    """The expressions of all parts: alternatives, embedded values, and targets of references."""
    found: list[Part] = []
    waiting = list(parts)
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        found.append(part)
        if id(part.expr) not in seen:
            seen.add(id(part.expr))
            waiting.extend(_inside(part.expr))
    return found


def _inside(expr: ast.Expr) -> list[Part]:
    if isinstance(expr, ast.Meet):
        return [Part(item) for item in expr.items]
    if isinstance(expr, ast.Join):
        return [Part(alternative) for alternative, _ in expr.alternatives]
    if isinstance(expr, ast.Struct):
        return [Part(embedded) for embedded in expr.embedded]
    if isinstance(expr, ast.Call):
        lists = [item for item in expr.arguments if isinstance(item, ast.ListLiteral)]
        return [Part(item) for item in (*expr.arguments, *(item for one in lists for item in one.items))]
    if isinstance(expr, Known):
        return [Part(conjunct.expr, conjunct.attributes) for conjunct in expr.node.conjuncts]
    if isinstance(expr, ast.Reference) and expr.within is not None:
        fields = [field for field in expr.within.fields if field.label == expr.name]
        return [Part(field.value, field.attributes) for field in fields]
    if isinstance(expr, ast.Path):
        parts = _opened([Part(expr.base)])
        for step, _ in expr.steps:
            parts = _step(parts, None if isinstance(step, ast.Expr) else ast.label_text(step))
        return parts
    return []


def _step(parts: list[Part], label: str | None) -> list[Part]:
    """The expressions of the value under a label, or under any label."""
    found: list[Part] = []
    for expr, _ in parts:
        if isinstance(expr, ast.Struct):
            fields = [one for one in expr.fields if label is None or ast.label_text(one.label) == label]
            patterns = [one for one in expr.patterns if label is None or _may_match(one.label, label)]
            found.extend(Part(field.value, field.attributes) for field in fields)
            found.extend(Part(pattern.value, pattern.attributes) for pattern in patterns)
        elif isinstance(expr, ast.ListLiteral):
            number = int(label) if label is not None and label.isdecimal() and len(label) < 9 else None
            if number is None or number < len(expr.items):
                found.extend(Part(item) for index, item in enumerate(expr.items) if number in (None, index))
            if expr.rest is not None:
                found.append(Part(expr.rest))
    return _opened(found)


def _may_match(pattern: ast.Expr, label: str) -> bool:
    """Whether a pattern may match a label; False only if it plainly cannot."""
    if isinstance(pattern, ast.Literal):
        return pattern.value == label
    if isinstance(pattern, ast.Unary) and pattern.operator == "=~" and isinstance(pattern.operand, ast.Literal):
        try:
            return matches(str(pattern.operand.value), label, None)
        except Problem:
            return True
    return True


def _marked(parts: Iterable[Part]) -> bool:
    found: list[ast.Attribute] = []
    for expr, attributes in parts:
        found.extend(attributes)
        if isinstance(expr, ast.Struct):
            found.extend(expr.attributes)
    return is_secret(found)


def _touched(parts: list[Part]) -> bool:
    seen: set[int] = set()
    while parts:
        if _marked(parts):
            return True
        seen.update(id(part.expr) for part in parts)
        parts = [part for part in _step(parts, None) if id(part.expr) not in seen]
    return False


def is_secret(attributes: Iterable[ast.Attribute]) -> bool:
    """Whether one of the attributes marks a secret, whatever the others say."""
    for attribute in attributes:
        if attribute.name == "secret":
            return True
        mark = _MARKS.get(attribute.name)
        if mark is not None and arguments(attribute.body).get(mark):
            return True
    return False
