"""Compiles the rights of one plugin into the confinement of its process on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import attrgetter
from pathlib import Path

import attrs

from viewra.process.sandbox import bubblewrap, landlock, seccomp
from viewra.process.sandbox.confinement import READ_ANYTHING, WRITE_ANYTHING, Confinement, Connections
from viewra.process.sandbox.machine import Machine

_SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/usr/libexec")
_PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin")
_FILES = (
    *("/dev/urandom", "/dev/random", "/dev/zero", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
    *("/usr/share/zoneinfo", "/usr/share/locale", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)
_TO_NETWORK = (
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates", "/etc/resolv.conf", "/etc/hosts"),
    *(
        "/etc/nsswitch.conf",
        "/etc/gai.conf",
        "/etc/services",
        "/etc/protocols",
        "/run/systemd/resolve/stub-resolv.conf",
    ),
)


@attrs.frozen
class Rules:
    """The rights of one process.

    It may read and execute below ``code``, read below ``read``, and read and write below ``write`` and ``private``; but
    nothing below ``secret`` except ``private`` and ``code``. ``internet`` are the TCP ports to which it may connect
    (None: every port), ``datagrams`` lets it send UDP; ``sockets`` are unix sockets to which it may connect, in
    ``folders`` it may connect to every one; ``listen`` are the TCP ports on which it may listen (None: every port).
    ``user`` is the plugin's own user id, for a host that runs as root. ``rlimits`` are those of ``Confinement``.
    """

    code: Sequence[str] = ()
    read: Sequence[str] = ()
    write: Sequence[str] = ()
    private: Sequence[str] = ()
    secret: Sequence[str] = ()
    internet: Sequence[int] | None = ()
    sockets: Sequence[str] = ()
    folders: Sequence[str] = ()
    listen: Sequence[int] | None = ()
    datagrams: bool = False
    spawn: bool = False
    metadata: bool = False
    user: int | None = None
    rlimits: tuple[tuple[int, int], ...] = ()

    @property
    def connects(self) -> bool:
        """Whether the process connects to anything."""
        return self.internet is None or bool(self.internet) or bool(self.sockets) or bool(self.folders)

    @property
    def network(self) -> bool:
        """Whether the process may use internet sockets."""
        return self.internet is None or self.listen is None or bool(self.internet) or bool(self.listen)


def confinement(rules: Rules, on: Machine, *, wrapped: bool = False) -> Confinement:
    """The confinement for a machine that has Landlock and seccomp; ``wrapped``: within bubblewrap."""
    assert on.architecture is not None  # noqa: S101 - the caller has looked at what is missing
    connections = None
    if rules.connects and on.tells and not wrapped:
        ports = tuple(rules.internet) if rules.internet is not None else None
        connections = Connections(ports is None or bool(ports), ports, tuple(rules.sockets), tuple(rules.folders))
    calls = seccomp.Calls(
        network=rules.network,
        datagrams=rules.datagrams,
        connects=connections is not None,
        # Inside bubblewrap it reaches nothing else: no other sockets, and no network or only Landlock's ports.
        connects_itself=wrapped,
        spawn=rules.spawn,
        metadata=rules.metadata,
        scoped=on.landlock >= landlock.SCOPES,
        truncates=on.landlock >= landlock.TRUNCATES,
    )
    user, paths = rules.user if on.root else None, _paths(rules, network=calls.network)
    return Confinement(
        filter=seccomp.program(on.architecture, calls),
        ruleset=landlock.ruleset(
            on.landlock,
            paths,
            # The guardian checks its connections; an unrestricted right here applies only to the plugin's other calls.
            connect_ports=tuple(rules.internet) if rules.internet is not None else None,
            bind_ports=tuple(rules.listen) if rules.listen is not None else None,
        ),
        rlimits=rules.rlimits,
        user=user,
        # Kept if the host has it: the plugin's own user may not enter the host's directories, which contain its own.
        # Landlock alone then restricts reading, and writing if the plugin may write files that are not its own.
        capabilities=READ_ANYTHING | (WRITE_ANYTHING if rules.write else 0),
        seccomp=on.architecture.calls["seccomp"],
        connections=connections,
        wrapper=_wrapper(rules, paths) if wrapped else (),
    )


def _wrapper(rules: Rules, paths: Mapping[str, int]) -> tuple[str, ...]:
    named = (*_SYSTEM, *_PROGRAMS, *_FILES, *_TO_NETWORK, *bubblewrap.names(rules.code))
    named += (*rules.read, *rules.write, *rules.private)
    places = {path: rights & landlock.WRITE & ~landlock.RUN != 0 for path, rights in paths.items()}
    return bubblewrap.wrapped(places, named, rules.sockets, network=rules.network)


def _paths(rules: Rules, *, network: bool) -> dict[str, int]:
    """The rights below each path; a path named several times has all their rights."""
    given = [
        (_SYSTEM, landlock.RUN, False),
        (rules.code, landlock.RUN, True),
        (_FILES, landlock.READ, False),
        (("/dev/null",), landlock.READ | landlock.WRITE_FILE, False),
        (rules.read, landlock.READ, False),
        (rules.write, landlock.WRITE, False),
        (rules.private, landlock.WRITE, True),
    ]
    if network:
        given.append((_TO_NETWORK, landlock.READ, False))
    if rules.spawn:
        given.append((_PROGRAMS, landlock.RUN, False))
    found: dict[str, int] = {}
    hidden = list(map(Path, map(os.path.realpath, rules.secret)))
    around = set(map(str, chain(hidden, *map(attrgetter("parents"), hidden))))
    below = tuple(map(os.path.join, map(str, hidden), repeat("")))
    for paths, rights, inside in given:
        for path in paths:
            real = os.path.realpath(path)
            # This runs for each path at each start, and few paths have secrets above or below them.
            near = real in around or (not inside and real.startswith(below))
            for one in _outside(Path(real), hidden, inside=inside) if near else (real,):
                found[one] = found.get(one, 0) | rights
    return found


def outside(path: str, secret: Sequence[str], *, inside: bool = False) -> Iterator[str]:
    """``path`` itself or, if something secret is below it, its entries beside that; never anything secret.

    With ``inside`` a path that is itself below a secret folder stays. Landlock can only add rights below a folder, so a
    folder that contains the host's own data is split into its entries; symbolic links are left out, since they may lead
    anywhere.
    """
    return _outside(Path(os.path.realpath(path)), [Path(os.path.realpath(one)) for one in secret], inside=inside)


def _outside(real: Path, hidden: Sequence[Path], *, inside: bool = False) -> Iterator[str]:
    if not inside and any(real.is_relative_to(one) for one in hidden):
        return
    if not any(one.is_relative_to(real) and one != real for one in hidden):
        yield str(real)
        return
    try:
        with os.scandir(real) as entries:
            there = sorted(entry.path for entry in entries if not entry.is_symlink())  # so these are real, too
    except OSError:
        return
    for one in there:
        yield from _outside(Path(one), hidden)
