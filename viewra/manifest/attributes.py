"""Parses the arguments of attributes: ``@ui(title="Rate limit", min=1, secret)`` becomes a mapping."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from viewra.manifest.cue import ast

_CLOSES = {"(": ")", "[": "]", "{": "}"}


def arguments(body: str) -> dict[str, str | int | float | bool]:
    """The arguments by name: quoted text as text, numbers as numbers, ``true``, ``false`` and bare names as bools.

    Any other argument stays text.
    """
    found: dict[str, str | int | float | bool] = {}
    for part in _parts(body):
        name, equals, value = part.strip().partition("=")
        if name.startswith('"') and not name.rstrip().endswith('"'):
            name, equals, value = part, "", ""  # a sign inside quotes is part of the text
        name = name.strip()
        if name or equals:
            found[str(_value(name)) if name.startswith('"') else name] = _value(value.strip()) if equals else True
    return found


def named(attributes: Iterable[ast.Attribute], name: str) -> Mapping[str, str | int | float | bool] | None:
    """The arguments of all attributes of one name, merged; None without such an attribute."""
    bodies = [attribute.body for attribute in attributes if attribute.name == name]
    merged: dict[str, str | int | float | bool] = {}
    for body in bodies:
        merged.update(arguments(body))
    return merged if bodies else None


def _parts(body: str) -> list[str]:
    """Split at commas that are outside quotes and brackets."""
    parts, start, stack, quote, index = [], 0, [], "", 0
    while index < len(body):
        char = body[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in _CLOSES:
            stack.append(_CLOSES[char])
        elif stack and char == stack[-1]:
            stack.pop()
        elif char == "," and not stack:
            parts.append(body[start:index])
            start = index + 1
        index += 1
    parts.append(body[start:])
    return [part for part in parts if part.strip()]


def _value(text: str) -> str | int | float | bool:
    if not text.startswith('"') and not text[:1].isdigit() and text[:1] != "-" and text not in ("true", "false"):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (str, int, float, bool)) else text
