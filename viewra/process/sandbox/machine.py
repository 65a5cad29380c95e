"""Finds out which sandboxing mechanisms this machine has, by trying them once."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from pathlib import Path

import attrs

from viewra.process.sandbox import landlock
from viewra.process.sandbox.bubblewrap import bubblewrap
from viewra.process.sandbox.cgroup import find
from viewra.process.sandbox.syscalls import Architecture, architecture

_ACTION_AVAILABLE, _TELL = 2, 0x7FC00000  # SECCOMP_GET_ACTION_AVAIL, SECCOMP_RET_USER_NOTIF


@attrs.frozen
class Mechanism:
    """One mechanism; ``reason`` says what it restricts, or why it is absent."""

    mechanism: str
    available: bool
    reason: str


@attrs.frozen
class Machine:
    """``landlock``: its version, 0 for none. ``filters``: seccomp filters. ``tells``: seccomp's user notification."""

    architecture: Architecture | None
    landlock: int
    filters: bool
    tells: bool
    root: bool

    @functools.cached_property
    def missing(self) -> str:
        """Why plugins cannot be sandboxed here; empty if they can."""
        without = (("" if self.landlock else self._about_landlock()), ("" if self.filters else self._about_seccomp()))
        return "; ".join(filter(None, without))

    def mechanisms(self) -> tuple[Mechanism, ...]:
        """All mechanisms, present or absent. Landlock and seccomp come first: no sandbox works without them."""
        return (
            Mechanism("landlock", self.landlock > 0, self._about_landlock()),
            Mechanism("seccomp", self.filters, self._about_seccomp()),
            Mechanism(
                "seccomp user notification",
                self.tells,
                "connections of plugins that may connect are made for them, after a look at the address"
                if self.tells
                else "needs Linux 5.6 and seccomp: plugins that connect to anything do not start",
            ),
            Mechanism(
                "users",
                self.root,
                "viewra runs as root: each plugin gets a user of its own"
                if self.root
                else "viewra does not run as root, or may not change users: plugins run as its own user",
            ),
            Mechanism(
                "bwrap",
                not bubblewrap().reason,
                bubblewrap().reason or "with --sandbox bwrap plugins see only their own files, processes and network",
            ),
            Mechanism("rlimits", True, "memory, open files, processes and the size of files are bounded"),
            _cgroups(),
        )

    def _about_landlock(self) -> str:
        if not self.landlock:
            return "Landlock is not there: it needs Linux 5.13, and its name in the kernel's parameter lsm="
        lacking = [
            what
            for first, what in (
                (landlock.TRUNCATES, "truncating files (seccomp refuses it)"),
                (landlock.PORTS, "TCP ports"),
                (landlock.SCOPES, "signals and abstract sockets (seccomp refuses both)"),
            )
            if self.landlock < first
        ]
        return f"version {self.landlock}" + (f", without {', '.join(lacking)}" if lacking else "")

    def _about_seccomp(self) -> str:
        if self.filters:
            return "system calls are filtered"
        if self.architecture is None:
            return f"seccomp: viewra has no filter for this machine ({os.uname().machine}, {sys.platform})"
        return "seccomp: this kernel offers no filters"


@functools.cache
def machine() -> Machine:
    """This machine, tested once."""
    found = architecture() if sys.platform == "linux" else None
    if found is None:
        return Machine(None, 0, False, False, _has_users())
    filters, tells = _action(found, 0x7FFF0000), _action(found, _TELL)
    return Machine(found, landlock.version(), filters, filters and tells, _has_users())


def _has_users() -> bool:
    """Whether this process may change to any other user: in a container even root may lack that right."""
    if os.geteuid() != 0:
        return False
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
        mapped = [line.split() for line in Path("/proc/self/uid_map").read_text("ascii").splitlines()]
    except OSError:
        return False
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    wanted = 1 << 0 | 1 << 6 | 1 << 7  # CAP_CHOWN, CAP_SETGID, CAP_SETUID
    return held & wanted == wanted and any(
        int(first) <= 60000 and int(first) + int(n) > 61439 for first, _, n in mapped
    )


def _action(on: Architecture, action: int) -> bool:
    """Whether this kernel's filters support this action."""
    libc = ctypes.CDLL(None, use_errno=True)
    asked = ctypes.c_uint32(action)
    answer = libc.syscall(on.calls["seccomp"], _ACTION_AVAILABLE, 0, ctypes.byref(asked))
    return bool(answer == 0 or ctypes.get_errno() == errno.EPERM)


def _cgroups() -> Mechanism:
    """Whether the host may make control groups of version 2."""
    place = find()
    if place.reason:
        return Mechanism("cgroup v2", False, f"{place.reason}; a watchdog and rlimits carry the limits")
    held = {"memory": "memory", "pids": "processes", "cpu": "share of the processor"}
    return Mechanism(
        "cgroup v2", True, ", ".join(held[one] for one in place.controllers) + ": of all processes together"
    )
