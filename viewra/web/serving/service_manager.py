"""What a service manager such as systemd is told, and the sockets that it opened: sd_notify(3), sd_listen_fds(3)."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

_FIRST = 3


def notify(message: str, environment: MutableMapping[str, str] | None = None) -> None:
    """Send a message such as ``READY=1``, if a service manager listens; a failure is its own."""
    address = (os.environ if environment is None else environment).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(1.0)
        sender.sendto(message.encode(), "\0" + address[1:] if address[0] == "@" else address)


def inherited(environment: MutableMapping[str, str] | None = None) -> list[socket.socket]:
    """The listening sockets that the service manager passes on; plugins do not inherit them."""
    given = os.environ if environment is None else environment
    count, process = given.pop("LISTEN_FDS", "0"), given.pop("LISTEN_PID", "")
    given.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or not count.isdecimal():
        return []
    sockets = [socket.socket(fileno=number) for number in range(_FIRST, _FIRST + int(count))]
    for one in sockets:
        one.setblocking(False)
        one.set_inheritable(False)
    return sockets
