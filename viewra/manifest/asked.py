"""Checks the permissions that a manifest requests; a name close to a known one is a misspelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from viewra.events import is_pattern
from viewra.hosts import parse_host
from viewra.manifest import model
from viewra.manifest.cue.near import nearest
from viewra.manifest.cue.node import Node
from viewra.manifest.cue.problem import Problem
from viewra.text import shown

_ROUTES = re.compile(r"/|(/[A-Za-z0-9_-][A-Za-z0-9._~-]*)+")


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
        if resource == "network" and "fetch" in actions and isinstance(one, dict):
            found.extend(map(_malformed, one.get("hosts") or []))
        if resource == "events":
            found.extend(_unnamed(one.get("names") if isinstance(one, dict) else None))
        if resource == "http":
            found.extend(_pathless(one.get("paths") if isinstance(one, dict) else None))
        for message, is_mistake in filter(None, found):
            (problems if is_mistake else warnings).append(Problem(message, place, path=path))


def _unnamed(names: object) -> list[tuple[str, bool]]:
    """Messages and True for a permission for events that does not say for which."""
    if not isinstance(names, list) or not names:
        return [('a permission for events needs names, such as names: ["playback.*"]', True)]
    wrong = [name for name in names if not is_pattern(str(name))]
    return [(f"{shown(name)} is no name of events, such as lyrics.found or playback.*", True) for name in wrong]


def _pathless(paths: object) -> list[tuple[str, bool]]:
    """Messages and True for a permission for public routes that does not say for which."""
    if not isinstance(paths, list) or not paths:
        return [('a permission for public routes needs paths, such as paths: ["/rest"]', True)]
    wrong = [path for path in paths if not _ROUTES.fullmatch(str(path))]
    return [(f"{shown(path)} is no path of routes, such as /rest or / for all", True) for path in wrong]


def _malformed(host: object) -> tuple[str, bool] | None:
    """A message and True for a host that cannot be one; None for one that can."""
    try:
        parse_host(str(host))
    except ValueError as error:
        return f"the host {shown(host)} cannot be fetched from: {error}", True
    return None


def _unknown(what: str, name: str, known: Iterable[str]) -> tuple[str, bool] | None:
    """A message, and whether it is an error; None for a known name."""
    known = list(known)
    if name in known:
        return None
    meant = nearest(name, known)
    if meant is not None:
        return f"there is no {what} {name}, did you mean {meant}?", True
    return f"unknown {what} {name}, which cannot be granted; known: {', '.join(known)}", False
