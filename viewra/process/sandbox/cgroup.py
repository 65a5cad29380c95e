"""Control groups of version 2: they bound what all processes of a plugin use together, where the host may make some.

Files and their meaning are those of Linux's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

CONTROLLERS = ("memory", "pids", "cpu")
_HOST = "viewra-host"
"""Where the host's own process moves: a group whose children are controlled has no processes of its own."""
_PERIOD_US, _LEAST_US = 100_000, 1_000
_MB = 1024 * 1024


@attrs.frozen
class Place:
    """The group below which this process could make others, and the controllers that they would have.

    ``reason`` says why it cannot, and what would help; it is empty where it can.
    """

    base: Path
    controllers: tuple[str, ...] = ()
    reason: str = ""


def find(proc: Path = Path("/proc/self"), pid: int | None = None) -> Place:
    """Where this process could make groups. It changes nothing."""
    mounted = _mounted(proc)
    if mounted is None:
        return Place(Path(), (), "no tree of version 2 is mounted")
    base = mounted.parent if mounted.name == _HOST else mounted
    try:
        there = set((base / "cgroup.controllers").read_text("ascii").split())
        enabled = set((base / "cgroup.subtree_control").read_text("ascii").split())
        others = set((base / "cgroup.procs").read_text("ascii").split()) - {str(pid or os.getpid())}
    except OSError as error:
        return Place(base, (), f"{base} cannot be read: {error.strerror}")
    controllers = tuple(one for one in CONTROLLERS if one in there)
    if not controllers:
        return Place(base, (), f"{base} has no controllers for {', '.join(CONTROLLERS)}")
    writable = all(os.access(base / name, os.W_OK) for name in ("", "cgroup.procs", "cgroup.subtree_control"))
    if not writable:
        return Place(base, (), f"{base} is not delegated: start viewra in a unit with Delegate=yes")
    if not set(controllers) <= enabled and others and (base / "cgroup.type").exists():  # the very root may have some
        return Place(base, (), f"{base} has other processes than viewra: start it in a unit with Delegate=yes")
    return Place(base, controllers)


def _mounted(proc: Path) -> Path | None:
    """The folder of the process's own group."""
    try:
        groups = (proc / "cgroup").read_text("utf-8", "surrogateescape").splitlines()
        mounts = (proc / "mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    own = next((line[3:] for line in groups if line.startswith("0::")), None)
    for line in mounts:
        fields, _, of_system = line.partition(" - ")
        if own is not None and of_system.startswith("cgroup2 "):
            _, _, _, root, at = fields.split()[:5]
            inside = own if root == "/" else own.removeprefix(root)
            return Path(_plain(at) + inside)
    return None


def _plain(path: str) -> str:
    """A path without mountinfo's octal escapes."""
    for escaped, plain in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        path = path.replace(escaped, plain)
    return path


class Group:
    """The group of one run of a plugin. For any thread."""

    def __init__(self, path: Path, controllers: tuple[str, ...]) -> None:
        self.path = path
        self.controllers = controllers
        self._breach = ""

    @property
    def door(self) -> str:
        """The file by which a process enters."""
        return str(self.path / "cgroup.procs")

    def limit(self, limits: Mapping[str, float], tasks: int) -> None:
        """Hold it to ``memory_mb`` and ``cpu_percent``, and to so many processes and threads. Raises OSError."""
        if "memory" in self.controllers and "memory_mb" in limits:
            self._write("memory.max", int(limits["memory_mb"] * _MB))
            self._write("memory.oom.group", 1)
            with contextlib.suppress(OSError):  # a kernel without swap has no such file
                self._write("memory.swap.max", 0)
        if "cpu" in self.controllers and "cpu_percent" in limits:
            quota = max(_LEAST_US, int(limits["cpu_percent"] * _PERIOD_US / 100))
            self._write("cpu.max", f"{quota} {_PERIOD_US}")
        if "pids" in self.controllers:
            self._write("pids.max", tasks)

    def holds(self, limit: str) -> bool:
        """Whether it holds the run to this one of the limits, so that nothing else has to."""
        return {"memory_mb": "memory", "cpu_percent": "cpu"}.get(limit) in self.controllers

    def kill(self) -> None:
        """End all processes in it at once, also one that forks faster than it can be killed."""
        with contextlib.suppress(OSError):  # before Linux 5.14 there is no such file; the guardian kills, too
            self._write("cgroup.kill", 1)

    @property
    def breach(self) -> str:
        """Which limit the kernel ended it for; "" for none."""
        if not self._breach:
            with contextlib.suppress(OSError):
                lines = (self.path / "memory.events").read_text("ascii").splitlines()
                events = dict(line.split() for line in lines)
                if int(events.get("oom_kill", 0)):
                    most = int((self.path / "memory.max").read_text("ascii")) // _MB
                    self._breach = f"used all of its memory and was ended by the kernel, its limit is {most} MB"
        return self._breach

    def close(self) -> None:
        """Keep what there is to know, and remove it; one that is still in use stays until the next host's start."""
        self._breach = self.breach
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _write(self, name: str, value: object) -> None:
        with (self.path / name).open("w", encoding="ascii") as file:
            file.write(f"{value}")


class Groups:
    """The groups of one host's plugins, below ``place``."""

    def __init__(self, place: Place) -> None:
        """Have the place's controllers; raises OSError. The host's process moves to a group of its own for that."""
        self._place = place
        self._numbers = itertools.count(1)
        enabled = (place.base / "cgroup.subtree_control").read_text("ascii").split()
        missing = [one for one in place.controllers if one not in enabled]
        if missing:
            if (place.base / "cgroup.type").exists():
                host = place.base / _HOST
                host.mkdir(exist_ok=True)
                (host / "cgroup.procs").write_text(f"{os.getpid()}")
            (place.base / "cgroup.subtree_control").write_text(" ".join(f"+{one}" for one in missing))
        for left in self._left():
            with contextlib.suppress(OSError):
                left.rmdir()

    def new(self, limits: Mapping[str, float], tasks: int) -> Group:
        """A group for one run, held to its limits; raises OSError."""
        path = self._place.base / f"viewra-{os.getpid()}-{next(self._numbers)}"
        path.mkdir()
        group = Group(path, self._place.controllers)
        try:
            group.limit(limits, tasks)
        except OSError:
            group.close()
            raise
        return group

    def _left(self) -> Iterator[Path]:
        """Groups of hosts that were killed; those that are in use cannot be removed."""
        yield from self._place.base.glob("viewra-*-*")
