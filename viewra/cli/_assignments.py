"""Parses ``KEY=VALUE`` arguments, and reads values that other users of the machine must not see."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from viewra.cli._output import ask_unseen
from viewra.errors import UsageError

_LONGEST = 1024 * 1024
"""The most characters read from standard input for one value."""


def pairs(assignments: Sequence[str]) -> dict[str, str]:
    """Keys and texts of ``KEY=VALUE``, ``KEY=-`` (from standard input) and ``KEY`` (asked for, not echoed).

    A terminal as standard input is asked, too. Raises UsageError for any other form.
    """
    found: dict[str, str] = {}
    piped = False
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not key:
            raise UsageError(f"{assignment!r} sets nothing", hint="write KEY=VALUE")
        if key in found:
            raise UsageError(f"{key} is given twice")
        if equals and text != "-":
            found[key] = text
        elif sys.stdin is not None and sys.stdin.isatty():
            found[key] = ask_unseen(f"{key} (not echoed)")
        elif not equals:
            raise UsageError(
                f"{assignment!r} sets nothing, and there is no terminal to ask on",
                hint=f"write {key}=VALUE, or {key}=- and give the value on standard input",
            )
        elif piped:
            raise UsageError("only one value can come from standard input", hint=f"write {key}=VALUE")
        else:
            piped = True
            found[key] = _piped(key)
    return found


def _piped(key: str) -> str:
    """All of standard input, without the line end that a shell appends."""
    try:
        text = sys.stdin.read(_LONGEST + 1) if sys.stdin is not None else ""
    except UnicodeDecodeError:
        raise UsageError(f"{key}: standard input is not UTF-8") from None
    if len(text) > _LONGEST:
        raise UsageError(f"{key}: standard input is longer than {_LONGEST:,} characters")
    return text.removesuffix("\n").removesuffix("\r")
