"""Regular expressions of manifests: RE2, which takes linear time whatever the pattern; never Python's ``re``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from viewra.manifest.cue.problem import Problem

if TYPE_CHECKING:
    from viewra.manifest.cue.source import Place

_MEMORY = 1 << 18
"""Bytes that one compiled expression may take."""


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2  # a compiled extension of some milliseconds: only for manifests that match something

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        return error.args[0].decode("utf-8", "replace")


def matches(pattern: str, text: str, place: Place | None) -> bool:
    """Whether the expression is found in the text; raises ``Problem`` for one that RE2 refuses."""
    compiled = _compiled(pattern)
    if isinstance(compiled, str):
        raise Problem(f"not a regular expression (RE2): {compiled}", *([place] if place else []))
    return compiled.search(text) is not None
