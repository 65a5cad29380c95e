"""Keeps the secrets that a manifest itself states, such as a secret's default, out of what is said of the manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from viewra.errors import ManifestError
from viewra.manifest.cue import ast
from viewra.manifest.cue.problem import gathered
from viewra.manifest.marks import Declared, Part, marked, opened, step

UNSAID = "the value, which is secret or has a secret part, does not fit"

_MARK = re.compile(r"@\s*(secret|ui|tag)\b")
_WRITTEN = re.compile(r'#*"""(?:.|\n)*?(?:"""|\Z)|#*"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?|(?<!\w)[0-9][\w.]*')
"""What a text that is no CUE may mean as a string or number."""
_MOST_STEPS = 20_000
_SHORT = 4  # a secret of fewer characters is looked for as a word of its own
_MOST_SHOWN = 57  # messages shorten longer values


class Hidden:
    """The secrets that stand in a manifest's text.

    In one that marks some and cannot be parsed (``tree`` is None), or is too tangled, every string and number is one.
    """

    def __init__(self, text: str, tree: ast.Struct | None) -> None:
        self._text = text
        secrets = _Walk(tree).literals() if tree is not None and _MARK.search(text) else []
        if secrets is not None and tree is not None:
            found = {(one.start, one.end): one for one in secrets}
            self._spans = sorted(found)
            self._values = {_said(one.value) for one in found.values() if isinstance(one, ast.Literal)}
        else:
            written = list(_WRITTEN.finditer(text)) if _MARK.search(text) else []
            self._spans = [match.span() for match in written]
            self._values = {match.group().strip("#\"'") for match in written}
        self._values.discard("")

    @property
    def source(self) -> str:
        """The text with each secret replaced, every line as long as it was."""
        pieces, end = [], 0
        for start, until in self._spans:
            pieces += [self._text[end:start], re.sub(r"[^\n]", "•", self._text[max(start, end) : until])]
            end = max(end, until)
        return "".join(pieces) + self._text[end:]

    def without(self, error: ManifestError) -> ManifestError:
        """The error, and all that it lists, without a message that quotes a secret."""
        if not self._values:
            return error
        return gathered([self._one(one) for one in error.errors])

    def _one(self, error: ManifestError) -> ManifestError:
        if not any(quotes(error.message, value) for value in self._values):
            return error
        return ManifestError(UNSAID, file=error.file, line=error.line, column=error.column, path=error.path)


def quotes(message: str, text: str) -> bool:
    """Whether a message has a text in it, as it is or as CUE writes it, shortened where it is long."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    short = json.dumps(text[:_MOST_SHOWN], ensure_ascii=False)[1:-1]
    if len(text) < _SHORT:
        return any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", message) for part in (text, written))
    return any(part in message for part in (text, written, text[:_MOST_SHOWN], short))


def _said(value: ast.Atom) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class _Walk:
    """Finds the literals and templates that a secret may be made of, in a tree that has not been evaluated."""

    def __init__(self, tree: ast.Struct) -> None:
        self._found: list[ast.Literal | ast.Template] = []
        self._seen: set[object] = set()
        self._root = opened([Part(tree)])
        self._declared = Declared()

    def literals(self) -> list[ast.Literal | ast.Template] | None:
        """All of them; None when finding them takes too long."""
        waiting = [self._root]
        steps = 0
        while waiting:
            parts = waiting.pop()
            key = frozenset(id(part.expr) for part in parts)
            if key in self._seen:
                continue
            self._seen.add(key)
            if marked(parts):
                for part in parts:
                    self._take(part.expr)
                continue
            structs = [part.expr for part in parts if isinstance(part.expr, ast.Struct)]
            lists = [part.expr for part in parts if isinstance(part.expr, ast.ListLiteral)]
            labels = {ast.label_text(field.label) for struct in structs for field in struct.fields}
            labels.update(str(index) for one in lists for index in range(len(one.items)))
            for label in labels:
                inner = step(parts, label)
                steps += len(inner) + 1
                if steps > _MOST_STEPS:
                    return None
                waiting.append(inner)
            waiting += [opened([Part(one.value, one.attributes)]) for struct in structs for one in struct.patterns]
            waiting += [opened([Part(one.rest)]) for one in lists if one.rest is not None]
        return self._found

    def _take(self, expr: ast.Expr) -> None:
        """All literals in an expression, and in what it refers to."""
        waiting = [expr]
        while waiting:
            one = waiting.pop()
            if id(one) in self._seen:
                continue
            self._seen.add(id(one))
            if isinstance(one, ast.Template) or (
                isinstance(one, ast.Literal) and one.value is not None and not isinstance(one.value, bool)
            ):
                self._found.append(one)
            if isinstance(one, ast.Reference) and one.within is not None:
                waiting.extend(field.value for field in self._declared(one.within, one.name))
            waiting.extend(_children(one))


def _children(expr: ast.Expr) -> Iterator[ast.Expr]:
    for kind, children in _CHILDREN.items():
        if isinstance(expr, kind):
            yield from children(expr)


_CHILDREN: dict[type[ast.Expr], Callable[..., list[ast.Expr]]] = {
    ast.Template: lambda one: [part for part in one.parts if isinstance(part, ast.Expr)],
    ast.Path: lambda one: [one.base],
    ast.Unary: lambda one: [one.operand],
    ast.Chain: lambda one: [one.first, *(operand for _, operand in one.rest)],
    ast.Meet: lambda one: one.items,
    ast.Join: lambda one: [alternative for alternative, _ in one.alternatives],
    ast.Call: lambda one: one.arguments,
    ast.Struct: lambda one: [*(part.value for part in (*one.fields, *one.patterns)), *one.embedded],
    ast.ListLiteral: lambda one: [*one.items, *([one.rest] if one.rest is not None else [])],
}
