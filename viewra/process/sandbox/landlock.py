"""A sandbox's Landlock rules: which files, ports, signals and abstract sockets a process may use.

Rights and versions are from Linux's uapi/linux/landlock.h and its documentation.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Mapping

import attrs

_CREATE = 444  # landlock_create_ruleset, on every architecture
_VERSION = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_CHAR, _MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (1 << bit for bit in range(6, 13))
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT, _SCOPE_SIGNAL = 1 << 0, 1 << 1

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = (
    (READ | WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE)
    | (_MAKE_DIR | _MAKE_REG | _MAKE_SOCK | _MAKE_FIFO | _MAKE_SYM)
    | (_REFER | _TRUNCATE)
)
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV
"""The rights that a rule for a single file may have; the kernel refuses such a rule with rights of folders."""

TRUNCATES, PORTS, SCOPES = 3, 4, 6
"""The first versions that restrict ``truncate``, TCP ports, and signals and abstract sockets."""


def version() -> int:
    """The version that this kernel offers; 0 if Landlock is absent or turned off."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer: int = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    return max(0, answer)


@attrs.frozen
class Ruleset:
    """The rules that the launcher applies: ``attributes`` are the kernel's ``struct landlock_ruleset_attr``.

    ``paths`` has the rights below each path, ``ports`` the rights of each TCP port.
    """

    attributes: bytes
    paths: tuple[tuple[str, int], ...]
    ports: tuple[tuple[int, int], ...]


def ruleset(
    abi: int,
    paths: Mapping[str, int],
    *,
    connect_ports: tuple[int, ...] | None = (),
    bind_ports: tuple[int, ...] | None = (),
) -> Ruleset:
    """The rules for a kernel of version ``abi``. Everything without a rule is denied, as far as that version covers it.

    ``connect_ports`` and ``bind_ports``: None allows every port.
    """
    handled = _handled(abi)
    network = (0 if bind_ports is None else _BIND_TCP) | (0 if connect_ports is None else _CONNECT_TCP)
    network = network if abi >= PORTS else 0
    scopes = _SCOPE_ABSTRACT | _SCOPE_SIGNAL if abi >= SCOPES else 0
    attributes = struct.pack("=QQQ", handled, network, scopes)[: 24 if abi >= SCOPES else 16 if abi >= PORTS else 8]
    held = []
    for path, rights in paths.items():
        if rights & handled:
            held.append((path, rights & handled))
    ports: dict[int, int] = {}
    if network:
        for port in bind_ports or ():
            ports[port] = ports.get(port, 0) | _BIND_TCP
        for port in connect_ports or ():
            ports[port] = ports.get(port, 0) | _CONNECT_TCP
    return Ruleset(
        attributes,
        tuple(held),
        tuple(ports.items()),
    )


@functools.cache
def _handled(abi: int) -> int:
    rights = (1 << 13) - 1
    for first, right in ((2, _REFER), (TRUNCATES, _TRUNCATE), (5, _IOCTL_DEV)):
        if abi >= first:
            rights |= right
    return rights
