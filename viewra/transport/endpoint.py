"""Where a gRPC server listens and how a client reaches it: unix socket or TCP, plain or with mutual TLS.

Both ends use it, for the plugin's server and for the broker's connections. With a ``Trust`` every connection is
encrypted, with no fallback to plaintext. The certificate and TLS libraries are imported only when TLS is used.
"""

from __future__ import annotations

import contextlib
import grp
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import grpc

from viewra.errors import HandshakeError
from viewra.transport.channel import MAX_MESSAGE_BYTES, Announced, open_channel, target, wait_ready
from viewra.transport.grpc_calls import GrpcWire
from viewra.transport.handshake import (
    ENV_MAX_PORT,
    ENV_MIN_PORT,
    ENV_NETWORK,
    ENV_SOCKET_DIR,
    ENV_SOCKET_GROUP,
    MAX_PORT,
    MIN_PORT,
)
from viewra.transport.peer import is_own

if TYPE_CHECKING:
    from viewra.transport.bridge import Bridge
    from viewra.transport.mtls import Trust

_CONNECT_S = 5.0
_HIDDEN = "t"


class PeerChannel:
    """A channel, its calls (``wire``), and the TLS relay if the peer needs one; ``close`` closes them."""

    def __init__(self, channel: grpc.Channel, bridge: Bridge | None = None, directory: Path | None = None) -> None:
        self.channel = channel
        self.wire = GrpcWire(channel)
        self._bridge = bridge
        self._directory = directory

    @property
    def failure(self) -> str:
        """Why the last TLS handshake failed, if known; else empty."""
        return self._bridge.failure if self._bridge else ""

    def wait_ready(self, timeout_s: float, *, socket: str | None = None) -> None:
        """``channel.wait_ready``; its message also gives the reason of a failed TLS handshake."""
        try:
            wait_ready(self.channel, timeout_s, socket=socket)
        except HandshakeError as error:
            if not self.failure:
                raise
            raise HandshakeError(f"{error}; TLS: {self.failure}", step=error.step, hint=error.hint) from error

    def close(self) -> None:
        """Close the channel: calls in flight fail as cancelled. May be called twice."""
        self.wire.refuse()
        self.channel.close()
        if self._bridge is not None:
            self._bridge.close()
        if self._directory is not None:
            _remove_private(self._directory)


class Listener:
    """The address where a server listens. ``close`` removes its socket; call it after the server has stopped."""

    def __init__(self, network: str, address: str, bridge: Bridge | None = None, directory: Path | None = None) -> None:
        self.network = network
        self.address = address
        self._bridge = bridge
        self._directory = directory

    def close(self) -> None:
        """Remove the socket. May be called twice."""
        if self._bridge is not None:
            self._bridge.close()
        if self._directory is not None:
            _remove_private(self._directory)
        if self.network == "unix":
            Path(self.address).unlink(missing_ok=True)


class Place(NamedTuple):
    """Where a process may listen.

    ``network`` is "unix" or "tcp"; ``socket_dir`` holds its sockets (also the private one that TLS with a Go peer
    needs); members of ``socket_group``, a name or number, may connect to its unix socket; ``ports`` is the range of its
    TCP port.
    """

    socket_dir: Path
    network: str = "unix"
    socket_group: str = ""
    ports: tuple[int, int] = (MIN_PORT, MAX_PORT)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Place:
        """The place that a host set in its plugin's environment. Raises ValueError for ports that are not numbers."""
        return cls(
            socket_dir=Path(environ.get(ENV_SOCKET_DIR) or environ.get("TMPDIR") or "/tmp"),  # noqa: S108 - Go's choice
            network=environ.get(ENV_NETWORK) or "unix",
            socket_group=environ.get(ENV_SOCKET_GROUP, ""),
            ports=(int(environ.get(ENV_MIN_PORT) or 0), int(environ.get(ENV_MAX_PORT) or 0)),
        )


def dial(
    announced: Announced,
    *,
    trust: Trust | None = None,
    socket_dir: Path | None = None,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> PeerChannel:
    """Open a channel to a server on this machine; it connects at its first call.

    ``socket_dir`` is a private directory, needed only if ``trust.needs_bridge``.
    """
    if trust is None:
        return PeerChannel(open_channel(announced, max_message_bytes=max_message_bytes))
    if not trust.needs_bridge:
        credentials = grpc.ssl_channel_credentials(trust.peer_pem, trust.own.key_pem, trust.own.cert_pem)
        return PeerChannel(open_channel(announced, credentials=credentials, max_message_bytes=max_message_bytes))
    if socket_dir is None:
        raise ValueError("this peer's TLS needs a private directory for a socket")
    from viewra.transport.bridge import Bridge  # light start-up: TLS is rarely asked for

    directory = _private_directory(socket_dir)
    hidden = Listener("unix", str(directory / _HIDDEN))
    bridge = Bridge(_bind_unix(directory / _HIDDEN), _connector(announced), trust, server=False, admit=is_own)
    return PeerChannel(open_channel(hidden, max_message_bytes=max_message_bytes), bridge, directory)


def listen(server: grpc.Server, place: Place, *, trust: Trust | None = None) -> Listener:
    """Bind a server that has not been started to a new address.

    With TLS the server may listen on a private socket behind a relay. Raises OSError when no address can be bound.
    """
    if trust is not None and trust.needs_bridge:
        return _listen_behind_bridge(server, place, trust)
    credentials = None
    if trust is not None:
        pairs = [(trust.own.key_pem, trust.own.cert_pem)]
        credentials = grpc.ssl_server_credentials(pairs, trust.peer_pem, require_client_auth=True)

    def bind(address: str) -> int:
        try:
            if credentials is None:
                return server.add_insecure_port(address)
            return server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise OSError(f"cannot listen at {address}: {error}") from error

    if place.network == "tcp":
        return Listener("tcp", _on_free_port(place.ports, bind))
    path = _fresh_path(place.socket_dir)
    bind(f"unix:{path}")
    _set_access(path, place.socket_group)
    return Listener("unix", str(path))


def _listen_behind_bridge(server: grpc.Server, place: Place, trust: Trust) -> Listener:
    from viewra.transport.bridge import Bridge  # light start-up: TLS is rarely asked for

    directory = _private_directory(place.socket_dir)
    hidden = Listener("unix", str(directory / _HIDDEN))
    server.add_insecure_port(target(hidden))
    if place.network == "tcp":
        listener = socket.socket()

        def bind(address: str) -> int:
            host, _, port = address.rpartition(":")
            listener.bind((host, int(port)))
            return int(listener.getsockname()[1])

        address = _on_free_port(place.ports, bind)
        listener.listen()
    else:
        path = _fresh_path(place.socket_dir)
        listener = _bind_unix(path)
        _set_access(path, place.socket_group)
        address = str(path)
    bridge = Bridge(listener, _connector(hidden), trust, server=True)
    return Listener(place.network, address, bridge, directory)


def _bind_unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def _on_free_port(ports: tuple[int, int], bind: Callable[[str], int]) -> str:
    """Bind to the first free port of the range. ``bind`` returns the port, which the kernel picks for port 0."""
    for port in range(ports[0], ports[1] + 1):
        with contextlib.suppress(OSError):
            return f"127.0.0.1:{bind(f'127.0.0.1:{port}')}"
    raise OSError(f"no free port on 127.0.0.1 from {ports[0]} to {ports[1]}")


def _connector(announced: Announced) -> Callable[[], socket.socket]:
    def connect() -> socket.socket:
        if announced.network == "tcp":
            host, _, port = announced.address.rpartition(":")
            return socket.create_connection((host, int(port)), _CONNECT_S)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_CONNECT_S)
        try:
            connection.connect(announced.address)
        except OSError:
            connection.close()
            raise
        return connection

    return connect


def _fresh_path(directory: Path) -> Path:
    return directory / f"plugin{_random()}"


def _private_directory(parent: Path) -> Path:
    """Make a private directory for one socket."""
    directory = parent / _random()
    directory.mkdir(0o700)
    return directory


def _remove_private(directory: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        (directory / _HIDDEN).unlink(missing_ok=True)
        directory.rmdir()


def _random() -> str:
    return os.urandom(4).hex()  # ``secrets`` and ``tempfile`` would cost a plugin's start 10 ms


def _set_access(path: Path, group: str) -> None:
    """Let only the owner connect, or the owner and a group."""
    if group:
        number = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
        os.chown(path, -1, number)
    try:
        path.chmod(0o660 if group else 0o600)
    except PermissionError:  # a sandboxed plugin may not change modes; its umask already keeps other users out
        if group or path.stat().st_mode & 0o077:
            raise
