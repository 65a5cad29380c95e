"""The hosts of ``network:fetch`` that the operator grants: all that a manifest names, or a part of them."""

from __future__ import annotations

from collections.abc import Sequence

from viewra.errors import UsageError
from viewra.hosts import FETCH, HostPattern, parse_host, patterns


def within(hosts: Sequence[str], asked: Sequence[str], ports: tuple[int, ...]) -> tuple[str, ...]:
    """Those of the hosts to which the manifest's ``asked`` hosts and ``ports`` lead, too."""
    wide = _parsed(asked, ports)
    return tuple(
        host for host in hosts if all(any(one.includes(part) for one in wide) for part in _parsed((host,), ports))
    )


def require_within(hosts: Sequence[str], asked: Sequence[str], ports: tuple[int, ...]) -> None:
    """Raise UsageError for a host that the manifest does not ask for, and for one that cannot be one."""
    for host in hosts:
        try:
            parse_host(host)
        except ValueError as error:
            raise UsageError(
                f"{host[:300]!r} is no host: {error}", hint="write api.example.org or *.example.org"
            ) from error
        if not within((host,), asked, ports):
            raise UsageError(
                f"the plugin does not ask for {host}", hint=f"it asks for: {', '.join(patterns(tuple(asked), ports))}"
            )


def without(hosts: Sequence[str], granted: Sequence[str]) -> tuple[str, ...]:
    """The granted hosts without these; raises UsageError for one that is not among them."""
    for host in hosts:
        if host not in granted:
            raise UsageError(
                f"{host} is not granted by itself",
                hint=f"granted are: {', '.join(granted) or 'none'}; to grant a part of these: "
                f"viewra plugins grant ID {FETCH} --host HOST",
            )
    return tuple(host for host in granted if host not in hosts)


def _parsed(hosts: Sequence[str], ports: tuple[int, ...]) -> list[HostPattern]:
    return [parse_host(one) for one in patterns(tuple(hosts), ports)]
