"""What is run for a plugin and how: everything that one run of its process is told and checked by."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs

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
    """Finds a process that another host started, or somebody; raises OSError when it is gone."""

    def __call__(self, pid: int, started: int, *, on_exit: Callable[[], object]) -> Process:
        """The process of this number, which began at ``started`` (clock ticks since boot)."""
        ...


@attrs.frozen
class Machinery:
    """What the host gives every run: what starts processes, where their sockets are, how they are connected to.

    ``groups`` makes control groups for them, where the host may make some.
    """

    launcher: Launcher
    runtime_dir: RuntimeDir
    dial: Dial = dial_grpc
    find: Find = Adopted
    clock: Clock = SYSTEM
    groups: Groups | None = None


@attrs.frozen
class Connecting:
    """How host and plugins connect.

    ``network`` is "unix", or "tcp" for a port of the loopback interface from ``ports``, always encrypted. ``auto_mtls``
    encrypts unix sockets, too. ``socket_group`` (name or number) may use the sockets beside the host's user.
    """

    network: str = "unix"
    auto_mtls: bool = False
    socket_group: str = ""
    ports: tuple[int, int] = (handshake.MIN_PORT, handshake.MAX_PORT)

    @property
    def encrypted(self) -> bool:
        """Whether connections are encrypted: anybody on this machine can knock on a TCP port."""
        return self.auto_mtls or self.network == "tcp"


COMMON = handshake.HandshakeConfig(COOKIE_KEY, COOKIE_VALUE, APP_VERSIONS)
"""What a host that speaks all versions and a plugin must have in common."""


@attrs.frozen
class LaunchSpec:
    """What is run: ``declared`` are the manifest's capabilities, ``pin`` what its code must be, if that is pinned.

    ``common`` is what host and plugin must have in common. It ``lasts`` when it is started so that it may outlive the
    host.
    ``own_database`` is what it has if it offers the database service. With ``only_database`` it is not started, and
    taken only so far that it can say where its database stands, and migrate it or roll it back; without ``may_migrate``
    it is not started when its database would have to be migrated. ``sandbox`` confines it; ``variables`` are added to
    its environment; ``held`` are the limits of what it uses.
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
    variables: Mapping[str, str] = attrs.field(factory=dict)
    held: Mapping[str, float] = attrs.field(factory=dict)


@contextlib.contextmanager
def verified(spec: LaunchSpec, pin: Pin) -> Iterator[int | None]:
    """The open descriptor of the very program that was pinned, None for one that is run by its path.

    Raises HandshakeError (step ``verify``) when the code on disk is not what the operator pinned.
    """
    entry = Path(spec.command[-1])
    if pin.tree:
        require_digest(f"the directory {spec.directory}", tree_digest(spec.directory), pin.tree)
    descriptor = open_verified(entry, pin.entry)
    try:
        yield descriptor if len(spec.command) == 1 else None  # an interpreter reads its script by the path
    finally:
        os.close(descriptor)


def plan(
    spec: LaunchSpec, socket_dir: Path, identity: Identity | None, executable: int | None, door: str = ""
) -> LaunchPlan:
    """What a launcher is to start; raises OSError when the plugin's folders cannot be prepared.

    ``door`` is that of its control group, "" for none.
    """
    confinement = spec.sandbox.confinement(socket_dir)
    return LaunchPlan(
        spec.command,
        environment(spec, socket_dir, identity),
        spec.directory,
        executable=executable,
        tied=not spec.lasts,
        # An interpreter of the plugin's own is code of the plugin's: it may not run before the process is confined.
        script=len(spec.command) > 1 and (confinement is None or spec.command[0] == sys.executable),
        confinement=confinement,
        variables=spec.variables,
        door=door,
    )


def environment(spec: LaunchSpec, socket_dir: Path, identity: Identity | None) -> dict[str, str]:
    """The whole environment of the process."""
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
    if spec.pin is not None:  # nothing is loaded but what was hashed
        extra["PYTHONPYCACHEPREFIX"] = str(socket_dir / "pycache")
    return plugin_environment({**extra, **spec.sandbox.environment(socket_dir)})


def new_group(machinery: Machinery, spec: LaunchSpec) -> Group | None:
    """A control group for one run, where there are any; raises OSError."""
    if machinery.groups is None or not spec.held:
        return None
    return machinery.groups.new(spec.held, tasks(spec.held))


def new_identity() -> Identity:
    """A certificate of the host's for one run."""
    from viewra.transport import mtls  # light start-up: TLS is rarely asked for

    return mtls.new_identity()
