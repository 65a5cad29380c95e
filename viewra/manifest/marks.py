"""Finds the secret settings in the text of a manifest, without evaluating it.

``@secret()``, ``@ui(secret)`` and ``@tag(sensitive)`` count anywhere on the way to a value: on a field, in its struct,
in an item of a list, in a pattern, in an alternative, and on a definition to which a field refers. All alternatives
count, whichever one a value matches. ``@secret(host)`` says as well that the host keeps the value to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from viewra.manifest.attributes import arguments
from viewra.manifest.cue import ast
from viewra.manifest.cue.data import Data
from viewra.manifest.cue.node import Conjunct, Known
from viewra.manifest.cue.patterns import matches
from viewra.manifest.cue.problem import Problem

_MARKS = {"ui": "secret", "tag": "sensitive"}
"""Attributes of other purposes that mark a secret, and the argument that says so."""


Mark = Callable[[Iterable[ast.Attribute]], bool]
"""Whether one of these attributes is a certain mark."""


class Part(NamedTuple):
    """One expression of a value, with the attributes of its declaration."""

    expr: ast.Expr
    attributes: Sequence[ast.Attribute] = ()


class Secrets:
    """The secret parts of one schema. A path is a sequence of labels, with items of lists by number."""

    def __init__(self, conjuncts: Iterable[Conjunct]) -> None:
        self._root = opened(Part(conjunct.expr, conjunct.attributes) for conjunct in conjuncts)
        self.any = _touched(self._root)

    def covers(self, path: Sequence[str]) -> bool:
        """Whether the value at a path is secret, by a mark on it or around it."""
        return self._marks(path, is_secret)

    @cached_property
    def withholds(self) -> bool:
        """Whether the host keeps any of them to itself."""
        return self.any and _touched(self._root, _stays)

    def without_withheld(self, value: Mapping[str, Data], path: Sequence[str] = ()) -> dict[str, Data]:
        """The values without those that the host keeps to itself."""
        left = {name: (one, (*path, name)) for name, one in value.items()}
        return {name: self._left(one, at) for name, (one, at) in left.items() if not self._marks(at, _stays)}

    def _left(self, value: Data, path: Sequence[str]) -> Data:
        if isinstance(value, dict):
            return self.without_withheld(value, path)
        if isinstance(value, list):
            items = [(one, (*path, str(number))) for number, one in enumerate(value)]
            return [self._left(one, at) for one, at in items if not self._marks(at, _stays)]
        return value

    def _marks(self, path: Sequence[str], mark: Mark) -> bool:
        parts = self._root
        for label in path:
            if marked(parts, mark):
                return True
            parts = step(parts, label)
        return marked(parts, mark)

    def touches(self, path: Sequence[str]) -> bool:
        """Whether the value at a path is secret or has a secret part; True for a path that leads nowhere."""
        if not self.any:
            return False
        parts = self._root
        for label in path:
            if marked(parts):
                return True
            parts = step(parts, label) or parts
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


def opened(parts: Iterable[Part]) -> list[Part]:
    """The expressions of all parts: alternatives, embedded values, and targets of references."""
    found: list[Part] = []
    waiting = list(parts)
    seen: set[int] = set()
    declared = Declared()
    while waiting:
        part = waiting.pop()
        found.append(part)
        if id(part.expr) not in seen:
            seen.add(id(part.expr))
            waiting.extend(_inside(part.expr, declared))
    return found


class Declared:
    """The fields of structs by their labels, each struct gone through once."""

    def __init__(self) -> None:
        self._fields: dict[int, dict[str, list[ast.Field]]] = {}

    def __call__(self, struct: ast.Struct, label: str) -> list[ast.Field]:
        """The declarations of one field."""
        fields = self._fields.get(id(struct))
        if fields is None:
            fields = self._fields[id(struct)] = {}
            for field in struct.fields:
                fields.setdefault(field.label, []).append(field)
        return fields.get(label, [])


def _inside(expr: ast.Expr, declared: Declared) -> list[Part]:
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
        return [Part(field.value, field.attributes) for field in declared(expr.within, expr.name)]
    if isinstance(expr, ast.Path):
        parts = opened([Part(expr.base)])
        for label, _ in expr.steps:
            parts = step(parts, None if isinstance(label, ast.Expr) else ast.label_text(label))
        return parts
    return []


def step(parts: list[Part], label: str | None) -> list[Part]:
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
    return opened(found)


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


def is_secret(attributes: Iterable[ast.Attribute]) -> bool:
    """Whether one of the attributes marks a secret, whatever the others say."""
    for attribute in attributes:
        if attribute.name == "secret":
            return True
        mark = _MARKS.get(attribute.name)
        if mark is not None and arguments(attribute.body).get(mark):
            return True
    return False


def marked(parts: Iterable[Part], mark: Mark = is_secret) -> bool:
    """Whether one of the parts carries a mark itself."""
    found: list[ast.Attribute] = []
    for expr, attributes in parts:
        found.extend(attributes)
        if isinstance(expr, ast.Struct):
            found.extend(expr.attributes)
    return mark(found)


def _touched(parts: list[Part], mark: Mark = is_secret) -> bool:
    seen: set[int] = set()
    while parts:
        if marked(parts, mark):
            return True
        seen.update(id(part.expr) for part in parts)
        parts = [part for part in step(parts, None) if id(part.expr) not in seen]
    return False


def _stays(attributes: Iterable[ast.Attribute]) -> bool:
    """Whether a mark says that the host keeps the value to itself."""
    return any(one.name == "secret" and arguments(one.body).get("host") for one in attributes)
