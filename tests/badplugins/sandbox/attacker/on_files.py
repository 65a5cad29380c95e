"""Attacks on files: the user's, the host's and other plugins'; those of the kernel in /proc, /sys and /dev."""

import ctypes
import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)
Tries = Iterator[tuple[str, Callable[[], object]]]


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def through_a_link(own: Path, secret: Path, name: str) -> bytes:
    link = own / name
    link.symlink_to(secret)
    return link.read_bytes()


def metadata(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, 0x40086602, b"\0" * 8)
    finally:
        os.close(fd)


def descriptors(wanted: str) -> None:
    """Those that the plugin did not open itself."""
    found = []
    for number in range(3, 64):
        try:
            found.append(os.fstat(number).st_ino)
        except OSError:
            continue
    if Path(wanted).stat().st_ino not in found:
        raise PermissionError(errno.EPERM, "not inherited")


def left_behind(path: Path) -> None:
    """Make a file, and take it away again: a control run must leave none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.unlink()


def open_to_write(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY))


def replace_folder(own: Path, by: Path) -> None:
    """Have the host find something else where the plugin's folder was; put back at once."""
    aside = own.with_name("aside")
    own.rename(aside)
    own.symlink_to(by)
    own.unlink()
    aside.rename(own)


def on_a_thread(work: Callable[[], object]) -> object:
    """What a thread does to itself ends with it."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], OSError):
        raise outcome[0]
    return outcome[0]


def by_a_wider_ruleset(secret: Path) -> bytes:
    """Apply a ruleset of Landlock that allows to read everything: rulesets only ever take away."""
    read_file = ctypes.c_uint64(1 << 2)
    rules = checked(libc.syscall(444, ctypes.byref(read_file), ctypes.c_size_t(8), 0))
    root = os.open("/", os.O_PATH)
    rule = (1 << 2).to_bytes(8, "little") + root.to_bytes(4, "little")
    checked(libc.syscall(445, rules, 1, rule, 0))
    checked(libc.prctl(38, 1, 0, 0, 0))
    checked(libc.syscall(446, rules, 0))
    return secret.read_bytes()


def by_a_wider_filter(path: str) -> None:
    """Install a filter of system calls that allows everything: the strictest of all filters decides."""
    allow = (0x06).to_bytes(8, "little")[:4] + (0x7FFF0000).to_bytes(4, "little")
    instruction = ctypes.create_string_buffer(allow, 8)
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(instruction))
    checked(libc.prctl(38, 1, 0, 0, 0))
    checked(libc.prctl(22, 2, program, 0, 0))
    Path(path).chmod(0o666)


def attacks(own: Path, t: Mapping[str, Any]) -> Tries:
    host, secret, code = t["host"], Path(t["secret"]), Path(__file__).parent
    elsewhere = secret.parent
    yield "read a file of the user", secret.read_bytes
    yield "list a folder of the user", lambda: os.listdir(elsewhere)
    yield "read the host's database", Path(t["database"]).read_bytes
    yield "read the host's key", Path(t["key"]).read_bytes
    yield "read another plugin's data", Path(t["other"]).read_bytes
    yield "read another plugin's code", Path(t["other_code"]).read_bytes
    yield "write another plugin's code", lambda: open_to_write(t["other_code"])
    yield "list the runtime directory", lambda: os.listdir(Path(t["control"]).parent)
    yield "make a file in the runtime directory", lambda: left_behind(Path(t["control"]).with_name("mine"))
    yield "write a file of the user", lambda: secret.open("ab").close()
    yield "make a file", lambda: left_behind(elsewhere / f"made{os.getpid()}")
    yield "make a folder", lambda: (elsewhere / f"made{os.getpid()}d").mkdir()
    yield "truncate", lambda: os.truncate(t["spare"], 0)
    yield "change the mode", lambda: Path(t["spare"]).chmod(0o666)
    yield "change times", lambda: os.utime(t["spare"])
    yield "set an attribute", lambda: os.setxattr(t["spare"], "user.x", b"1")
    yield "set flags of a file of its own", lambda: metadata(own / "own")
    yield "read through a link", lambda: through_a_link(own, secret, "link1")
    yield "read through the root of its own process", Path(f"/proc/self/root{secret}").read_bytes
    yield "read by a path that turns round", Path(own, *[".."] * 40, str(secret)[1:]).read_bytes
    yield "read by a wider ruleset", lambda: on_a_thread(lambda: by_a_wider_ruleset(secret))
    yield "change the mode by a wider filter", lambda: on_a_thread(lambda: by_a_wider_filter(t["spare"]))
    yield "link a file into its own folder", lambda: os.link(t["spare"], own / "hard")
    yield "move a file out", lambda: (own / "moved").rename(elsewhere / f"moved{os.getpid()}")
    yield "move a file in", lambda: Path(t["movable"]).rename(own / "taken")
    yield "replace its own folder by a link", lambda: replace_folder(own, elsewhere)
    yield "make a device", lambda: os.mknod(own / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    yield "change the root", lambda: os.chroot("/")
    yield "write its own code", lambda: Path(__file__).open("ab").close()
    yield "leave a .pth beside its code", lambda: left_behind(code / ".venv" / "lib" / "evil.pth")
    yield "leave a .pth in the site packages", lambda: left_behind(Path(t["site"], "evil-for-a-test.pth"))
    yield "write viewra's packages", lambda: open_to_write(t["viewra"])
    yield "read the host's environment", Path(f"/proc/{host}/environ").read_bytes
    yield "read its guardian's environment", Path(f"/proc/{os.getppid()}/environ").read_bytes
    yield "read the command line of a process", Path(f"/proc/{t['victim']}/cmdline").read_bytes
    yield "list the processes", lambda: os.listdir("/proc")
    yield "open the host's memory", lambda: os.close(os.open(f"/proc/{host}/mem", os.O_RDWR))
    yield "read the host's descriptors", lambda: os.listdir(f"/proc/{host}/fd")
    yield "be spared when memory is short", lambda: open_to_write("/proc/self/oom_score_adj")
    yield "set what the kernel runs after a crash", lambda: open_to_write("/proc/sys/kernel/core_pattern")
    yield "leave its control group", lambda: open_to_write(t["cgroup"])
    yield "read the kernel's messages", lambda: os.close(os.open("/dev/kmsg", os.O_RDONLY))
    yield "inherit an open file", lambda: descriptors(t["secret"])
    yield "make a file in memory", lambda: os.close(os.memfd_create("x"))
    yield "watch a folder", lambda: checked(libc.inotify_add_watch(libc.inotify_init(), b"/", 0x100))
