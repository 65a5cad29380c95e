"""Checks the permissions that a manifest requests; a name close to a known one is a misspelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from viewra.manifest import model
from viewra.manifest.cue.near import nearest
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem


def permissions(root: Node, data: Mapping[str, Any], problems: list[Problem], warnings: list[Problem]) -> None:
    """Add an error for each misspelt name; unknown names that resemble no known one stay, with a warning."""
    asked = data.get("permissions")
    items = root.arcs["permissions"].items or []
    resource: object
    for index, one in enumerate(asked if isinstance(asked, list) else ()):
        place, path = items[index].place, f"permissions.{index}"
        if isinstance(one, str):
            resource, colon, action = one.partition(":")
            actions, fields = [action] if colon else [], []
        elif isinstance(one, dict):
            resource, actions, fields = one.get("resource"), one.get("actions") or [], list(one)
        else:
            continue
        found = [_unknown("field", name, model.PERMISSION_FIELDS) for name in fields]
        if isinstance(resource, str):
            found.append(_unknown("resource", resource, model.PERMISSIONS))
            known = model.PERMISSIONS.get(resource)
            if known is not None:
                found.extend(_unknown(f"action of {resource}", str(action), known) for action in actions)
        for message, is_mistake in filter(None, found):
            (problems if is_mistake else warnings).append(Problem(message, place, path=path))


def _unknown(what: str, name: str, known: Iterable[str]) -> tuple[str, bool] | None:
    """A message, and whether it is an error; None for a known name."""
    known = list(known)
    if name in known:
        return None
    meant = nearest(name, known)
    if meant is not None:
        return f"there is no {what} {name}, did you mean {meant}?", True
    return f"unknown {what} {name}, which cannot be granted; known: {', '.join(known)}", False
