"""Numbers of the system calls in the filters, for each supported architecture.

Source: Linux's asm/unistd_64.h (x86-64) and asm-generic/unistd.h (aarch64, which lacks the older calls). From 424 on
the numbers are the same everywhere.
"""

from __future__ import annotations

import platform

import attrs


@attrs.frozen
class Architecture:
    """An architecture: its ``AUDIT_ARCH`` value, and its system calls by name.

    ``foreign_bit`` marks the calls of a second table (x32 on x86-64); 0 without one.
    """

    audit: int
    calls: dict[str, int]
    foreign_bit: int = 0


def _numbers(text: str) -> dict[str, int]:
    return {name: int(number) for name, _, number in (word.partition("=") for word in text.split())}


NEWEST = 469
"""The highest number known when the filters were written; newer calls get ENOSYS."""

_X86_64 = """
    chmod=90 fchmod=91 fchmodat=268 fchmodat2=452 chown=92 fchown=93 lchown=94 fchownat=260 utime=132
    utimes=235 futimesat=261 utimensat=280 setxattr=188 lsetxattr=189 fsetxattr=190 removexattr=197
    lremovexattr=198 fremovexattr=199 setxattrat=463 removexattrat=466 file_setattr=469 connect=42 bind=49
    listen=50 accept=43 accept4=288 socket=41 socketpair=53 sendto=44 sendmsg=46 sendmmsg=307 fork=57 vfork=58
    clone=56 clone3=435 execve=59 execveat=322 ptrace=101 process_vm_readv=310 process_vm_writev=311 kcmp=312
    pidfd_open=434 pidfd_getfd=438 pidfd_send_signal=424 process_madvise=440 process_mrelease=448
    perf_event_open=298 bpf=321 userfaultfd=323 add_key=248 request_key=249 keyctl=250 mount=165 umount2=166
    pivot_root=155 fsopen=430 fsconfig=431 fsmount=432 fspick=433 move_mount=429 open_tree=428
    open_tree_attr=467 mount_setattr=442 unshare=272 setns=308 chroot=161 init_module=175 finit_module=313
    delete_module=176 kexec_load=246 kexec_file_load=320 reboot=169 swapon=167 swapoff=168 acct=163
    quotactl=179 quotactl_fd=443 settimeofday=164 clock_settime=227 adjtimex=159 clock_adjtime=305
    sethostname=170 setdomainname=171 iopl=172 ioperm=173 io_uring_setup=425 io_uring_enter=426
    io_uring_register=427 open_by_handle_at=304 name_to_handle_at=303 fanotify_init=300 fanotify_mark=301
    inotify_add_watch=254 shmget=29 shmat=30 shmctl=31 semget=64 semop=65 semtimedop=220 semctl=66 msgget=68
    msgsnd=69 msgrcv=70 msgctl=71 mq_open=240 mq_unlink=241 mq_timedsend=242 mq_timedreceive=243 mq_notify=244
    syslog=103 migrate_pages=256 move_pages=279 lookup_dcookie=212 vhangup=153 prlimit64=302 setpriority=141
    sched_setscheduler=144 sched_setparam=142 sched_setattr=314 sched_setaffinity=203 ioprio_set=251 kill=62
    tkill=200 tgkill=234 rt_sigqueueinfo=129 rt_tgsigqueueinfo=297 truncate=76 ftruncate=77 ioctl=16 fcntl=72
    mknod=133 mknodat=259 setuid=105 setgid=106 setreuid=113 setregid=114 setresuid=117 setresgid=119
    setgroups=116 capset=126 seccomp=317 landlock_create_ruleset=444 landlock_add_rule=445
    landlock_restrict_self=446
"""

_AARCH64 = """
    fchmod=52 fchmodat=53 fchmodat2=452 fchown=55 fchownat=54 utimensat=88 setxattr=5 lsetxattr=6 fsetxattr=7
    removexattr=14 lremovexattr=15 fremovexattr=16 setxattrat=463 removexattrat=466 file_setattr=469
    connect=203 bind=200 listen=201 accept=202 accept4=242 socket=198 socketpair=199 sendto=206 sendmsg=211
    sendmmsg=269 clone=220 clone3=435 execve=221 execveat=281 ptrace=117 process_vm_readv=270
    process_vm_writev=271 kcmp=272 pidfd_open=434 pidfd_getfd=438 pidfd_send_signal=424 process_madvise=440
    process_mrelease=448 perf_event_open=241 bpf=280 userfaultfd=282 add_key=217 request_key=218 keyctl=219
    mount=40 umount2=39 pivot_root=41 fsopen=430 fsconfig=431 fsmount=432 fspick=433 move_mount=429
    open_tree=428 open_tree_attr=467 mount_setattr=442 unshare=97 setns=268 chroot=51 init_module=105
    finit_module=273 delete_module=106 kexec_load=104 kexec_file_load=294 reboot=142 swapon=224 swapoff=225
    acct=89 quotactl=60 quotactl_fd=443 settimeofday=170 clock_settime=112 adjtimex=171 clock_adjtime=266
    sethostname=161 setdomainname=162 io_uring_setup=425 io_uring_enter=426 io_uring_register=427
    open_by_handle_at=265 name_to_handle_at=264 fanotify_init=262 fanotify_mark=263 inotify_add_watch=27
    shmget=194 shmat=196 shmctl=195 semget=190 semop=193 semtimedop=192 semctl=191 msgget=186 msgsnd=189
    msgrcv=188 msgctl=187 mq_open=180 mq_unlink=181 mq_timedsend=182 mq_timedreceive=183 mq_notify=184
    syslog=116 migrate_pages=238 move_pages=239 lookup_dcookie=18 vhangup=58 prlimit64=261 setpriority=140
    sched_setscheduler=119 sched_setparam=118 sched_setattr=274 sched_setaffinity=122 ioprio_set=30 kill=129
    tkill=130 tgkill=131 rt_sigqueueinfo=138 rt_tgsigqueueinfo=240 truncate=45 ftruncate=46 ioctl=29 fcntl=25
    mknodat=33 setuid=146 setgid=144 setreuid=145 setregid=143 setresuid=147 setresgid=149 setgroups=159
    capset=91 seccomp=277 landlock_create_ruleset=444 landlock_add_rule=445 landlock_restrict_self=446
"""

ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, _numbers(_X86_64), foreign_bit=0x40000000),
    "aarch64": Architecture(0xC00000B7, _numbers(_AARCH64)),
}


def architecture() -> Architecture | None:
    """This machine's architecture; None if no filter can be made for it."""
    return ARCHITECTURES.get(platform.machine())
