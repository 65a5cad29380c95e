"""Connects the host to one process of a plugin, and hides gRPC behind the protocol ``Peer``.

Runs use only ``Peer``; tests implement it without a process.
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
from viewra.transport.endpoint import PeerChannel, Place, dial
from viewra.transport.handshake import Handshake
from viewra.transport.multiplexed import MultiplexedWire
from viewra.transport.peer import require_listener
from viewra.transport.reflect import ask_services
from viewra.transport.stdio import StdioFollower

if TYPE_CHECKING:
    from viewra.host.running.reattach import Reattach
    from viewra.process import Stream
    from viewra.transport.broker import Broker
    from viewra.transport.mtls import Identity, Trust


class Closable(Protocol):
    """Something that can be closed."""

    def close(self) -> None:
        """Close it."""
        ...


class Peer(Protocol):
    """The host's end of one connection. Methods that wait have a timeout and raise HandshakeError."""

    def connection(self) -> Connection:
        """The connection for adapters, which counts their calls."""
        ...

    def multiplex(self, plugin_id: str, response_bytes: int) -> None:
        """Have calls of ``connection`` share a stream while they are in flight together: the process serves that."""
        ...

    def calls(self, called: Called) -> Caller:
        """The caller for the host's own calls to ``called``, the plugin's process."""
        ...

    def ask_services(self, timeout_s: float) -> Callable[[], Collection[str] | None]:
        """Ask which gRPC services the process serves; the returned function waits. None if it has no reflection."""
        ...

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until the process reports that it serves."""
        ...

    def check(self, timeout_s: float, done: Callable[[str], object]) -> None:
        """Ask whether the process serves; calls ``done`` within the timeout with "" or the reason why not."""
        ...

    def follow(self, feed: Callable[[Stream, bytes], None]) -> Closable:
        """Pass the process's output to ``feed``."""
        ...

    def broker(self, place: Place) -> Broker:
        """This host's end of go-plugin's broker, whose servers listen at ``place``; the caller closes it."""
        ...

    def shut_down(self, timeout_s: float) -> None:
        """Ask the process to end."""
        ...

    def close(self) -> None:
        """Close the connection: calls in flight fail. May be called twice."""
        ...


class Dial(Protocol):
    """Connects to a process at the address in ``where``; raises HandshakeError."""

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
        """Connect only to process ``pid``, with at least the requested encryption."""
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
    """Connect by gRPC; see ``Dial``."""
    trust = _trust(where, identity)
    if where.network == "unix":
        require_socket(where.address)
        require_listener(where.address, pid, timeout_s=timeout_s)
    channel = dial(where, trust=trust, socket_dir=socket_dir, max_message_bytes=message_bytes)
    return GrpcPeer(channel, MultiplexedWire(channel.wire), trust)


def _trust(where: Handshake | Reattach, identity: Identity | None) -> Trust | None:
    if identity is not None:
        from viewra.transport import mtls  # imported late: TLS is rarely used

        return mtls.trust(identity, where.cert if isinstance(where, Handshake) else b"")
    if where.network == "tcp":  # any user of this machine could listen there
        raise HandshakeError(
            "it listens on a TCP port without encryption", step="connect", hint="run viewra with --auto-mtls"
        )
    return None


@attrs.frozen
class GrpcPeer:
    """A ``Peer`` that uses a gRPC channel."""

    channel: PeerChannel
    wire: MultiplexedWire
    trust: Trust | None

    def connection(self) -> Connection:
        """See ``Peer``."""
        return Connection(self.wire)

    def multiplex(self, plugin_id: str, response_bytes: int) -> None:
        """See ``Peer``."""
        self.wire.multiplex(plugin_id, response_bytes)

    def calls(self, called: Called) -> Caller:
        """See ``Peer``."""
        return OwnCalls(called, self.channel.wire)

    def ask_services(self, timeout_s: float) -> Callable[[], Collection[str] | None]:
        """See ``Peer``."""
        return ask_services(self.channel.channel, timeout_s)

    def wait_ready(self, timeout_s: float) -> None:
        """See ``Peer``."""
        self.channel.wait_ready(timeout_s)

    def check(self, timeout_s: float, done: Callable[[str], object]) -> None:
        """See ``Peer``."""
        check_health(self.channel.channel, timeout_s, done)

    def follow(self, feed: Callable[[Stream, bytes], None]) -> Closable:
        """See ``Peer``."""
        return StdioFollower(self.channel.channel, feed)

    def broker(self, place: Place) -> Broker:
        """See ``Peer``."""
        from viewra.transport.broker import Broker  # light start: plugins made with the SDK do without

        made = Broker(place, trust=self.trust)
        made.attach(self.channel.channel)
        return made

    def shut_down(self, timeout_s: float) -> None:
        """See ``Peer``."""
        shutdown(self.channel.channel, timeout_s)

    def close(self) -> None:
        """See ``Peer``."""
        self.channel.close()
