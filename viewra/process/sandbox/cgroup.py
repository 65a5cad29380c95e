"""Limits what all processes of a plugin use together by control groups of version 2, if the host may create any.

Source of the files and their meaning: Linux's Documentation/admin-guide/cgroup-v2.rst.
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
"""The group to which the host moves its own process: a group with controlled children may contain no processes."""
_PERIOD_US, _LEAST_US = 100_000, 1_000
_MB = 1024 * 1024


@attrs.frozen
class Place:
    """The group below which this process can create groups, and the controllers that they get.

    ``reason`` says why it cannot and what would help; it is empty if it can.
    """

    base: Path
    controllers: tuple[str, ...] = ()
    reason: str = ""


def find(proc: Path = Path("/proc/self"), pid: int | None = None) -> Place:
    """Find out where this process can create groups. Changes nothing."""
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
    if not set(controllers) <= enabled and others and (base / "cgroup.type").exists():  # the root may have some
        return Place(base, (), f"{base} has other processes than viewra: start it in a unit with Delegate=yes")
    return Place(base, controllers)


def _mounted(proc: Path) -> Path | None:
    """The directory of the process's own group."""
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
    """The group of one run of a plugin. Thread-safe."""

    def __init__(self, path: Path, controllers: tuple[str, ...]) -> None:
        self.path = path
        self.controllers = controllers
        self._breach = ""

    @property
    def door(self) -> str:
        """The file through which a process enters the group."""
        return str(self.path / "cgroup.procs")

    def limit(self, limits: Mapping[str, float], tasks: int) -> None:
        """Set its limits: ``memory_mb``, ``cpu_percent``, and ``tasks`` processes and threads. Raises OSError."""
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
        """Whether the group enforces this limit, so that nothing else has to."""
        return {"memory_mb": "memory", "cpu_percent": "cpu"}.get(limit) in self.controllers

    def kill(self) -> None:
        """Kill all processes in it at once, even if they fork faster than single kills could end them."""
        with contextlib.suppress(OSError):  # before Linux 5.14 there is no such file; the guardian kills, too
            self._write("cgroup.kill", 1)

    @property
    def breach(self) -> str:
        """The limit for which the kernel ended the plugin; "" for none."""
        if not self._breach:
            with contextlib.suppress(OSError):
                lines = (self.path / "memory.events").read_text("ascii").splitlines()
                events = dict(line.split() for line in lines)
                if int(events.get("oom_kill", 0)):
                    most = int((self.path / "memory.max").read_text("ascii")) // _MB
                    self._breach = f"used all of its memory and was ended by the kernel, its limit is {most} MB"
        return self._breach

    def close(self) -> None:
        """Store ``breach`` and remove the group; one that is still in use remains until the next host starts."""
        self._breach = self.breach
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _write(self, name: str, value: object) -> None:
        with (self.path / name).open("w", encoding="ascii") as file:
            file.write(f"{value}")


class Groups:
    """The groups of one host's plugins, below ``place``."""

    def __init__(self, place: Place) -> None:
        """Enable the place's controllers, which moves the host's process to a group of its own; raises OSError."""
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
        """Create a group with these limits for one run; raises OSError."""
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
        """Groups that killed hosts left; groups in use cannot be removed."""
        yield from self._place.base.glob("viewra-*-*")
