"""The sockets on which a site listens."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Sequence

from viewra.errors import UsageError, ViewraError

BACKLOG = 2048


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of ``host``. Raises UsageError and ViewraError that name the address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"--host {host}: {error}", hint="name an address of this machine, such as 127.0.0.1"
        ) from error
    sockets: list[socket.socket] = []
    with contextlib.ExitStack() as undo:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = undo.enter_context(socket.socket(family, kind | socket.SOCK_CLOEXEC, protocol))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                one.bind((address[0], port, *address[2:]))
                one.listen(BACKLOG)
            except OSError as error:
                raise _refused(str(address[0]), port, error) from error
            one.setblocking(False)
            port = port or one.getsockname()[1]  # any free port: the same for each address
            sockets.append(one)
        undo.pop_all()
    return sockets


def is_loopback(sockets: Sequence[socket.socket]) -> bool:
    """Whether only programs on this machine reach them."""
    return all(one.family == socket.AF_UNIX or _is_local(one.getsockname()[0]) for one in sockets)


def address_of(one: socket.socket) -> str:
    """The address with its port, as in a URL."""
    if one.family == socket.AF_UNIX:
        return "localhost"
    host, port = one.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_local(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _refused(address: str, port: int, error: OSError) -> ViewraError:
    hint = {
        errno.EADDRINUSE: "another program listens there: end it, or choose another --port",
        errno.EACCES: "ports below 1024 need more rights: choose another --port",
        errno.EADDRNOTAVAIL: "name an address of this machine, such as 127.0.0.1",
    }.get(error.errno or 0)
    return ViewraError(f"cannot listen on {address} port {port}: {error.strerror}", hint=hint)
