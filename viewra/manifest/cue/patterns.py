"""Matches the regular expressions of manifests with RE2, whose time is linear in the text; never with ``re``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from viewra.manifest.cue.problem import Problem

if TYPE_CHECKING:
    from viewra.manifest.cue.source import Place

_MEMORY = 1 << 18
"""Bytes that one compiled expression may take."""
_PER_STEP = 400
"""Instructions times bytes that take as long as one step of the evaluation (measured: 17 ns each at worst)."""
_REFUSED_COST = 400
"""Steps for an expression that RE2 gives up: it is compiled until it takes too much memory."""


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[Any, int]:
    """The compiled expression, or why RE2 refuses it, and the size of its program."""
    import re2  # a compiled extension of some milliseconds: only for manifests that match something

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        return error.args[0].decode("utf-8", "replace"), 0
    return compiled, compiled.programsize


def compile_cost(pattern: str) -> int:
    """The steps that compiling takes: by the size of the program, also for an expression that RE2 refuses."""
    _, size = _compiled(pattern)
    return 2 + size // 15 if size else _REFUSED_COST


def match_cost(pattern: str, text: str) -> int:
    """The steps that matching takes at worst: RE2 may look at its whole program for each byte of the text."""
    _, size = _compiled(pattern)
    return 1 + len(text) * size // _PER_STEP


def matches(pattern: str, text: str, place: Place | None) -> bool:
    """Whether the expression is found in the text; raises ``Problem`` for one that RE2 refuses."""
    compiled, size = _compiled(pattern)
    if not size:
        raise Problem(f"not a regular expression (RE2): {compiled}", *([place] if place else []))
    return compiled.search(text) is not None
