"""Splits a typed query into tokens: parentheses, OR, and conditions with their field, operator and text."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator

import attrs

_TOKEN = re.compile(
    r"""
    (?P<open>-?\() | (?P<close>\)) |
    (?P<minus>-?)
    (?:(?P<field>[^\W\d]\w*):\s*)?
    (?:(?P<tilde>~)(?:"(?P<quoted_pattern>[^"]*)"?|(?P<pattern>[^\s"]+)) |
       (?P<operator>>=|<=|>|<)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"()]+)))
    """,
    re.VERBOSE,
)


class Kind(enum.Enum):
    """The kind of a token."""

    OPEN = "("
    CLOSE = ")"
    OR = "OR"
    CONDITION = "condition"


@attrs.frozen
class Token:
    """A token of a query; ``at``: its position, from 0."""

    kind: Kind
    at: int
    negated: bool = False
    field: str = ""
    operator: str = ""
    """``~``, ``>``, ``>=``, ``<``, ``<=`` or ``""``."""
    text: str = ""
    quoted: bool = False


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a query. Every text is valid here."""
    position = 0
    while match := _TOKEN.search(text, position):
        token = _token(match)
        position = match.end()
        if match["pattern"] and token.text != match["pattern"]:
            position -= len(match["pattern"]) - len(token.text)
        yield token


def _token(match: re.Match[str]) -> Token:
    at = match.start()
    if match["open"]:
        return Token(Kind.OPEN, at, negated=match["open"] == "-(")
    if match["close"]:
        return Token(Kind.CLOSE, at)
    if match.group() == "OR":
        return Token(Kind.OR, at)
    field, negated = match["field"] or "", bool(match["minus"])
    if match["tilde"] and field:
        quoted = match["quoted_pattern"] is not None
        expression = match["quoted_pattern"] if quoted else _without_outer_parentheses(match["pattern"])
        return Token(Kind.CONDITION, at, negated, field, "~", expression, quoted)
    if match["tilde"]:  # without a field it is text
        return Token(Kind.CONDITION, at, negated, "", "", match["quoted_pattern"] or match["pattern"] or "")
    quoted = match["phrase"] is not None
    operator = match["operator"] or ""
    text = match["phrase"] if quoted else match["word"]
    return Token(Kind.CONDITION, at, negated, field, operator if field else "", text, quoted)


def _without_outer_parentheses(expression: str) -> str:
    """Remove closing parentheses at the end that belong to the query around the expression."""
    while expression.endswith(")") and expression.count(")") > expression.count("("):
        expression = expression[:-1]
    return expression
