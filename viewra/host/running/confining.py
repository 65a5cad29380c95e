"""Derives a plugin's sandbox rules from the permissions that its manifest requests and the operator granted."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import attrs
import sqlalchemy as sa

from viewra.denied import CONFINED
from viewra.errors import UsageError, ViewraError
from viewra.host.environments.environment import Environment
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.grants import UNCONFINED, Grant, asked
from viewra.host.running.compiled import compile_sdk, compile_shipped
from viewra.host.running.enforced import enforced
from viewra.host.running.foreign_mounts import foreign_mount
from viewra.host.running.limits import rlimits
from viewra.host.running.own_user import hand_to
from viewra.host.running.python_paths import read_by_python
from viewra.manifest import Runtime
from viewra.process.sandbox.bubblewrap import bubblewrap
from viewra.process.sandbox.confinement import Confinement
from viewra.process.sandbox.landlock import SCOPES
from viewra.process.sandbox.machine import Machine, machine
from viewra.process.sandbox.rules import Rules, confinement

Backend = Literal["auto", "landlock", "bwrap", "rlimits", "off"]
BACKENDS: tuple[Backend, ...] = ("auto", "landlock", "bwrap", "rlimits", "off")
"""``auto`` is ``landlock`` with seccomp, and no plugin starts without them; ``bwrap`` adds namespaces.
Only an operator's explicit choice selects the last two."""

ENFORCED: tuple[Backend, ...] = ("auto", "landlock", "bwrap")
"""The backends that enforce a plugin's permissions."""

log = logging.getLogger("viewra.host")


@attrs.frozen
class Sandbox:
    """The sandbox of one plugin's processes. ``enforced`` names the mechanism of each rule, ``missing`` what has none.

    ``rules`` is None if only ``rlimits`` apply. ``folders`` are the folders of the library that it may use. ``told`` is
    what the plugin learns of its sandbox: its id and its grants. ``shipped`` is the directory of a plugin shipped with
    viewra.
    """

    backend: str
    enforced: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    rules: Rules | None = None
    rlimits: tuple[tuple[int, int], ...] = ()
    folders: tuple[str, ...] = ()
    home: Path | None = None
    told: tuple[str, ...] = ()
    shipped: Path | None = None

    def confinement(self, socket_dir: Path) -> Confinement | None:
        """What the launcher applies to a process whose sockets are in ``socket_dir``; may create a directory there."""
        if self.rules is None:
            return Confinement(rlimits=self.rlimits) if self.rlimits else None
        compile_sdk()
        if self.shipped is not None:
            compile_shipped(self.shipped)
        scratch = socket_dir / "tmp"
        scratch.mkdir(mode=0o700)
        if machine().root:  # its own user's, or the host's again if it has none any more
            user = self.rules.user if self.rules.user is not None else os.geteuid()
            hand_to(user, socket_dir, *map(Path, self.rules.private))
        own = str(socket_dir)
        rules = attrs.evolve(
            self.rules,
            private=(*self.rules.private, own),
            folders=(own,) if machine().tells else (),
            rlimits=self.rlimits,
        )
        return confinement(rules, machine(), wrapped=self.backend.startswith("bwrap"))

    def environment(self, socket_dir: Path) -> dict[str, str]:
        """Environment variables that differ for a confined process, which may not use the host's directories."""
        if self.rules is None:
            return {}
        own = {"HOME": str(self.home), "TMPDIR": str(socket_dir / "tmp")}
        return {**own, "MALLOC_ARENA_MAX": "2", CONFINED: " ".join(self.told)}


UNCONFINED_SANDBOX = Sandbox("off", (), ("everything: it runs with the rights of the host's user",))


def everything_asked(found: Found) -> tuple[Grant, ...]:
    """Grants of everything that its manifest requests: for a plugin under test."""
    return tuple(attrs.evolve(one, granted=True) for one in asked(found.manifest)) if found.manifest is not None else ()


def _no_folders() -> Sequence[str]:
    return ()


def _no_user(plugin_id: str) -> int | None:
    del plugin_id
    return None


@attrs.frozen
class Confining:
    """Confines the plugins of one host.

    ``grants`` returns what a plugin requests and may do, ``libraries`` the folders of the library, ``user_of`` the id
    of a plugin's own user if the host is root. In ``secret`` folders a plugin sees only its own files.
    ``caps`` are the upper bounds of all plugins' limits (``limits.NAMES``).
    """

    secret: tuple[Path, ...]
    backend: Backend = "off"
    allow_unsandboxed: bool = False
    grants: Callable[[Found], Sequence[Grant]] = everything_asked
    libraries: Callable[[], Sequence[str]] = _no_folders
    user_of: Callable[[str], int | None] = _no_user
    machine: Machine = attrs.field(factory=machine)
    caps: Mapping[str, float] = attrs.field(factory=dict)

    def prepare(self, plugin_id: str) -> None:
        """Assign this plugin its user if it gets one; a later start reports the error if that fails."""
        if self.backend in ENFORCED and self.machine.root:
            with contextlib.suppress(ViewraError):
                self.user_of(plugin_id)

    def sandbox(
        self,
        code: Code,
        runtime: Runtime,
        private_dir: Path,
        database_url: str,
        network: str,
        socket_group: str = "",
        permissions: Sequence[Grant] | None = None,
        *,
        environment: Environment | None = None,
    ) -> Sandbox:
        """The sandbox of this version of a plugin, which may run in an ``environment`` of its own.

        ``network`` is how the host connects to it, ``socket_group`` the group that may connect, too; ``permissions``
        are the result of ``grants`` if it was just read. Raises ViewraError if confinement is required and impossible.
        """
        may: dict[tuple[str, str], Grant] = {}
        for one in self.grants(code.found) if permissions is None else permissions:
            if one.granted:
                may[one.resource, one.action] = one
        if self.backend == "off" or UNCONFINED in may:
            return UNCONFINED_SANDBOX
        if self.backend == "rlimits" or self.machine.missing:
            if self.backend != "rlimits" and not self.allow_unsandboxed:
                raise UsageError(
                    f"it cannot be confined on this machine: {self.machine.missing}",
                    hint="see viewra doctor; to run it all the same: viewra plugins grant "
                    f"{code.found.plugin_id} sandbox:off, or --allow-unsandboxed for all plugins",
                )
            _warn(self.backend, self.machine)
            return Sandbox(
                "rlimits", ("memory, open files and sizes of files: rlimits",), _ALL_BUT_LIMITS, None, rlimits(runtime)
            )
        wrapped = self.backend == "bwrap"
        if wrapped and bubblewrap().reason:
            raise UsageError(f"it cannot be confined by bwrap: {bubblewrap().reason}", hint="--sandbox auto needs none")
        return self._confined(
            code, runtime, may, private_dir, database_url, network, socket_group, environment, wrapped=wrapped
        )

    def _confined(
        self,
        code: Code,
        runtime: Runtime,
        may: Mapping[tuple[str, str], Grant],
        private_dir: Path,
        database_url: str,
        network: str,
        socket_group: str,
        environment: Environment | None,
        *,
        wrapped: bool,
    ) -> Sandbox:
        reads, writes = may.get(("filesystem", "read")), may.get(("filesystem", "write"))
        read = self._folders(reads) if reads is not None else ()
        write = self._folders(writes) if writes is not None else ()
        internet: tuple[int, ...] | None
        internet, sockets = _database(database_url) if database_url else ((), ())
        external, listening = may.get(("network", "external")), may.get(("network", "listen"))
        missing = []
        user = None
        if self.machine.root and not socket_group:  # only a member of that group can give a socket to it
            foreign = foreign_mount((*read, *write)) if read or write else None
            if foreign is None:
                user = self.user_of(code.found.plugin_id)
            else:
                missing.append("a user of its own: {} is on {}, which would not let one read it".format(*foreign))
        if wrapped and self.machine.landlock < SCOPES and (external is not None or internet or network == "tcp"):
            raise UsageError(
                f"within bwrap its network needs Landlock's version {SCOPES}, this kernel has {self.machine.landlock}",
                hint="use --sandbox auto, with which the guardian makes its connections",
            )
        if (external is not None or internet or sockets) and not self.machine.tells and not wrapped:
            raise UsageError(
                "it connects to others, which cannot be held to what it may: this kernel has no seccomp user "
                "notification",
                hint="use Linux 5.6 or newer; to run it all the same: viewra plugins grant "
                f"{code.found.plugin_id} sandbox:off",
            )
        if external is not None:
            internet = (*internet, *external.ports, 53) if external.ports else None
            if external.hosts:
                missing.append("network:external to some hosts alone: it reaches all")
        listen: tuple[int, ...] | None = ()
        if network == "tcp":
            listen = None
            missing.append("listening: the host connects to it by TCP, so it may listen on any port")
        elif listening is not None:
            listen = listening.ports or None
        if socket_group:
            missing.append("metadata of files: it gives its socket to a group, so it may change modes and owners")
        packages = (str(environment.folder),) if environment is not None else ()
        rules = Rules(
            code=(*read_by_python(code.found.directory), str(code.found.directory), *packages),
            read=(*read, *write),
            write=write,
            private=(str(private_dir),),
            secret=tuple(map(str, self.secret)),
            internet=internet,
            sockets=sockets,
            listen=listen,
            datagrams=external is not None,
            spawn=("process", "spawn") in may,
            metadata=bool(socket_group),
            user=user,
        )
        return Sandbox(
            "bwrap+landlock+seccomp" if wrapped else "landlock+seccomp",
            enforced(rules, self.machine, wrapped=wrapped),
            tuple(missing),
            rules,
            rlimits(runtime, user),
            (*read, *write),
            private_dir,
            (code.found.plugin_id, *sorted(map(":".join, may))),
            code.found.directory if code.found.place is Place.SHIPPED else None,
        )

    def _folders(self, grant: Grant) -> tuple[str, ...]:
        """The folders that a grant gives access to: those that it names, or all of the library."""
        return tuple(str(Path(path).expanduser()) for path in grant.paths) or tuple(self.libraries())


@functools.cache
def _warn(backend: Backend, on: Machine) -> None:
    """Warn once: the warning is the same for every start."""
    why = "--sandbox rlimits" if backend == "rlimits" else on.missing
    log.warning("plugins run with all the rights of the host's user, held to limits alone: %s", why)


_ALL_BUT_LIMITS = ("files, network, signals and child processes: nothing holds it to what it may do",)


def _database(url: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The ports and the sockets of a database that is not a file."""
    if url.startswith("sqlite:"):
        return (), ()
    parsed = sa.make_url(url)
    host = parsed.host or str(parsed.query.get("host", ""))
    port = parsed.port or int(str(parsed.query.get("port", "") or 5432))
    if host and not host.startswith("/"):
        return (port,), ()
    return (), (f"{host or '/run/postgresql'}/.s.PGSQL.{port}",)


def require_backend(name: str) -> Backend:
    """The backend of this name; raises UsageError if there is none."""
    for one in BACKENDS:
        if one == name:
            return one
    raise UsageError(f"there is no sandbox {name!r}", hint=f"there are: {', '.join(BACKENDS)}")
