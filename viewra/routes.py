"""Paths of HTTP routes with parameters, as plugins declare them; host and SDK match them alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)(:path)?\}|(?<=/)([:*])([A-Za-z_]\w*)")


class BadPath(ValueError):
    """A path that cannot be declared."""


def compiled(path: str) -> re.Pattern[str]:
    """The regular expression for a declared path; raises BadPath.

    ``{name}`` stands for one segment, ``{name:path}`` for the rest of the path; Go's ``:name`` and ``*name`` mean the
    same. A path with and without a slash at its end is the same.
    """
    pieces: list[str] = []
    names: set[str] = set()
    end = 0
    for found in _PARAMETER.finditer(path):
        pieces.append(re.escape(path[end : found.start()]))
        name = found[1] or found[4]
        if name in names:
            raise BadPath(f"{path!r} has two parameters {name!r}")
        names.add(name)
        rest = found[2] or found[3] == "*"
        pieces.append(f"(?P<{name}>.*)" if rest else f"(?P<{name}>[^/]+)")
        end = found.end()
    tail = path[end:].rstrip("/")
    if "{" in tail or "}" in tail or any("{" in piece or "}" in piece for piece in pieces if "(?P<" not in piece):
        raise BadPath(f"{path!r} has a brace that belongs to no parameter: write {{name}} or {{name:path}}")
    return re.compile("".join([*pieces, re.escape(tail)]).rstrip("/") + "/?", re.DOTALL)


class Match(NamedTuple, Generic[T]):
    """What a path leads to: ``target`` with its ``parameters``, or None and the methods that it ``allows``."""

    target: T | None
    parameters: dict[str, str]
    allows: tuple[str, ...]


class Table(Generic[T]):
    """Targets by method and path. The first declaration that matches wins; HEAD is GET where it is not declared."""

    def __init__(self, declared: Iterable[tuple[str, str, T]] = ()) -> None:
        self._rows = [(method, compiled(path), target) for method, path, target in declared]

    def find(self, method: str, path: str) -> Match[T] | None:
        """What this request leads to; None if no declared path matches."""
        allows: dict[str, None] = {}
        instead: Match[T] | None = None
        for declared, pattern, target in self._rows:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            match = Match(target, found.groupdict(), ())
            if declared == method:
                return match
            if method == "HEAD" and declared == "GET" and instead is None:
                instead = match
            allows[declared] = None
            if declared == "GET":
                allows["HEAD"] = None
        if instead is not None:
            return instead
        return Match(None, {}, tuple(allows)) if allows else None
