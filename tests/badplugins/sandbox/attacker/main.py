"""Tries all that a plugin must not be able to do, once it is started; what came of it is in its own folder."""

import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from viewra import sdk

SOCKETS = os.environ["PLUGIN_UNIX_SOCKET_DIR"]
libc = ctypes.CDLL(None, use_errno=True)
RING = ctypes.create_string_buffer(256)
CALLS = {
    "x86_64": {"shmget": 29, "process_vm_readv": 310, "keyctl": 250, "bpf": 321, "sched_setattr": 314},
    "aarch64": {},
}
Tries = Iterator[tuple[str, Callable[[], object]]]


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def syscall(name: str | int, *arguments: int) -> int:
    number = CALLS[os.uname().machine].get(name) if isinstance(name, str) else name
    return checked(libc.syscall(number, *map(ctypes.c_long, arguments)))


def sending(kind: int, path: str) -> None:
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.sendto(b"x", path)


def connecting(
    address: str | tuple[str, int], family: int = socket.AF_UNIX, kind: int = socket.SOCK_STREAM, protocol: int = 0
) -> None:
    with socket.socket(family, kind, protocol) as one:
        one.settimeout(2)
        one.connect(address)


def through_a_link(own: Path, secret: Path, name: str) -> bytes:
    link = own / name
    link.symlink_to(secret)
    return link.read_bytes()


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
        server.listen(64)
        over = threading.Event()

        def race() -> None:
            while not over.is_set():
                ctypes.memmove(buffer, first, len(first))
                ctypes.memmove(buffer, second, len(second))

        racer = threading.Thread(target=race)
        racer.start()
        reached = set()
        for _ in range(40):
            with socket.socket(socket.AF_UNIX) as one:
                if libc.connect(one.fileno(), buffer, 110) == 0:
                    reached.add(one.getpeername())
        over.set()
        racer.join()
    if bad not in reached:
        raise PermissionError(errno.EPERM, "never reached")


def descriptors() -> None:
    """Those that the plugin did not open itself."""
    found = []
    for number in range(3, 64):
        try:
            found.append(os.fstat(number).st_ino)
        except OSError:
            continue
    secret = Path(TARGETS["open_file"]).stat().st_ino
    if secret not in found:
        raise PermissionError(errno.EPERM, "not inherited")


def environment() -> None:
    if "HOST_SECRET" not in os.environ:
        raise PermissionError(errno.EPERM, "not inherited")


def metadata(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, 0x40086602, b"\0" * 8)
    finally:
        os.close(fd)


TARGETS = json.loads((Path(__file__).parent / "targets.json").read_text())


def attacks(own: Path) -> Tries:
    t, host, victim = TARGETS, TARGETS["host"], TARGETS["victim"]
    secret = Path(t["secret"])
    yield "read a file of the user", secret.read_bytes
    yield "list a folder of the user", lambda: os.listdir(secret.parent)
    yield "read the host's database", Path(t["database"]).read_bytes
    yield "read the host's key", Path(t["key"]).read_bytes
    yield "read another plugin's data", Path(t["other"]).read_bytes
    yield "write a file of the user", lambda: secret.open("ab").close()
    yield "make a file", lambda: (secret.parent / f"made{os.getpid()}").touch()
    yield "make a folder", lambda: (secret.parent / f"made{os.getpid()}d").mkdir()
    yield "truncate", lambda: os.truncate(t["spare"], 0)
    yield "change the mode", lambda: Path(t["spare"]).chmod(0o600)
    yield "change times", lambda: os.utime(t["spare"])
    yield "set an attribute", lambda: os.setxattr(t["spare"], "user.x", b"1")
    yield "set flags of a file of its own", lambda: metadata(own / "own")
    yield "read through a link", lambda: through_a_link(own, secret, "link1")
    yield "link a file into its own folder", lambda: os.link(t["spare"], own / "hard")
    yield "move a file out", lambda: (own / "moved").rename(secret.parent / f"moved{os.getpid()}")
    yield "move a file in", lambda: Path(t["movable"]).rename(own / "taken")
    yield "write its own code", lambda: Path(__file__).open("ab").close()
    yield "write viewra's packages", lambda: Path(sdk.__file__).open("ab").close()
    yield "read the host's environment", Path(f"/proc/{host}/environ").read_bytes
    yield "open the host's memory", lambda: os.close(os.open(f"/proc/{host}/mem", os.O_RDONLY))
    yield "inherit an environment variable", environment
    yield "inherit an open file", descriptors
    yield "connect to the control socket", lambda: connecting(t["control"])
    yield "connect to another socket", lambda: connecting(t["socket"])
    yield "connect through a link", lambda: socket_by_a_link(t["socket"])
    yield (
        "connect with an address that changes",
        lambda: racing_connect(f"{SOCKETS}/race", t["socket"]),
    )
    yield "connect to an abstract socket", lambda: connecting("\0" + t["abstract"])
    yield "send a datagram", lambda: sending(socket.SOCK_DGRAM, t["datagram"])
    yield "connect by TCP", lambda: connecting(("127.0.0.1", t["port"]), socket.AF_INET)
    yield "connect by TCP fast open", lambda: fast_open(t["port"])
    yield "connect by MPTCP", lambda: connecting(("127.0.0.1", t["port"]), socket.AF_INET, protocol=262)
    yield "open a UDP socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    yield "open a netlink socket", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
    yield "listen without a bind", lambda: socket.socket(socket.AF_INET).listen()
    yield "signal the host", lambda: os.kill(host, 0)
    yield "signal its guardian", lambda: os.kill(os.getppid(), 0)
    yield "signal another process", lambda: os.kill(victim, signal.SIGCONT)
    yield "trace a process", lambda: checked(libc.ptrace(0x4206, victim, 0, 0)) or libc.ptrace(17, victim, 0, 0)
    yield "limit a process", lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (64, 64))
    yield "renice a process", lambda: os.setpriority(os.PRIO_PROCESS, victim, 5)
    yield "pin a process", lambda: os.sched_setaffinity(victim, os.sched_getaffinity(victim))
    yield "get a handle on a process", lambda: os.close(os.pidfd_open(victim))
    yield "make shared memory of System V", lambda: syscall("shmget", 0, 4096, 0o1600)
    yield "watch a folder", lambda: checked(libc.inotify_add_watch(libc.inotify_init(), b"/", 0x100))
    yield "start a ring of io_uring", lambda: syscall(425, 1, ctypes.addressof(RING))
    yield "fork", fork
    yield "start a program", lambda: subprocess.run(["/bin/true"], check=True)
    yield "raise its own limits", raise_limits
    yield "open many files", lambda: many_files(own)
    yield "allocate 2 GB", lambda: len(bytearray(2 << 30))
    yield "write a file of 3 GB", lambda: os.posix_fallocate(os.open(own / "big", os.O_RDWR | os.O_CREAT), 0, 3 << 30)


def fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def raise_limits() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (hard + 1, hard + 1))


def many_files(own: Path) -> None:
    there: list[int] = []
    try:
        there.extend(os.open(own, os.O_RDONLY) for _ in range(400))
    finally:
        for one in there:
            os.close(one)


def allowed(own: Path) -> Tries:
    yield "write in its own folder", lambda: (own / "x").write_text("x")
    yield "read the library", Path(TARGETS["library"], "song.txt").read_bytes
    yield "read its code", Path(__file__).read_bytes
    yield "connect to a socket of its own", own_socket
    yield "start a thread", lambda: threading.Thread(target=len, args=("",)).start()
    yield "make a temporary file", lambda: __import__("tempfile").TemporaryFile().close()
    yield "have its variable", lambda: os.environ["ATTACK"]


class Attacker(sdk.Plugin):
    def start(self) -> None:
        own = Path(self.context.base_path)
        for name in ("own", "moved"):
            (own / name).write_text("x")
        table = {}
        for kind, tries in (("attack", attacks), ("allowed", allowed)):
            for name, attack in tries(own):
                try:
                    attack()
                    table[name] = (kind, "done")
                except BaseException as error:
                    table[name] = (kind, f"{type(error).__name__}: {error}")
        (own / "table.json").write_text(json.dumps(table))

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> list[object]:
        return []


if __name__ == "__main__":
    sdk.serve(Attacker())
