"""Makes a sandboxed plugin's connections in its guardian, to which the kernel reports each ``connect`` call.

A system-call filter cannot read the address of a call: it is in the plugin's memory, where another thread may change it
at any time. So the guardian copies the address, checks the copy, and connects its own copy of the socket
(seccomp_unotify(2)). Numbers and structures are from linux/seccomp.h.
"""

from __future__ import annotations

import _socket
import _thread
import ctypes
import errno
import fcntl
import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_RECEIVE, _SEND, _STILL_VALID = 0xC0502100, 0xC0182101, 0x40082102
_NOTIFICATION = 80  # struct seccomp_notif: id, pid, flags, then struct seccomp_data with the arguments from 32 on
_PIDFD_GETFD = 438  # on every architecture
_AF_UNSPEC, _AF_UNIX, _AF_INET, _AF_INET6 = 0, 1, 2, 10
_LONGEST_ADDRESS = 128  # struct sockaddr_storage


def channel() -> tuple[_socket.socket, _socket.socket]:
    """The socket pair over which the descriptor is passed: the guardian's end, and the plugin's."""
    return _socket.socketpair()


def hand_over(end: _socket.socket, listener: int) -> None:
    """In the plugin: send the guardian the descriptor on which the kernel reports calls, and close it here."""
    end.sendmsg([b"+"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, listener.to_bytes(4, sys.byteorder))])
    os.close(listener)
    end.close()


def serve(end: _socket.socket, allowed: Mapping[str, Any]) -> None:
    """In the guardian: start the thread that answers calls until all of the plugin's processes have ended.

    ``allowed`` has ``internet``, whether internet addresses are allowed; ``ports``, the only allowed ports, or null;
    ``sockets``, paths of allowed unix sockets; ``folders``, folders in which every unix socket is allowed.
    """
    _thread.start_new_thread(_serve, (end, allowed))


def _serve(end: _socket.socket, allowed: Mapping[str, Any]) -> None:
    _, parts, _, _ = end.recvmsg(1, _socket.CMSG_SPACE(4))
    end.close()
    if not parts:  # the plugin ended before it sent the descriptor
        return
    listener = int.from_bytes(parts[0][2][:4], sys.byteorder)
    libc = ctypes.CDLL(None, use_errno=True)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while not poll.poll()[0][1] & select.POLLHUP:
        call = bytearray(_NOTIFICATION)
        try:
            fcntl.ioctl(listener, _RECEIVE, call, True)
        except OSError:  # the calling process was killed meanwhile
            continue
        _thread.start_new_thread(_answer, (libc, listener, call, allowed))  # connecting may take long
    os.close(listener)


def _answer(libc: ctypes.CDLL, listener: int, call: bytearray, allowed: Mapping[str, Any]) -> None:
    """Answer one call with 0, or with the error of the connection attempt."""
    number = bytes(call[:8])
    try:
        error = _connect(libc, listener, call, allowed)
    except OSError as failure:
        error = failure.errno or errno.EPERM
    answer = number + bytes(8) + (-error).to_bytes(4, sys.byteorder, signed=True) + bytes(4)
    try:  # noqa: SIM105 - ``contextlib`` takes its time to import
        fcntl.ioctl(listener, _SEND, answer)
    except OSError:  # the caller has ended
        pass


def _connect(libc: ctypes.CDLL, listener: int, call: bytearray, allowed: Mapping[str, Any]) -> int:
    """Connect as the call requests, if allowed. Returns the error number, 0 for success. Raises OSError."""
    thread = int.from_bytes(call[8:12], sys.byteorder)
    descriptor, at, length = (int.from_bytes(call[32 + 8 * i : 40 + 8 * i], sys.byteorder) for i in range(3))
    if not 2 <= length <= _LONGEST_ADDRESS:
        return errno.EINVAL
    memory = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        address = os.pread(memory, length, at)
    finally:
        os.close(memory)
    process = os.pidfd_open(_process(thread))
    try:
        fcntl.ioctl(
            listener, _STILL_VALID, bytes(call[:8])
        )  # so everything read above belongs to the caller, not to a later process with its pid
        own = libc.syscall(_PIDFD_GETFD, process, ctypes.c_int(descriptor & 0xFFFFFFFF), 0)
        if own < 0:
            return ctypes.get_errno()
    finally:
        os.close(process)
    held = -1
    try:
        address, held = _judged(address, allowed)
        return ctypes.get_errno() if libc.connect(own, address, len(address)) < 0 else 0
    finally:
        os.close(own)
        if held >= 0:
            os.close(held)


def _judged(address: bytes, allowed: Mapping[str, Any]) -> tuple[bytes, int]:
    """The address to connect to, and a descriptor that it refers to, or -1. Raises PermissionError."""
    family = int.from_bytes(address[:2], sys.byteorder)
    if family == _AF_UNSPEC:  # AF_UNSPEC: dissolves a connection
        return address, -1
    if family in (_AF_INET, _AF_INET6) and allowed["internet"]:
        ports = allowed["ports"]
        if ports is None or int.from_bytes(address[2:4], "big") in ports:
            return address, -1
    if family == _AF_UNIX and address[2:3] not in (b"", b"\0"):
        path = address[2:].split(b"\0", 1)[0]
        folder, _, name = path.rpartition(b"/")
        if os.fsdecode(path) in allowed["sockets"] or (
            os.fsdecode(folder) in allowed["folders"] and name not in (b"", b".", b"..")
        ):
            # O_NOFOLLOW: a symbolic link could lead to a socket elsewhere.
            held = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            return _AF_UNIX.to_bytes(2, sys.byteorder) + f"/proc/self/fd/{held}".encode() + b"\0", held
    raise PermissionError(errno.EPERM, "not allowed")


def _process(thread: int) -> int:
    """The process id of a thread."""
    with open(f"/proc/{thread}/status", "rb", buffering=0) as file:
        for line in file.read().splitlines():
            if line.startswith(b"Tgid:"):
                return int(line.split()[1])
    raise ProcessLookupError(errno.ESRCH, "the process has ended")
