"""Parses queries: words, "phrases", begin*, -without, field:value, bounds, patterns, OR, ( ) and sort:field.

Conditions in a row must all be true; ``OR`` separates whole alternatives, so ``a b OR c`` finds files with both a
and b, and files with c. The end of the query closes an open parenthesis or quotation mark.
"""

from __future__ import annotations

from functools import lru_cache

import re2

from viewra.errors import UsageError
from viewra.library.query.lexer import Kind, Token, tokens
from viewra.library.query.tree import And, Bound, Given, Node, Not, Or, Pattern, Query, Sort, Text
from viewra.library.query.values import brief
from viewra.library.words import is_symbols

MAX_CONDITIONS = 64
"""Upper bound of the words and conditions of a query: SQLite limits the depth of an expression."""

MAX_DEPTH = 16
"""Upper bound of nested parentheses."""

_OPERATORS = frozenset({">", ">=", "<", "<="})

MAX_PATTERN_BYTES = 1 << 20
"""Upper bound of the memory of a compiled regular expression, in bytes."""


@lru_cache(maxsize=128)  # a listing is asked for page after page
def parse(text: str) -> Query:
    """Parse a query. Raises ``UsageError`` that names the position for a query that is invalid or too long.

    It does not check whether the library knows the fields.
    """
    return _Parser(clean(text)).query()


def parse_within(text: str, all_of: str) -> Query:
    """Parse a query for some of the files of another query, whose order counts where ``text`` names none.

    Their trees are joined, not their texts: in those, a parenthesis of one could end one of the other.
    """
    asked = parse(text)
    if not all_of:
        return asked
    known = parse(all_of)
    parts = [node for node in (*_parts(asked.root), *_parts(known.root)) if node != And(())]
    return Query(_all(parts), asked.sort or known.sort)


def clean(text: str) -> str:
    """Return a typed text as it is read: without what no text in a database can hold, every other character in place.

    That is NUL, and lone surrogates: an argument of a command that was not UTF-8.
    """
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._next = 0
        self._sort: list[Sort] = []
        if sum(token.kind is Kind.CONDITION for token in self._tokens) > MAX_CONDITIONS:
            raise UsageError(f"a search may have at most {MAX_CONDITIONS} words", hint="leave some out")

    def query(self) -> Query:
        alternatives: list[Node] = []
        while self._next < len(self._tokens):
            alternatives.append(self._alternatives(0))
            self._take(Kind.CLOSE)  # without an opening parenthesis
        return Query(_without_symbols(_all(alternatives)), tuple(self._sort))

    def _alternatives(self, depth: int) -> Node:
        found = [self._conditions(depth)]
        while self._take(Kind.OR):
            found.append(self._conditions(depth))
        found = [node for node in found if node != And(())]
        return found[0] if len(found) == 1 else Or(tuple(found)) if found else And(())

    def _conditions(self, depth: int) -> Node:
        found: list[Node] = []
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.kind in {Kind.OR, Kind.CLOSE}:
                break
            self._next += 1
            node = self._group(token, depth) if token.kind is Kind.OPEN else self._condition(token)
            if node != And(()):
                found.append(Not(node) if token.negated else node)
        return _all(found)

    def _group(self, opened: Token, depth: int) -> Node:
        if depth == MAX_DEPTH:
            raise _error(opened, "(", f"only {MAX_DEPTH} parentheses may lie in each other")
        node = self._alternatives(depth + 1)
        self._take(Kind.CLOSE)
        return node

    def _condition(self, token: Token) -> Node:
        field = token.field.lower()
        if field == "sort":
            if not token.negated and not token.operator and token.text.lstrip("-"):
                self._sort.append(Sort(token.text.lstrip("-").lower(), token.text.startswith("-"), token.at))
                return And(())
            raise _error(token, "sort:", "a field is missing", hint="for example: sort:-added")
        if token.operator == "~":
            return _pattern(token, field)
        if token.operator or (field and token.text in _OPERATORS and not token.quoted):
            return _bound(token, field)
        if field and not token.quoted and ".." in token.text:
            low, _, high = token.text.partition("..")
            if not low and not high:
                raise _error(token, f"{field}:..", "both bounds are missing", hint=f"for example: {field}:1990..1999")
            return Bound(field, low, high, at=token.at)
        if field and not token.text.strip("" if token.quoted else "*").strip():
            given = Given(field, token.at)
            return Not(given) if token.quoted else given
        prefix = not token.quoted and token.text.endswith("*")
        return Text(token.text.rstrip("*") if prefix else token.text, field, prefix, token.quoted, token.at)

    def _take(self, kind: Kind) -> bool:
        taken = self._next < len(self._tokens) and self._tokens[self._next].kind is kind
        self._next += taken
        return taken


def _pattern(token: Token, field: str) -> Pattern:
    options = re2.Options()
    options.max_mem = MAX_PATTERN_BYTES
    options.log_errors = False
    try:
        re2.compile(token.text, options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise _error(
            token,
            f"{field}:~{token.text}",
            f"this is no regular expression: {brief(said)}",
            hint="RE2's syntax is read",
        ) from None
    return Pattern(field, token.text, token.at)


def _bound(token: Token, field: str) -> Bound:
    if not token.operator or not token.text:
        raise _error(
            token, f"{field}:{token.operator or token.text}", "a value is missing", hint=f"for example: {field}:>100"
        )
    if token.operator.startswith(">"):
        return Bound(field, low=token.text, with_low=token.operator == ">=", at=token.at)
    return Bound(field, high=token.text, with_high=token.operator == "<=", at=token.at)


def _parts(root: Node) -> tuple[Node, ...]:
    return root.nodes if isinstance(root, And) else (root,)


def _all(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _without_symbols(root: Node) -> Node:
    """Drop punctuation between words, which no index has; alone, quoted or in a field it is a name."""
    if isinstance(root, Not):
        inner = _without_symbols(root.node)
        return And(()) if inner == And(()) else Not(inner)
    if isinstance(root, Or):
        nodes = [node for node in map(_without_symbols, root.nodes) if node != And(())]
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes)) if nodes else And(())
    if not isinstance(root, And):
        return And(()) if isinstance(root, Text) and not root.text.strip() else root
    nodes = [_without_symbols(node) for node in root.nodes]
    kept = [node for node in nodes if node != And(()) and not _is_loose(node)]
    return _all(kept or [node for node in nodes if node != And(()) and not isinstance(node, Not)])


def _is_loose(node: Node) -> bool:
    if isinstance(node, Not):
        return _is_loose(node.node)
    return isinstance(node, Text) and not node.field and not node.quoted and is_symbols(node.text)


def _error(token: Token, piece: str, message: str, *, hint: str = "") -> UsageError:
    return UsageError(f"the query, column {token.at + 1}, {brief(piece)!r}: {message}", hint=hint)
