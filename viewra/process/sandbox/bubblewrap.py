"""Wraps a process in bubblewrap: it sees only its own files, processes and, without a network, interfaces.

Options are those of bwrap(1). Landlock and seccomp apply inside, as they do without it.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

import attrs

_APART = ("--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts")
_OFFLINE = "--unshare-net"
_KERNELS = ("--dev", "/dev", "--proc", "/proc")
_MADE = (PurePath("/dev"), PurePath("/proc"))
_PROBE_S = 10.0
_LONGEST_CHAIN = 40
"""The kernel's limit of links on the way to a file."""


@attrs.frozen
class Bubblewrap:
    """The program, and the reason why it cannot be used; ``reason`` is empty if it can."""

    path: str = ""
    reason: str = ""


@functools.cache
def bubblewrap() -> Bubblewrap:
    """Bubblewrap on this machine, tested by running it with all options that viewra uses."""
    path = shutil.which("bwrap")
    if path is None:
        return Bubblewrap("", "bwrap is not installed")
    command = [path, *_alone(), *_APART, _OFFLINE, "--ro-bind", "/", "/", *_KERNELS, "--", path, "--version"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_S, check=False, env={})
    except (OSError, subprocess.TimeoutExpired) as error:
        return Bubblewrap(path, f"{path} cannot be run: {error}")
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return Bubblewrap(path, f"{path} cannot make namespaces: {said or f'exit status {done.returncode}'}")
    return Bubblewrap(path)


def _alone() -> tuple[str, ...]:
    """The namespaces to unshare: not that of users for root, because plugins' own users would not exist in it."""
    return () if os.geteuid() == 0 else ("--unshare-user",)


def wrapped(
    places: Mapping[str, bool], named: Sequence[str], sockets: Sequence[str], *, network: bool
) -> tuple[str, ...]:
    """The command that runs a process in bwrap, without the process's own command.

    ``places`` are the visible real paths, and whether they may be written; ``named`` the paths by which the process
    uses them, possibly through links; ``sockets`` are unix sockets of other processes.
    """
    arguments = [bubblewrap().path, *_alone(), *_APART]
    if not network:
        arguments.append(_OFFLINE)
    bound: dict[PurePath, bool] = {}
    for place, writes in sorted(((PurePath(place), writes) for place, writes in places.items())):
        around = next((bound[one] for one in (place, *place.parents) if one in bound), None)
        if around or around is writes or _within(place, _MADE):
            continue
        arguments += ["--bind-try" if writes else "--ro-bind-try", str(place), str(place)]
        bound[place] = writes
    for link, target in dict(one for name in (*named, *sockets) for one in _links(name)).items():
        if not _within(link, (*bound, *_MADE)):
            arguments += ["--symlink", target, str(link)]
    for socket in map(os.path.realpath, sockets):
        arguments += ["--bind-try", socket, socket]
    return (*arguments, *_KERNELS, "--")


def names(code: Sequence[str]) -> tuple[str, ...]:
    """The paths by which the process uses interpreters and files below ``code``."""
    interpreters = [str(Path(one, *folder, "bin", "python")) for one in code for folder in ((), (".venv",))]
    return (*code, sys.executable, *interpreters)


def _within(place: PurePath, others: Sequence[PurePath]) -> bool:
    return any(place.is_relative_to(one) for one in others)


def _links(path: str) -> Iterator[tuple[PurePath, str]]:
    """Each link on the way to ``path``, with its target."""
    here, left, followed = PurePath("/"), list(Path(path).absolute().parts[1:]), 0
    while left:
        part = left.pop(0)
        if part == "..":
            here = here.parent
            continue
        try:
            target = str(Path(here, part).readlink())
        except OSError:
            here /= part
            continue
        yield here / part, target
        followed += 1
        if followed > _LONGEST_CHAIN:
            return
        left[:0] = PurePath(target).parts[1:] if target.startswith("/") else PurePath(target).parts
        if target.startswith("/"):
            here = PurePath("/")
