"""Checks this viewra's version against a manifest's ``requires``."""

from __future__ import annotations

import importlib.metadata
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def unmet(root: Node, data: Mapping[str, Any], problems: list[Problem]) -> None:
    """Add a problem if the manifest does not allow the running version of viewra."""
    wanted = data["requires"].get("viewra")
    if wanted is None:
        return
    version = importlib.metadata.version("viewra")
    if not satisfies(version, wanted):
        place = root.arcs["requires"].arcs["viewra"].place
        message = f"the plugin requires viewra {wanted}, and this is viewra {version}"
        problems.append(Problem(message, place, path="requires.viewra"))


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version satisfies every comparison of ``wanted`` (``">=0.3, <1"``); 1.0 equals 1."""
    ours = _numbers(version)
    for clause in wanted.split(","):
        match = re.fullmatch(r"\s*([<>=!]+)\s*([0-9.]+)\s*", clause)
        if match is None or not _COMPARE[match[1]](ours, _numbers(match[2])):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """The release numbers at the beginning of a version, without trailing zeros."""
    release = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
