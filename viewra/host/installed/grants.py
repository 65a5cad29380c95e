"""The permissions that the operator grants each plugin, among those that its manifest requests."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from viewra.db.plugin_grants import StoredGrant, read_grants, write_grant
from viewra.errors import UsageError
from viewra.host.installed.discovery import Found, Place
from viewra.manifest import Manifest
from viewra.manifest.model import PERMISSIONS

UNCONFINED = ("sandbox", "off")
"""A permission that no manifest can request: the plugin runs without a sandbox."""

_WORDS = {
    ("filesystem", "read"): "read the files of your libraries",
    ("filesystem", "write"): "change and delete the files of your libraries",
    ("network", "external"): "connect to any computer on the network",
    ("network", "fetch"): "fetch web pages through viewra",
    ("network", "listen"): "accept connections from the network",
    ("database", "read"): "read its own database",
    ("database", "write"): "change its own database",
    ("library", "read"): "ask viewra what is in your libraries",
    ("library", "write"): "change what viewra knows of your libraries",
    ("process", "spawn"): "start other programs",
    UNCONFINED: "run without a sandbox, with all the rights of the user that viewra runs as",
}


@attrs.frozen
class Grant:
    """One permission: ``action`` on ``resource``, with the author's ``reason``.

    ``paths``, ``hosts`` and ``ports`` narrow it unless empty. ``granted`` is whether the operator granted it.
    """

    resource: str
    action: str
    reason: str = ""
    granted: bool = False
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The operator's notation: ``network:fetch``."""
        return f"{self.resource}:{self.action}"

    @property
    def words(self) -> str:
        """Its meaning, in a sentence without a subject."""
        said = _WORDS[self.resource, self.action]
        only = [*self.paths, *self.hosts, *(f"port {port}" for port in self.ports)]
        return f"{said} (only {', '.join(only)})" if only else said


@functools.lru_cache(256)  # each start needs it, and each look at a plugin's permissions
def asked(manifest: Manifest) -> tuple[Grant, ...]:
    """The permissions that a manifest requests, each once; unknown ones are left out."""
    found: dict[str, Grant] = {}
    for one in manifest.permissions:
        for action in one.actions:
            if (one.resource, action) in _WORDS:
                grant = Grant(one.resource, action, one.reason, False, one.paths, one.hosts, one.ports)
                found.setdefault(grant.name, grant)
    return tuple(found.values())


def decided(found: Found, stored: Mapping[tuple[str, str], StoredGrant]) -> tuple[Grant, ...]:
    """What the plugin requests, by the operator's ``stored`` decisions: see ``Grants.of``."""
    if found.manifest is None:
        return ()
    shipped = found.place is Place.SHIPPED
    answer = []
    for one in asked(found.manifest):
        kept = stored.get((one.resource, one.action))
        paths = kept.paths if kept is not None and kept.paths else one.paths
        granted = kept.granted if kept is not None else shipped
        answer.append(attrs.evolve(one, granted=granted, paths=paths))
    off = stored.get(UNCONFINED)
    if off is not None and off.granted:
        answer.append(Grant(*UNCONFINED, granted=True))
    return tuple(answer)


class Grants:
    """The grants of one host's plugins, in its database. Thread-safe."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, found: Found) -> tuple[Grant, ...]:
        """The permissions that the plugin requests, and whether they are granted; grants without a request come last.

        A plugin shipped with viewra has the permissions that it requests, unless the operator revoked them.
        """
        return decided(found, read_grants(self._engine, *found.key)) if found.manifest is not None else ()

    def set(self, found: Found, names: Sequence[str], *, granted: bool, paths: Sequence[str] = ()) -> None:
        """Grant or revoke named permissions, such as ``network:fetch``; ``paths`` narrow them to these folders.

        Raises UsageError, and changes nothing, for unknown permissions and those that the plugin does not request.
        """
        for name in names:
            self._require(found, name, granted=granted)
        for name in names:
            resource, _, action = name.partition(":")
            write_grant(self._engine, *found.key, resource, action, StoredGrant(granted, tuple(paths)))

    def _require(self, found: Found, name: str, *, granted: bool) -> None:
        known = [f"{resource}:{action}" for resource, actions in PERMISSIONS.items() for action in actions]
        known.append(":".join(UNCONFINED))
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"the permissions are: {', '.join(known)}"
            raise UsageError(f"there is no permission {name!r}", hint=hint)
        wanted = [one.name for one in asked(found.manifest)] if found.manifest is not None else []
        if granted and name != ":".join(UNCONFINED) and name not in wanted:
            has = f"it requests: {', '.join(wanted)}" if wanted else "its manifest requests none"
            raise UsageError(f"plugin {found.plugin_id} does not request {name}", hint=has)
