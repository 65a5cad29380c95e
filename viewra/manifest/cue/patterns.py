"""Matches the regular expressions of manifests with RE2, whose time is linear in the text; never with ``re``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from viewra.manifest.cue.problem import Problem

if TYPE_CHECKING:
    from viewra.manifest.cue.source import Place

_MEMORY = 1 << 18
"""The memory limit of one compiled expression, in bytes."""
_PER_STEP = 400
"""Program size times bytes of text that count as one step of the evaluation (measured: at most 17 ns each)."""
_REFUSED_COST = 400
"""Steps for an expression that RE2 refuses after compiling it up to the memory limit."""


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[Any, int]:
    """The compiled expression or RE2's refusal, and the size of its program."""
    import re2  # a compiled extension that takes milliseconds to import: only for manifests that match something

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        return error.args[0].decode("utf-8", "replace"), 0
    return compiled, compiled.programsize


def compile_cost(pattern: str) -> int:
    """The steps of compiling, by the size of the program, also for an expression that RE2 refuses."""
    _, size = _compiled(pattern)
    return 2 + size // 15 if size else _REFUSED_COST


def match_cost(pattern: str, text: str) -> int:
    """The steps of matching in the worst case: RE2 may look at its whole program for each byte of the text."""
    _, size = _compiled(pattern)
    return 1 + len(text) * size // _PER_STEP


def matches(pattern: str, text: str, place: Place | None) -> bool:
    """Whether the expression matches somewhere in the text. Raises ``Problem`` if RE2 refuses it."""
    compiled, size = _compiled(pattern)
    if not size:
        raise Problem(f"invalid regular expression (RE2): {compiled}", *([place] if place else []))
    return compiled.search(text) is not None
