"""Checks the name of a new plugin and the services that it is to offer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from viewra.errors import UsageError
from viewra.host.installed.discovery import discover
from viewra.services import SERVICES, Service

LONGEST = 40
"""The most characters of an id: it becomes part of file names, and of a schema's name in PostgreSQL."""
_ID = re.compile(r"[a-z][a-z0-9_]*")


def service_named(name: str) -> Service:
    """The service with a name or capability: ``search`` and ``search_service`` are the same. Raises UsageError."""
    for service in SERVICES:
        if name in (service.name, service.capability):
            return service
    known = [*SERVICES.capabilities, *(service.name for service in SERVICES)]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"the services are: {', '.join(SERVICES.capabilities)}"
    raise UsageError(f"there is no service {name!r}", hint=hint)


def services_named(names: Iterable[str]) -> tuple[Service, ...]:
    """The services with these names, each once, in their usual order; raises UsageError for an unknown one, or none."""
    wanted = {service_named(name).name for name in names}
    if not wanted:
        raise UsageError(
            "a plugin offers at least one service", hint=f"--service {'|'.join(SERVICES.capabilities)} (repeatable)"
        )
    return tuple(service for service in SERVICES if service.name in wanted)


def require_id(name: str) -> str:
    """The name, if it can be a plugin's id; raises UsageError, with a similar name that can."""
    if not _ID.fullmatch(name):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        similar = re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:LONGEST]
        usable = bool(_ID.fullmatch(similar))
        raise UsageError(
            f"{name!r} cannot be a plugin's id: it has lower-case letters, digits and _, a letter first",
            hint=f"for example {similar}" if usable else "for example my_plugin",
        )
    if len(name) > LONGEST:
        raise UsageError(f"the id {name[:LONGEST]}… is longer than {LONGEST} characters", hint="choose a shorter one")
    return name


def require_free(plugin_id: str, given: Sequence[Path], user: Path) -> None:
    """Raise UsageError if a plugin that viewra finds in these directories has this id: one would hide the other."""
    for found in discover(given, user):
        if found.plugin_id == plugin_id:
            raise UsageError(
                f"there is already a plugin {plugin_id!r} in {found.path}",
                hint="choose another name: one hides the other",
            )


def class_name(plugin_id: str) -> str:
    """The name of the plugin's class: ``audio_tags`` → ``AudioTagsPlugin``."""
    return "".join(part[:1].upper() + part[1:] for part in plugin_id.split("_")) + "Plugin"


def display_name(plugin_id: str) -> str:
    """The name for people: ``audio_tags`` → ``Audio Tags``."""
    return " ".join(part[:1].upper() + part[1:] for part in plugin_id.split("_") if part)
