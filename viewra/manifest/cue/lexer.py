"""Splits text into tokens and inserts the commas that line ends imply. ``strings`` decodes strings.

One pass without recursion: brackets and interpolations are on a stack of limited depth.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.problem import Limit, Problem
from viewra.manifest.cue.source import Place, Source
from viewra.manifest.cue.strings import Piece, Quote, decode, scanner


class Token(NamedTuple):
    """One token. ``kind`` is ``name number string attribute end``, the parts of a template, or the operator itself.

    ``value`` is the decoded text; for a comma, the line end that implied it; for a number, its source text.
    """

    kind: str
    value: str | bytes
    start: int
    end: int


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|//[^\n]*)
    |(?P<line>\n)
    |(?P<name>(?:_?\#)?[^\W\d][\w$]*|\$[\w$]*|(?:_?\#)\$[\w$]*)
    |(?P<string>"[^"\\\n]*"(?!"))
    |(?P<quote>\#*(?:\"{3}|'{3}|"|'))
    |(?P<number>\.?[0-9](?:[eE][+-](?=[0-9])|[\w.])*)
    |(?P<op>\.\.\.|&&|\|\||==|!=|=~|!~|<=|>=|[-+*/&|<>!?=:,.(){}\[\]~])
    |(?P<attribute>@[^\W\d][\w.]*\()""",
    re.VERBOSE,
)
_HEX_TAIL = re.compile(r"0[xX][0-9a-fA-F_]*")
_ENDS_LINE = frozenset(["name", "number", "string", "tail", "attribute", ")", "]", "}", "?", "!", "...", "_|_"])
_OPENING = {"(": ")", "[": "]", "{": "}"}
_COMMENT = "a comment begins with // and ends with its line"
_SKIP_IN_ATTRIBUTE = re.compile(r"""[^()\[\]{}"'\\]+""")


class Lexer:
    """Splits one source into ``tokens``; ``closing`` maps the index of each opening bracket to its partner's.

    ``problems`` are those after which it continued; it raises any other.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.tokens: list[Token] = []
        self.closing: dict[int, int] = {}
        self.problems: list[Problem] = []
        self._open: list[tuple[str, int] | _Open] = []
        self._indexes: list[int] = []
        self._count = 0

    def run(self) -> None:
        """Fill ``tokens``, which end with a token ``end``."""
        text, at, length = self.source.text, 0, len(self.source.text)
        match, tokens = _TOKEN.match, self.tokens
        while at < length:
            found = match(text, at)
            if found is None:
                at = self._unknown(at)
                continue
            kind, end = found.lastgroup, found.end()
            if kind == "space":
                pass
            elif kind == "line":
                self._line_end(at)
            elif kind == "name":
                if text[at:end] == "_" and text.startswith("|_", end):
                    end += 2
                    self._add("_|_", "_|_", at, end)
                else:
                    self._add("name", found[0], at, end)
            elif kind == "string":
                self._add("string", text[at + 1 : end - 1], at, end)
            elif kind == "op":
                end = self._operator(found[0], at, end)
            elif kind == "number":
                hexadecimal = _HEX_TAIL.match(text, at)  # digits may end in e, which a sign may follow
                end = hexadecimal.end() if hexadecimal and hexadecimal.end() > at + 2 else end
                self._add("number", text[at:end], at, end)
            elif kind == "quote":
                quote = Quote(found[0])
                if quote.long:
                    if not text.startswith("\n", end):
                        raise self._problem("a multi-line string starts on the line after its quotes", at)
                    end += 1
                end = self._string(_Open(quote, at), end)
            else:
                end = self._attribute(at, end)
            at = end
        if self._open:
            top = self._open[-1]
            kind, start = top if isinstance(top, tuple) else ("(", top.start)
            raise self._problem(f"this {kind} is never closed", start)
        self._line_end(length)
        tokens.append(Token("end", "", length, length))

    def _problem(self, message: str, at: int) -> Problem:
        return Problem(message, Place(self.source, at))

    def _add(self, kind: str, value: str | bytes, start: int, end: int) -> None:
        self._count += 1
        if self._count > self.limits.tokens:
            raise Limit(f"the text has more than {self.limits.tokens:,} tokens", Place(self.source, start))
        self.tokens.append(Token(kind, value, start, end))

    def _line_end(self, at: int) -> None:
        if self.tokens and self.tokens[-1].kind in _ENDS_LINE:
            self.tokens.append(Token(",", "\n", at, at))  # not worth counting: people do not write them

    def _unknown(self, at: int) -> int:
        text = self.source.text
        message, end = f"unexpected character {text[at]!r}", at + 1
        if text[at] == "#":  # the rest of the line would only cause more errors
            message, end = _COMMENT, text.find("\n", at)
        elif text[at] == ";":
            message += ": fields are separated by commas or line ends"
        self.problems.append(self._problem(message, at))
        if len(self.problems) > self.limits.errors:
            raise self.problems.pop()
        return end if end > at else len(text)

    def _push(self, item: tuple[str, int] | _Open, at: int) -> None:
        if len(self._open) >= self.limits.nesting:
            raise Limit(f"brackets are nested deeper than {self.limits.nesting}", Place(self.source, at))
        self._open.append(item)

    def _operator(self, operator: str, at: int, end: int) -> int:
        """Add an operator and keep the stack of brackets. Returns the offset at which to continue."""
        if operator == "/" and self.source.text.startswith("*", end):
            raise self._problem(_COMMENT, at)
        if operator in _OPENING:
            self._push((operator, at), at)
            self._indexes.append(len(self.tokens))
        elif operator in ")]}":
            top = self._open[-1] if self._open else None
            if isinstance(top, _Open) and operator == ")":
                self._open.pop()
                return self._string(top, end)
            if not isinstance(top, tuple) or _OPENING[top[0]] != operator:
                wanted = f", expected {_OPENING[top[0]]!r}" if isinstance(top, tuple) else ""
                raise self._problem(f"unexpected {operator!r}{wanted}", at)
            self._open.pop()
            self.closing[self._indexes.pop()] = len(self.tokens)
        self._add(operator, operator, at, end)
        return end

    def _string(self, opened: _Open, at: int) -> int:
        """Scan a string from ``at``. Returns the offset after the piece."""
        text, quote = self.source.text, opened.quote
        search = scanner(quote)
        begin = at
        while True:
            found = search(text, at)
            if found is None or found[0] == "\n":
                raise self._problem("this string is never closed", opened.start)
            at = found.end()
            if not found[0].startswith("\\"):
                opened.pieces.append(Piece(begin, found.start()))
                break
            if text.startswith("(", at):
                opened.pieces.append(Piece(begin, found.start()))
                opened.indexes.append(len(self.tokens))
                self._add("middle" if len(opened.pieces) > 1 else "template", "", begin, at + 1)
                self._push(opened, at)
                return at + 1
            at += 1
        values = decode(self.source, quote, opened.pieces, self.problems)
        for index, value in zip(opened.indexes, values, strict=False):
            token = self.tokens[index]
            self.tokens[index] = token._replace(value=value, start=opened.start if token.kind == "template" else begin)
        if opened.indexes:
            self._add("tail", values[-1], begin, at)
        else:
            self._add("string", values[-1], opened.start, at)
        return at

    def _attribute(self, at: int, end: int) -> int:
        """Scan to the bracket that ends the attribute; strings inside may hold anything."""
        text, depth, stack = self.source.text, end, [")"]
        at_body = end
        while stack:
            skipped = _SKIP_IN_ATTRIBUTE.match(text, at_body)
            at_body = skipped.end() if skipped else at_body
            if at_body >= len(text):
                raise self._problem("this attribute is never closed", at)
            char = text[at_body]
            if char in "\"'":
                quote = Quote(char)
                search = scanner(quote)
                while True:
                    at_body += 1
                    found = search(text, at_body)
                    if found is None or found[0] == "\n":
                        raise self._problem("a string in this attribute is never closed", at)
                    at_body = found.end()
                    if not found[0].startswith("\\"):
                        break
                at_body -= 1
            elif char in _OPENING:
                stack.append(_OPENING[char])
            elif char == stack[-1]:
                stack.pop()
            elif char in ")]}":
                raise self._problem(f"unexpected {char!r} in an attribute, expected {stack[-1]!r}", at_body)
            at_body += 1
        self._add("attribute", text[depth : at_body - 1], at, at_body)
        return at_body


class _Open:
    """A string whose end has not been reached: its pieces so far, and their tokens."""

    __slots__ = ("indexes", "pieces", "quote", "start")

    def __init__(self, quote: Quote, start: int) -> None:
        self.quote = quote
        self.start = start
        self.pieces: list[Piece] = []
        self.indexes: list[int] = []
