"""``Network``: connects to the addresses of a host that a plugin may reach, and to no others.

The address that is checked is the one that is connected to, so a name that resolves differently a moment later leads
nowhere else. Every wait ends with the call (``HostCall``) that is made on this thread.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import Any

import httpcore2

from viewra.addresses import address_of, is_inside
from viewra.bridge.call import HostCall
from viewra.errors import FetchFailed, PermissionDenied

CALL: ContextVar[HostCall] = ContextVar("CALL")
"""The call that this thread works on."""
CONNECT_S = 10.0
"""Seconds for one attempt to connect."""
RESOLVING = 32
"""Names of one plugin that are looked up at a time."""

Resolve = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a name, for a port; raises OSError."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses that this machine's resolver knows, the one that it prefers first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class Network(httpcore2.NetworkBackend):
    """Opens connections; with ``inside`` also to addresses that are not of the public internet."""

    def __init__(self, *, inside: bool, resolve: Resolve, places: threading.BoundedSemaphore) -> None:
        self._inside = inside
        self._resolve = resolve
        self._places = places
        self._connect = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to one of the host's addresses; raises PermissionDenied if it may reach none of them."""
        del timeout, local_address
        call = CALL.get()
        failure: Exception = FetchFailed(f"the name {host} has no address")
        for address in self.addresses(host, port, call):
            try:
                stream = self._connect.connect_tcp(address, port, min(CONNECT_S, call.left_s()), None, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            return _Watched(stream)
        raise failure

    def addresses(self, host: str, port: int, call: HostCall) -> list[str]:
        """The addresses of a host that may be connected to; raises PermissionDenied if there are none of these."""
        found = [host] if address_of(host) is not None else _within(call, host, port, self._resolve, self._places)
        allowed = [one for one in found if self._inside or _is_public(one)]
        if found and not allowed:
            raise PermissionDenied(
                f"{host} has the address {found[0]}, which is not one of the public internet",
                hint="a plugin reaches addresses of this machine and of your network only if its permission names them",
            )
        return allowed


def _is_public(text: str) -> bool:
    address = address_of(text)
    return address is not None and not is_inside(address)


def _within(
    call: HostCall, host: str, port: int, resolve: Resolve, places: threading.BoundedSemaphore
) -> Sequence[str]:
    """Resolve on a thread of its own: a resolver has no deadline, so its threads outlive their calls."""
    done: SimpleQueue[Sequence[str] | OSError | None] = SimpleQueue()

    def run() -> None:
        try:
            done.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            done.put(error if isinstance(error, OSError) else OSError(str(error)))
        finally:
            places.release()

    if not places.acquire(blocking=False):
        raise FetchFailed(f"the name {host} is not looked up: {RESOLVING} names of this plugin are, without an answer")
    threading.Thread(target=run, name="fetch-resolve", daemon=True).start()
    found: Sequence[str] | OSError | None = None
    with call.ended_by(lambda: done.put(None)), contextlib.suppress(Empty):
        found = done.get(timeout=call.left_s())
    if isinstance(found, OSError):
        raise FetchFailed(f"the name {host} cannot be resolved: {found.strerror or found}") from found
    call.left_s()
    assert found is not None  # noqa: S101 - else the call has ended, and the line above raised
    return found


class _Watched(httpcore2.NetworkStream):
    """A connection whose waits end with the call that makes them."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        call = CALL.get()
        with call.ended_by(self._shut):
            return self._stream.read(max_bytes, call.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        call = CALL.get()
        with call.ended_by(self._shut):
            self._stream.write(buffer, call.left_s())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        del timeout
        call = CALL.get()
        with call.ended_by(self._shut):
            return _Watched(self._stream.start_tls(ssl_context, server_hostname, min(CONNECT_S, call.left_s())))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _shut(self) -> None:
        """End the wait of another thread for this connection."""
        connection = self._stream.get_extra_info("socket")
        if isinstance(connection, socket.socket):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
