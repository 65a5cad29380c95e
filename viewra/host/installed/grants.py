"""The permissions that the operator grants each plugin, among those that its manifest requests."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra.db.plugin_grants import AskedScope, StoredGrant, read_grants, write_grant
from viewra.errors import UsageError
from viewra.events import covers
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.granted_hosts import require_within, within, without
from viewra.hosts import FETCH, parse_host, patterns
from viewra.library.libraries import named
from viewra.manifest import Manifest
from viewra.manifest.model import PERMISSIONS

UNCONFINED = ("sandbox", "off")
"""A permission that no manifest can request: the plugin runs without a sandbox."""

PUBLIC = "http:public"
"""The permission to answer requests of anybody, as the operator names it."""

LIBRARY = "library:read"
"""The permission to ask what is in the libraries, as the operator names it."""

_WORDS = {
    ("filesystem", "read"): "read the files of your libraries",
    ("filesystem", "write"): "change and delete the files of your libraries",
    ("network", "external"): "connect to any computer on the network",
    ("network", "fetch"): "send web requests through viewra",
    ("network", "listen"): "accept connections from the network",
    ("database", "read"): "nothing more: its own database needs no permission",
    ("database", "write"): "nothing more: its own database needs no permission",
    ("library", "read"): "ask viewra what is in your libraries",
    ("library", "write"): "change what viewra knows of your libraries",
    ("process", "spawn"): "start other programs",
    ("events", "publish"): "tell other plugins of events",
    ("events", "subscribe"): "hear of events",
    ("http", "public"): "answer requests of anybody who reaches viewra, without a sign-in of viewra's",
    UNCONFINED: "run without a sandbox, with all the rights of the user that viewra runs as",
}


@attrs.frozen
class Grant:
    """One permission: ``action`` on ``resource``, with the author's ``reason``.

    ``paths``, ``hosts`` and ``ports`` narrow it unless empty; the paths of ``http:public`` are those of routes.
    ``names`` are the events that it is for, by patterns. ``granted`` is whether the operator granted it; if that is
    only for a part of the hosts, ``withheld`` has the hosts that the plugin asks for beside these.
    """

    resource: str
    action: str
    reason: str = ""
    granted: bool = False
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The operator's notation: ``network:fetch``."""
        return f"{self.resource}:{self.action}"

    @property
    def scope(self) -> AskedScope:
        """To what it is narrowed."""
        return AskedScope(self.paths, self.hosts, self.ports, self.names)

    @property
    def words(self) -> str:
        """Its meaning, in a sentence without a subject."""
        said = _WORDS[self.resource, self.action]
        if self.name == FETCH:
            hosts = [parse_host(one).words for one in patterns(self.hosts, self.ports)]
            beside = [parse_host(one).words for one in patterns(self.withheld, self.ports)] if self.withheld else ()
            unless = f" (it also asks for: {'; '.join(beside)})" if beside else ""
            return f"{said} to {'; to '.join(hosts) or 'no host'}{unless}"
        only = [*self.paths, *self.hosts, *(f"port {port}" for port in self.ports), *self.names]
        return f"{said} (only {', '.join(only)})" if only else said


@functools.lru_cache(256)  # each start needs it, and each look at a plugin's permissions
def asked(manifest: Manifest) -> tuple[Grant, ...]:
    """The permissions that a manifest requests, each once; unknown ones are left out."""
    found: dict[str, Grant] = {}
    for one in manifest.permissions:
        for action in one.actions:
            if (one.resource, action) in _WORDS:
                grant = Grant(one.resource, action, one.reason, False, one.paths, one.hosts, one.ports, one.names)
                found.setdefault(grant.name, grant)
    return tuple(found.values())


def _opens_much(one: Grant) -> bool:
    """Whether the operator has to grant it to plugins shipped with viewra, too."""
    return one.name == PUBLIC or (one.name == FETCH and (not one.hosts or "*" in one.hosts))


def decided(found: Found, stored: Mapping[tuple[str, str], StoredGrant]) -> tuple[Grant, ...]:
    """What the plugin requests, by the operator's ``stored`` decisions: see ``Grants.of``."""
    if found.manifest is None:
        return ()
    shipped = found.place is Place.SHIPPED
    answer = []
    for one in asked(found.manifest):
        kept = stored.get((one.resource, one.action))
        granted = kept.granted if kept is not None else shipped and not _opens_much(one)
        if (
            kept is not None
            and kept.asked is not None
            and not allows(kept.asked, one.scope, paths=not kept.paths, hosts=not kept.hosts)
        ):
            granted = False
        hosts = within(kept.hosts, one.hosts, one.ports) if kept is not None and granted else ()
        if kept is not None and kept.hosts and not hosts:
            granted = False
        paths = kept.paths if kept is not None and kept.paths and granted else one.paths
        withheld = tuple(host for host in one.hosts or ("*",) if host not in hosts) if hosts else ()
        answer.append(attrs.evolve(one, granted=granted, paths=paths, hosts=hosts or one.hosts, withheld=withheld))
    off = stored.get(UNCONFINED)
    if off is not None and off.granted:
        answer.append(Grant(*UNCONFINED, granted=True))
    return tuple(answer)


def allows(old: AskedScope, new: AskedScope, *, paths: bool = True, hosts: bool = True) -> bool:
    """Whether a permission that was granted with the scope ``old`` allows all of ``new``.

    ``paths`` and ``hosts``: theirs, too. The folders of the libraries, which an empty scope means, and other folders
    are not compared.
    """
    if paths and new.paths != old.paths:
        folders = [Path(path).expanduser() for path in old.paths]
        if not new.paths or any(".." in Path(path).parts for path in new.paths):
            return False
        if not all(any(Path(path).expanduser().is_relative_to(folder) for folder in folders) for path in new.paths):
            return False
    lists = ((new.hosts, old.hosts if hosts else ()), (new.ports, old.ports))
    if not all(covers(old.names, one) for one in new.names):
        return False
    return all(not before or (bool(now) and set(now) <= set(before)) for now, before in lists)


class Grants:
    """The grants of one host's plugins, in its database. Thread-safe."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, found: Found) -> tuple[Grant, ...]:
        """The permissions that the plugin requests, and whether they are granted; grants without a request come last.

        A plugin shipped with viewra has the permissions that it requests, unless the operator revoked them, but
        those for public routes and for web requests to any host only if the operator granted them.
        """
        return decided(found, read_grants(self._engine, *found.key)) if found.manifest is not None else ()

    def set(
        self,
        found: Found,
        names: Sequence[str],
        *,
        granted: bool,
        paths: Sequence[str] = (),
        libraries: Sequence[str] = (),
        hosts: Sequence[str] = (),
    ) -> None:
        """Grant or revoke named permissions, such as ``network:fetch``.

        ``paths`` and ``libraries`` (by path or name) narrow them to these folders, ``hosts`` to these hosts; to revoke
        some hosts keeps the others that are granted. Raises UsageError, and changes nothing, for unknown permissions,
        those that the plugin does not request, hosts of which it does not request all, and folders that are not there.
        """
        for name in names:
            self._require(found, name, granted=granted)
            if (paths or libraries) and not name.startswith("filesystem:"):
                hint = "--path and --library are for filesystem:read and filesystem:write"
                raise UsageError(f"{name} cannot be narrowed to folders", hint=hint)
            if hosts and name != FETCH:
                raise UsageError(f"{name} cannot be narrowed to hosts", hint=f"--host is for {FETCH}")
        if hosts:
            granted, hosts = self._hosts(found, hosts, granted=granted)
        folders = (*map(_folder, paths), *(named(self._engine, one).path for one in libraries))
        scopes = {one.name: one.scope for one in asked(found.manifest)} if found.manifest is not None else {}
        for name in names:
            resource, _, action = name.partition(":")
            decision = StoredGrant(granted, folders, scopes.get(name), tuple(hosts))
            write_grant(self._engine, *found.key, resource, action, decision)

    def _hosts(self, found: Found, hosts: Sequence[str], *, granted: bool) -> tuple[bool, Sequence[str]]:
        """Whether hosts are granted after this decision, and which."""
        wanted = (
            {one.name: one for one in asked(found.manifest)}[FETCH] if found.manifest is not None and granted else None
        )
        if wanted is not None:
            require_within(hosts, wanted.hosts, wanted.ports)
            return True, tuple(dict.fromkeys(hosts))
        now = next((one for one in self.of(found) if one.name == FETCH and one.granted), None)
        left = without(hosts, (now.hosts or ("*",)) if now is not None else ())
        return bool(left), left

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


def _folder(path: str) -> str:
    """The absolute path of a folder or file that is to be granted."""
    folder = Path(path).expanduser().absolute()
    if not folder.exists():
        raise UsageError(f"{path}: there is no such folder", hint="check the path, and that its disk is mounted")
    return str(folder)
