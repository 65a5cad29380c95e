"""Irrevocably drops, in the process that becomes the plugin, every right that the plugin may not have.

The host compiles the value that is applied here (``viewra/process/sandbox/confinement.py``). Numbers are from
linux/prctl.h, capability.h, landlock.h and seccomp.h.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PR_SET_KEEPCAPS, _PR_CAPBSET_READ, _PR_CAPBSET_DROP = 8, 23, 24
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 2, 4
_CAP_SETPCAP = 8
_CAPABILITY_VERSION_3 = 0x20080522
_SET_FILTER, _NEW_LISTENER = 1, 1 << 3
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # on every architecture
_OWN_PID = b"\xfe\xff\xff\xff" if sys.byteorder == "little" else b"\xff\xff\xff\xfe"  # bpf.OWN_PID


def confine(libc: ctypes.CDLL, confinement: dict[str, Any], user_changed: Callable[[], object]) -> int:
    """Apply the whole confinement; raises OSError when the kernel refuses a part.

    ``user_changed`` is called after a change of the user. Returns the descriptor on which the kernel reports the calls
    that the guardian makes, -1 for none. Files are restricted late and system calls last, since each step needs rights
    that the next ones remove.
    """
    for number, most in confinement["rlimits"]:
        resource.setrlimit(number, (most, most))
    drop(libc, confinement, user_changed)
    checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    if confinement["ruleset"]:
        confine_files(libc, confinement)
    return filter_calls(libc, confinement) if confinement["filter"] else -1


def drop(libc: ctypes.CDLL, confinement: dict[str, Any], user_changed: Callable[[], object]) -> None:
    """Keep only the allowed capabilities of the host's; as root, change to the plugin's own user."""
    header, held = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    checked(libc.capget(header, held), "capget")
    kept, user = confinement["capabilities"] & (held[1] | held[4] << 32), confinement["user"]
    number = 0 if held[0] >> _CAP_SETPCAP & 1 else 64  # without that capability an exec restores nothing
    while libc.prctl(_PR_CAPBSET_READ, number, 0, 0, 0) >= 0:
        if not kept >> number & 1:
            checked(libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0), "prctl(PR_CAPBSET_DROP)")
        number += 1
    if user is not None:
        checked(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl(PR_SET_KEEPCAPS)")
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        user_changed()
    checked(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl(PR_CAP_AMBIENT)")
    low, high = kept & 0xFFFFFFFF, kept >> 32
    checked(libc.capset(header, (ctypes.c_uint32 * 6)(low, low, low, high, high, high)), "capset")
    for number in range(kept.bit_length()):
        if kept >> number & 1:
            checked(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number, 0, 0), "prctl(PR_CAP_AMBIENT)")


def filter_calls(libc: ctypes.CDLL, confinement: dict[str, Any]) -> int:
    """Install the filter by which the kernel refuses system calls and reports those that the guardian makes."""
    program = bytes.fromhex(confinement["filter"]).replace(_OWN_PID, os.getpid().to_bytes(4, sys.byteorder))
    instructions = ctypes.create_string_buffer(program, len(program))
    filter_ = (ctypes.c_uint64 * 2)(len(program) // 8, ctypes.addressof(instructions))  # struct sock_fprog, padded
    told = _NEW_LISTENER if confinement["connect"] is not None else 0
    listener: int = libc.syscall(confinement["seccomp"], _SET_FILTER, told, filter_)
    checked(listener, "seccomp")
    return listener if told else -1


def confine_files(libc: ctypes.CDLL, confinement: dict[str, Any]) -> None:
    """Apply the Landlock ruleset. A path that does not exist gives no right."""
    attributes = bytes.fromhex(confinement["ruleset"])
    ruleset = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    checked(ruleset, "landlock_create_ruleset")
    for path, rights in confinement["paths"]:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        if not os.path.isdir(path):  # noqa: PTH112 - pathlib takes its time
            rights &= confinement["of_files"]
        rule = rights.to_bytes(8, sys.byteorder) + place.to_bytes(4, sys.byteorder)
        checked(libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0), f"landlock_add_rule({path})")
        os.close(place)
    for port, rights in confinement["ports"]:
        rule = rights.to_bytes(8, sys.byteorder) + port.to_bytes(8, sys.byteorder)
        checked(libc.syscall(_LANDLOCK_ADD, ruleset, 2, rule, 0), f"landlock_add_rule({port})")
    checked(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def checked(result: int, name: str) -> None:
    """Raise OSError if a system call failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
