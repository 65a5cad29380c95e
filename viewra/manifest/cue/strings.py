"""String literals: how each kind of quote ends, is escaped and indented. The lexer finds their pieces."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from viewra.manifest.cue.problem import Problem
from viewra.manifest.cue.source import Place, Source

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "/": "/", "\\": "\\"}
_HEX = re.compile(r"[0-9a-fA-F]+")
_OCTAL = re.compile(r"[0-7]{3}")


class Piece(NamedTuple):
    """The extent of one stretch of text between interpolations."""

    start: int
    end: int


class Quote(NamedTuple):
    """An opening quote as written: hashes, then one or three quote characters."""

    opening: str

    @property
    def hashes(self) -> str:
        """The ``#`` before the quotes; they also follow the backslash of every escape."""
        return self.opening.rstrip("\"'")

    @property
    def mark(self) -> str:
        """The quotes without ``#``."""
        return self.opening.lstrip("#")

    @property
    def long(self) -> bool:
        """Whether it may span lines."""
        return len(self.mark) == 3

    @property
    def binary(self) -> bool:
        """Whether it makes bytes."""
        return self.mark[0] == "'"


@functools.lru_cache(maxsize=64)
def scanner(quote: Quote) -> Callable[[str, int], re.Match[str] | None]:
    """The pattern that finds the next end, escape or illegal line end in such a string."""
    end = re.escape(quote.mark + quote.hashes)
    escape = re.escape("\\" + quote.hashes)
    return re.compile(f"{end}|{escape}" if quote.long else f"{end}|{escape}|\n").search


def decode(source: Source, quote: Quote, pieces: list[Piece], problems: list[Problem]) -> list[str | bytes]:
    """The values of one string's pieces, as str or bytes, with indentation removed and escapes resolved."""
    indent = ""
    if quote.long:
        last = pieces[-1]
        line = source.text.rfind("\n", 0, last.end) + 1
        indent = source.text[line : last.end]
        if indent.strip(" \t") or line < last.start:
            problems.append(Problem("the closing quotes must be on a line of their own", Place(source, last.end)))
            return [b"" if quote.binary else "" for _ in pieces]
    values: list[str | bytes] = []
    for number, piece in enumerate(pieces):
        start, end = piece
        if quote.long and number == len(pieces) - 1:
            end = source.text.rfind("\n", 0, end)  # the line end before the closing quotes belongs to the quotes
        values.append(_decode_piece(source, quote, start, max(start, end), indent, number == 0, problems))
    return values


def _decode_piece(
    source: Source, quote: Quote, start: int, end: int, indent: str, first: bool, problems: list[Problem]
) -> str | bytes:
    raw = source.text[start:end]
    if indent:
        raw, start = _unindented(source, raw, start, indent, first, problems), start
    escape = "\\" + quote.hashes
    if escape not in raw:
        return raw.encode() if quote.binary else raw
    out: list[str | bytes] = []
    at = 0
    while True:
        found = raw.find(escape, at)
        if found < 0:
            out.append(raw[at:])
            break
        out.append(raw[at:found])
        at = found + len(escape)
        value, at = _escape(raw, at, quote.binary)
        if value is None:
            where = Place(source, start + found if not indent else start)
            problems.append(Problem(f"unknown or incomplete escape {raw[found : at + 1]!r}", where))
            at += 1
            continue
        out.append(value)
    if quote.binary:
        return b"".join(part if isinstance(part, bytes) else part.encode() for part in out)
    return "".join(part for part in out if isinstance(part, str))


def _unindented(source: Source, raw: str, start: int, indent: str, first: bool, problems: list[Problem]) -> str:
    lines = raw.split("\n")
    for number, line in enumerate(lines):
        if number == 0 and not first:
            continue  # continues after an interpolation
        if line.startswith(indent):
            lines[number] = line[len(indent) :]
        elif line.strip(" \t"):
            problems.append(
                Problem("this line is indented less than the closing quotes of its string", Place(source, start))
            )
            break
        else:
            lines[number] = ""
    return "\n".join(lines)


def _escape(raw: str, at: int, binary: bool) -> tuple[str | bytes | None, int]:
    """The value of the escape whose character is at ``at``, and the offset after it; None for an unknown escape."""
    char = raw[at : at + 1]
    if char in _SIMPLE:
        return _SIMPLE[char], at + 1
    if (char == "'" and binary) or (char == '"' and not binary):
        return char, at + 1
    if char in ("u", "U"):
        return _unicode(raw, at + 1, 4 if char == "u" else 8, binary)
    if binary and char == "x":
        digits = raw[at + 1 : at + 3]
        return (bytes([int(digits, 16)]), at + 3) if len(digits) == 2 and _HEX.fullmatch(digits) else (None, at)
    octal = _OCTAL.match(raw, at) if binary else None
    if octal and int(octal[0], 8) < 256:
        return bytes([int(octal[0], 8)]), at + 3
    return None, at


def _unicode(raw: str, at: int, width: int, binary: bool) -> tuple[str | bytes | None, int]:
    digits = raw[at : at + width]
    if len(digits) != width or not _HEX.fullmatch(digits):
        return None, at
    code = int(digits, 16)
    at += width
    if 0xD800 <= code < 0xDC00 and raw.startswith("\\u", at):
        low = raw[at + 2 : at + 6]
        if len(low) == 4 and _HEX.fullmatch(low) and 0xDC00 <= int(low, 16) < 0xE000:
            code = 0x10000 + ((code - 0xD800) << 10) + (int(low, 16) - 0xDC00)
            at += 6
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return None, at
    return (chr(code).encode() if binary else chr(code)), at
