"""The seccomp filter of a sandboxed process: refuses system calls that Landlock does not cover.

Facts about calls and flags are from Linux's headers and man pages (clone(2), socket(2), prlimit(2), tcp_fastopen).
"""

from __future__ import annotations

import errno
import functools
from typing import Protocol

import attrs

from viewra.process.sandbox.bpf import OWN_PID, TELL, Argument, Rule, assemble, refuse
from viewra.process.sandbox.syscalls import NEWEST, Architecture


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_METADATA = _names(
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat setxattr "
    "lsetxattr fsetxattr removexattr lremovexattr fremovexattr setxattrat removexattrat file_setattr"
)
_OTHER_PROCESSES = _names(
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd pidfd_send_signal process_madvise "
    "process_mrelease perf_event_open migrate_pages move_pages"
)
_KERNEL = _names(
    "bpf userfaultfd add_key request_key keyctl mount umount2 pivot_root fsopen fsconfig fsmount fspick "
    "move_mount open_tree open_tree_attr mount_setattr unshare setns chroot init_module finit_module "
    "delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd settimeofday "
    "clock_settime adjtimex clock_adjtime sethostname setdomainname iopl ioperm io_uring_setup io_uring_enter "
    "io_uring_register syslog lookup_dcookie vhangup"
)
_BY_HANDLE = _names("open_by_handle_at name_to_handle_at fanotify_init fanotify_mark inotify_add_watch")
"""Ways to reach a file, or the names in a folder, that bypass Landlock."""
_SHARED = _names(
    "shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink "
    "mq_timedsend mq_timedreceive mq_notify"
)
"""System V and POSIX objects, which belong to no folder and outlast the process."""
_IN_MEMORY = _names("memfd_create memfd_secret")
"""Files in no folder: no process is charged for their memory, and Landlock does not see programs in them."""
_TUNING = {"setpriority": 1, "sched_setscheduler": 0, "sched_setparam": 0, "sched_setattr": 0, "sched_setaffinity": 0}
"""The position of the process id among the arguments of each of these calls."""

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_DGRAM, _TYPE_MASK = 1, 2, 0xF
_PROTOCOLS = (0, 6, 17)  # any, TCP, UDP; not MPTCP, which Landlock's ports do not bind, nor raw
_FAST_OPEN = 0x20000000  # MSG_FASTOPEN connects by sending
_FLAGS_AT = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
_CLONE_THREAD = 0x10000
_CLONE_NEW = 0x7E020080  # every CLONE_NEW… flag
_PR_SET_PDEATHSIG, _PR_SET_MM, _SIGKILL = 1, 35, 9
_IOCTLS = (0x5412, 0x541C, 0x40086602, 0x40046602, 0x401C5820)  # TIOCSTI, TIOCLINUX, FS_IOC_(32_)SETFLAGS, FSSETXATTR

DENIED = refuse(errno.EPERM)
ABSENT = refuse(errno.ENOSYS)


@attrs.frozen
class Calls:
    """What a process may do by system calls.

    ``network`` allows TCP sockets, ``datagrams`` with it UDP's; ``connects`` leaves ``connect`` to the guardian,
    which is denied without, unless it ``connects_itself``. ``spawn`` allows child processes; ``metadata`` allows to
    change owners, modes, times and attributes of files. ``scoped`` says that Landlock keeps signals inside,
    ``truncates`` that it decides on ``truncate``: the filter does where it does not.
    """

    network: bool = False
    datagrams: bool = False
    connects: bool = False
    connects_itself: bool = False
    spawn: bool = False
    metadata: bool = False
    scoped: bool = True
    truncates: bool = True


class _Deny(Protocol):
    def __call__(self, name: str, *arguments: Argument, verdict: int = DENIED) -> None: ...


@functools.lru_cache(64)  # plugins differ in few ways, and each start needs one
def program(machine: Architecture, allowed: Calls) -> bytes:
    """The filter for a process on this machine."""
    return assemble(machine.audit, machine.foreign_bit, NEWEST, ABSENT, _rules(machine, allowed))


def _rules(machine: Architecture, allowed: Calls) -> list[Rule]:
    rules: list[Rule] = []

    def deny(name: str, *arguments: Argument, verdict: int = DENIED) -> None:
        if name in machine.calls:  # older tables lack some of these names
            rules.append(Rule(machine.calls[name], verdict, arguments))

    forbidden = [*_OTHER_PROCESSES, *_KERNEL, *_BY_HANDLE, *_SHARED, *_IN_MEMORY]
    if not allowed.metadata:
        forbidden += _METADATA
    if not allowed.truncates:
        forbidden.append("truncate")
    rules += [Rule(machine.calls[name], DENIED) for name in forbidden if name in machine.calls]
    for command in _IOCTLS:
        deny("ioctl", Argument(1, (command,)))
    _sockets(deny, allowed)
    _processes(deny, allowed)
    return rules


def _sockets(deny: _Deny, allowed: Calls) -> None:
    if not allowed.connects_itself:
        deny("connect", verdict=TELL if allowed.connects else DENIED)
    deny("socketpair", Argument(0, (_AF_UNIX,), unless=True))
    deny("socketpair", Argument(1, (_SOCK_STREAM,), _TYPE_MASK, unless=True))
    if not allowed.network:
        deny("socket", Argument(0, (_AF_UNIX,), unless=True))
    else:
        deny("socket", Argument(0, (_AF_UNIX, _AF_INET, _AF_INET6), unless=True))
        inet = Argument(0, (_AF_INET, _AF_INET6))
        types = (_SOCK_STREAM, _SOCK_DGRAM) if allowed.datagrams else (_SOCK_STREAM,)
        deny("socket", inet, Argument(1, types, _TYPE_MASK, unless=True))
        deny("socket", inet, Argument(2, _PROTOCOLS, unless=True))
    # With a datagram a socket reaches any other in the file system without ``connect``.
    deny("socket", Argument(0, (_AF_UNIX,)), Argument(1, (_SOCK_STREAM,), _TYPE_MASK, unless=True))
    for name, index in _FLAGS_AT.items():
        deny(name, Argument(index, bits=_FAST_OPEN))


def _processes(deny: _Deny, allowed: Calls) -> None:
    deny("clone3", verdict=ABSENT)  # a filter cannot read its flags in memory; libc falls back to clone
    deny("clone", Argument(0, bits=_CLONE_NEW))
    if not allowed.spawn:
        deny("fork")
        deny("vfork")
        deny("clone", Argument(0, bits=_CLONE_THREAD, unless=True))
    myself = (0, OWN_PID)
    deny("prlimit64", Argument(0, myself, unless=True))
    for name, index in _TUNING.items():
        deny(name, Argument(index, myself, unless=True))
    deny("ioprio_set", Argument(1, myself, unless=True))
    # The kernel kills the process by this signal when the guardian ends: it may set no other, and tie its own
    # children in the same way.
    deny("prctl", Argument(0, (_PR_SET_PDEATHSIG,)), Argument(1, (_SIGKILL,), unless=True))
    deny("prctl", Argument(0, (_PR_SET_MM,)))
    if not allowed.scoped:
        for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            deny(name, Argument(0, (OWN_PID,), unless=True))
        deny("tkill")
