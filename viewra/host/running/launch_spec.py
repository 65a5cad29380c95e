"""Specifies how a plugin's process is launched: command, environment, checks, sandbox and limits."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs

from viewra.bridge import HostedPlugin, Rights
from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS, COOKIE_KEY, COOKIE_VALUE, LEASE, OUTPUT, PIPES
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.pins import Pin
from viewra.host.running.confining import UNCONFINED_SANDBOX, Sandbox
from viewra.host.running.lease import LEASE_S
from viewra.host.running.lifecycle import MIGRATION_S
from viewra.host.running.limits import tasks
from viewra.host.running.peer import Dial, dial_grpc
from viewra.host.sync.clock import SYSTEM, Clock
from viewra.process import Adopted, Launcher, LaunchPlan, Process, RuntimeDir, plugin_environment
from viewra.process.sandbox.cgroup import Group, Groups
from viewra.process.verify import open_verified, require_digest, tree_digest
from viewra.services import SERVICES, Services
from viewra.transport import handshake
from viewra.types import PluginContext

if TYPE_CHECKING:
    from viewra.transport.mtls import Identity


class Find(Protocol):
    """Finds a process that this host did not start; raises OSError if it has ended."""

    def __call__(self, pid: int, started: int, *, on_exit: Callable[[], object]) -> Process:
        """The process with this pid that began at ``started`` (clock ticks since boot)."""
        ...


@attrs.frozen
class Machinery:
    """What all runs of a host share: how it starts processes, where their sockets are, how it connects to them.

    ``groups`` makes control groups for them, None if the host may not create any.
    """

    launcher: Launcher
    runtime_dir: RuntimeDir
    dial: Dial = dial_grpc
    find: Find = Adopted
    clock: Clock = SYSTEM
    groups: Groups | None = None


@attrs.frozen
class Connecting:
    """How the host connects to plugins.

    ``network`` is "unix", or "tcp" for a loopback port from ``ports``, always encrypted. ``auto_mtls`` encrypts Unix
    sockets, too. ``socket_group`` (name or number) may use the sockets in addition to the host's user.
    """

    network: str = "unix"
    auto_mtls: bool = False
    socket_group: str = ""
    ports: tuple[int, int] = (handshake.MIN_PORT, handshake.MAX_PORT)

    @property
    def encrypted(self) -> bool:
        """Whether connections are encrypted: always on TCP, where any user of this machine can connect to the port."""
        return self.auto_mtls or self.network == "tcp"


COMMON = handshake.HandshakeConfig(COOKIE_KEY, COOKIE_VALUE, APP_VERSIONS)
"""The handshake configuration of a host that supports all protocol versions."""


@attrs.frozen
class LaunchSpec:
    """How one process is launched: ``declared`` are the manifest's services, ``pin`` the digest of pinned code.

    ``common`` is the handshake configuration that host and plugin share. A process that ``lasts`` may outlive the host.
    ``own_database`` is its database if it offers the database service. With ``only_database`` the process is used only
    to describe, migrate or roll back its database and is not initialized; without ``may_migrate`` the start fails if
    its database needs a migration. ``sandbox`` confines the process; ``variables`` are added to its environment;
    with ``built_python`` the host put its interpreter there. ``held`` are its resource limits. ``hosted`` are the host
    services for it, None for a host without any; ``rights`` tell at each call what they may do.
    """

    command: tuple[str, ...]
    directory: Path
    context: PluginContext
    declared: frozenset[str]
    start_timeout_s: float
    connecting: Connecting = attrs.field(factory=Connecting)
    pin: Pin | None = None
    lasts: bool = False
    own_database: OwnDatabase | None = None
    migration_timeout_s: float = MIGRATION_S
    only_database: bool = False
    may_migrate: bool = True
    health_timeout_s: float = 5.0
    common: handshake.HandshakeConfig = COMMON
    limits: Limits = attrs.field(factory=Limits)
    services: Services = SERVICES
    sandbox: Sandbox = UNCONFINED_SANDBOX
    built_python: bool = False
    variables: Mapping[str, str] = attrs.field(factory=dict)
    held: Mapping[str, float] = attrs.field(factory=dict)
    hosted: HostedPlugin | None = None
    rights: Rights = attrs.field(factory=lambda: Rights(lambda _: False), eq=False)


@contextlib.contextmanager
def verified(spec: LaunchSpec, pin: Pin) -> Iterator[int | None]:
    """Verify pinned code; yields an open descriptor of the verified program, None for one that is run by its path.

    Raises HandshakeError (step ``verify``) if the code on disk differs from the pin.
    """
    entry = Path(spec.command[-1])
    if pin.tree:
        require_digest(f"the directory {spec.directory}", tree_digest(spec.directory), pin.tree)
    descriptor = open_verified(entry, pin.entry)
    try:
        yield descriptor if len(spec.command) == 1 else None  # an interpreter opens its script by path
    finally:
        os.close(descriptor)


def plan(
    spec: LaunchSpec, socket_dir: Path, identity: Identity | None, executable: int | None, door: str = ""
) -> LaunchPlan:
    """The plan for the launcher; raises OSError if the plugin's directories cannot be prepared.

    ``door`` is the path through which the process joins its control group, "" for none.
    """
    confinement = spec.sandbox.confinement(socket_dir)
    return LaunchPlan(
        spec.command,
        environment(spec, socket_dir, identity),
        spec.directory,
        executable=executable,
        tied=not spec.lasts,
        # A plugin's own interpreter is code of the plugin: it may not run before the process is confined.
        script=len(spec.command) > 1
        and (confinement is None or spec.command[0] == sys.executable or spec.built_python),
        confinement=confinement,
        variables=spec.variables,
        door=door,
    )


def environment(spec: LaunchSpec, socket_dir: Path, identity: Identity | None) -> dict[str, str]:
    """The complete environment of the process."""
    connecting = spec.connecting
    extra = handshake.environment(
        spec.common,
        socket_dir=str(socket_dir),
        socket_group=connecting.socket_group,
        min_port=connecting.ports[0],
        max_port=connecting.ports[1],
        network=connecting.network,
        client_cert=identity.cert_pem.decode("ascii") if identity is not None else "",
    )
    if spec.lasts:
        extra[LEASE] = str(LEASE_S)
    else:
        extra[OUTPUT] = PIPES
    if spec.pin is not None and not spec.pin.installed:  # the process loads only files that were hashed
        extra["PYTHONPYCACHEPREFIX"] = str(socket_dir / "pycache")
    return plugin_environment({**extra, **spec.sandbox.environment(socket_dir)})


def new_group(machinery: Machinery, spec: LaunchSpec) -> Group | None:
    """A control group for one run, None if the host makes none; raises OSError."""
    if machinery.groups is None or not spec.held:
        return None
    return machinery.groups.new(spec.held, tasks(spec.held))


def new_identity() -> Identity:
    """A certificate of the host for one run."""
    from viewra.transport import mtls  # imported late: TLS is rarely used

    return mtls.new_identity()
