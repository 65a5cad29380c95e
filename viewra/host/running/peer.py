"""The host's end of the connection to one process of a plugin, and how it is made: gRPC alone knows more of it.

Runs know the protocol ``Peer``; tests have one that answers without a process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs

from viewra.adapters import Called, Caller, Connection, OwnCalls
from viewra.errors import HandshakeError
from viewra.transport.channel import check_health, require_socket
from viewra.transport.control import shutdown
from viewra.transport.endpoint import PeerChannel, dial
from viewra.transport.handshake import Handshake
from viewra.transport.peer import require_listener
from viewra.transport.reflect import ask_services
from viewra.transport.stdio import StdioFollower

if TYPE_CHECKING:
    from viewra.host.running.reattach import Reattach
    from viewra.process import Stream
    from viewra.transport.mtls import Identity, Trust


class Closable(Protocol):
    """What has an end."""

    def close(self) -> None:
        """End it."""
        ...


class Peer(Protocol):
    """The host's end of one connection. Each method that waits has a time; raises HandshakeError."""

    def connection(self) -> Connection:
        """What adapters call by, which counts their calls."""
        ...

    def calls(self, called: Called) -> Caller:
        """How the host itself calls the process, which is ``called``."""
        ...

    def ask_services(self, timeout_s: float) -> Callable[[], Collection[str] | None]:
        """Ask which gRPC services there are; the function waits. None of a process that does not say."""
        ...

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until the process says that it serves."""
        ...

    def check(self, timeout_s: float, done: Callable[[str], object]) -> None:
        """Ask whether the process serves; ``done`` is told "" or why not, within that time."""
        ...

    def follow(self, feed: Callable[[Stream, bytes], None]) -> Closable:
        """Have what it prints given to ``feed``."""
        ...

    def shut_down(self, timeout_s: float) -> None:
        """Ask the process to end."""
        ...

    def close(self) -> None:
        """Close it: calls in flight fail. Closing twice is fine."""
        ...


class Dial(Protocol):
    """Connects to a process, at ``where`` it said; raises HandshakeError."""

    def __call__(
        self,
        where: Handshake | Reattach,
        pid: int,
        *,
        identity: Identity | None,
        socket_dir: Path,
        message_bytes: int,
        timeout_s: float,
    ) -> Peer:
        """Connect, to that process alone, and with no less encryption than was asked for."""
        ...


def dial_grpc(
    where: Handshake | Reattach,
    pid: int,
    *,
    identity: Identity | None,
    socket_dir: Path,
    message_bytes: int,
    timeout_s: float,
) -> Peer:
    """Connect by gRPC, as ``Dial`` has it."""
    trust = _trust(where, identity)
    if where.network == "unix":
        require_socket(where.address)
        require_listener(where.address, pid, timeout_s=timeout_s)
    return GrpcPeer(dial(where, trust=trust, socket_dir=socket_dir, max_message_bytes=message_bytes))


def _trust(where: Handshake | Reattach, identity: Identity | None) -> Trust | None:
    if identity is not None:
        from viewra.transport import mtls  # light start-up: TLS is rarely asked for

        return mtls.trust(identity, where.cert if isinstance(where, Handshake) else b"")
    if where.network == "tcp":  # anybody on this machine could answer there
        raise HandshakeError(
            "it listens on a TCP port without encryption", step="connect", hint="run viewra with --auto-mtls"
        )
    return None


@attrs.frozen
class GrpcPeer:
    """A gRPC channel."""

    channel: PeerChannel

    def connection(self) -> Connection:
        """As ``Peer`` has it."""
        return Connection(self.channel.wire)

    def calls(self, called: Called) -> Caller:
        """As ``Peer`` has it."""
        return OwnCalls(called, self.channel.wire)

    def ask_services(self, timeout_s: float) -> Callable[[], Collection[str] | None]:
        """As ``Peer`` has it."""
        return ask_services(self.channel.channel, timeout_s)

    def wait_ready(self, timeout_s: float) -> None:
        """As ``Peer`` has it."""
        self.channel.wait_ready(timeout_s)

    def check(self, timeout_s: float, done: Callable[[str], object]) -> None:
        """As ``Peer`` has it."""
        check_health(self.channel.channel, timeout_s, done)

    def follow(self, feed: Callable[[Stream, bytes], None]) -> Closable:
        """As ``Peer`` has it."""
        return StdioFollower(self.channel.channel, feed)

    def shut_down(self, timeout_s: float) -> None:
        """As ``Peer`` has it."""
        shutdown(self.channel.channel, timeout_s)

    def close(self) -> None:
        """As ``Peer`` has it."""
        self.channel.close()
