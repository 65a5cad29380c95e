"""Checks the schedules that a manifest declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from viewra.errors import UsageError
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem
from viewra.schedules import parse_schedule


def not_scheduled(root: Node, data: Mapping[str, Any], problems: list[Problem]) -> None:
    """Add a problem for each text that is no schedule."""
    for name, text in data["schedules"].items():
        try:
            parse_schedule(text)
        except UsageError as error:
            place = root.arcs["schedules"].arcs[name].place
            problems.append(Problem(f"{error.message}; {error.hint}", place, path=f"schedules.{name}"))
