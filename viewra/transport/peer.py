"""Asks the kernel which process is at the other end of a unix socket.

A socket's path proves nothing, so the host compares the listening process with the one that it started.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from viewra.errors import HandshakeError

_CREDENTIALS = struct.Struct("3i")  # struct ucred of Linux: pid, uid, gid
_DEEPEST = 64


class Peer(NamedTuple):
    """One process; ``pid`` is 0 when it is in a pid namespace that is not visible from here."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """The process that connected to an accepted socket, or that listens on a connected one."""
    return Peer(*_CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)))


def require_listener(path: str, pid: int, *, timeout_s: float = 5.0) -> None:
    """Raise HandshakeError (step ``connect``) unless process ``pid``, or a descendant of it, listens at ``path``."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(timeout_s)
            probe.connect(path)
            peer = peer_of(probe)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise HandshakeError(f"the socket {path} that it announced: {reason}", step="connect") from error
    if not _descends(peer.pid, pid):
        raise HandshakeError(
            f"the socket {path} that it announced belongs to another process, {peer.pid} of user {peer.uid}",
            step="connect",
            hint="end that process: the plugin itself must listen on its socket",
        )


def is_own(connection: socket.socket) -> bool:
    """Whether this process itself is at the other end."""
    return peer_of(connection).pid == os.getpid()


def _descends(pid: int, ancestor: int) -> bool:
    for _ in range(_DEEPEST):
        if pid == ancestor:
            return True
        try:
            status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return False
        pid = int(status.rpartition(")")[2].split()[1])
    return False
