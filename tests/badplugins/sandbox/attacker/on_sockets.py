"""Attacks through sockets: on other processes' unix sockets, and on the network."""

import ctypes
import errno
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

SOCKETS = os.environ["PLUGIN_UNIX_SOCKET_DIR"]
libc = ctypes.CDLL(None, use_errno=True)
AF_ALG, AF_PACKET, AF_VSOCK = 38, 17, 40
Tries = Iterator[tuple[str, Callable[[], object]]]


def opening(family: int, kind: int, protocol: int = 0) -> None:
    socket.socket(family, kind, protocol).close()


def sending(kind: int, path: str) -> None:
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.sendto(b"x", path)


def connecting(
    address: str | tuple[str, int], family: int = socket.AF_UNIX, kind: int = socket.SOCK_STREAM, protocol: int = 0
) -> None:
    with socket.socket(family, kind, protocol) as one:
        one.settimeout(2)
        one.connect(address)


def binding(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
    Path(path).unlink()


def socket_by_a_link(path: str) -> None:
    link = Path(SOCKETS, "link")
    link.symlink_to(path)
    connecting(str(link))


def own_socket() -> None:
    path = f"{SOCKETS}/mine"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        connecting(path)


def fast_open(port: int) -> None:
    with socket.socket() as one:
        one.sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", port))


def racing_connect(good: str, bad: str) -> None:
    """Change the address while the kernel hands the call over."""

    def address(path: str) -> bytes:
        return ((1).to_bytes(2, sys.byteorder) + os.fsencode(path)).ljust(110, b"\0")

    buffer = ctypes.create_string_buffer(110)
    first, second = address(good), address(bad)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(good)
        server.listen(128)
        over = threading.Event()

        def race() -> None:
            while not over.is_set():
                ctypes.memmove(buffer, random.choice((first, second)), len(first))

        racer = threading.Thread(target=race)
        racer.start()
        reached = set()
        for _ in range(60):
            time.sleep(0.0005)  # let the other thread run
            with socket.socket(socket.AF_UNIX) as one:
                if libc.connect(one.fileno(), buffer, 110) == 0:
                    reached.add(one.getpeername())
        over.set()
        racer.join()
    if bad not in reached:
        raise PermissionError(errno.EPERM, "never reached")


def attacks(own: Path, t: Mapping[str, Any]) -> Tries:
    del own
    inet, raw, datagram = socket.AF_INET, socket.SOCK_RAW, socket.SOCK_DGRAM
    yield "connect to the control socket", lambda: connecting(t["control"])
    yield "connect to another plugin's socket", lambda: connecting(t["neighbour"])
    yield "connect to another socket", lambda: connecting(t["socket"])
    yield "connect through a link", lambda: socket_by_a_link(t["socket"])
    yield (
        "connect with an address that changes",
        lambda: racing_connect(f"{SOCKETS}/race", t["socket"]),
    )
    yield "connect to an abstract socket", lambda: connecting("\0" + t["abstract"])
    yield "bind a socket beside another plugin's", lambda: binding(t["neighbour"] + "2")
    yield "send a datagram", lambda: sending(datagram, t["datagram"])
    yield "connect by TCP", lambda: connecting(("127.0.0.1", t["port"]), inet)
    yield "connect by TCP fast open", lambda: fast_open(t["port"])
    yield "connect by MPTCP", lambda: connecting(("127.0.0.1", t["port"]), inet, protocol=262)
    yield "open a UDP socket", lambda: opening(inet, datagram)
    yield "open a UDP socket of version 6", lambda: opening(socket.AF_INET6, datagram)
    yield "open a raw socket", lambda: opening(inet, raw, 1)
    yield "open a socket of packets", lambda: opening(AF_PACKET, raw)
    yield "open a netlink socket", lambda: opening(socket.AF_NETLINK, raw)
    yield "open a vsock", lambda: opening(AF_VSOCK, socket.SOCK_STREAM)
    yield "open a socket of the kernel's ciphers", lambda: opening(AF_ALG, socket.SOCK_SEQPACKET)
    yield "listen without a bind", lambda: socket.socket(inet).listen()
