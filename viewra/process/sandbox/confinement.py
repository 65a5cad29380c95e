"""What the launcher applies to a process before the plugin runs in it: one value, a part of the launch plan."""

from __future__ import annotations

import attrs

from viewra.process.sandbox.landlock import OF_FILES, Ruleset

READ_ANYTHING, WRITE_ANYTHING = 1 << 2, 1 << 1
"""CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE: to read and to write files whatever their modes say. Which ones may be,
Landlock then decides alone."""


@attrs.frozen
class Connections:
    """What the guardian connects a process to, which has no ``connect`` of its own.

    ``internet``: internet addresses, of ``ports`` alone unless that is None. ``sockets`` are paths of unix sockets,
    ``folders`` those whose unix sockets all may be connected to.
    """

    internet: bool = False
    ports: tuple[int, ...] | None = None
    sockets: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


@attrs.frozen
class Confinement:
    """How a process is confined.

    ``filter`` is a program for seccomp (``seccomp.program``), empty for none; ``ruleset`` None for no Landlock.
    ``rlimits`` has the soft and hard limit of each resource by its number (``resource.RLIMIT_…``), in the kernel's
    units. ``user`` is the user and group id that the process changes to, None to stay; only root can. ``capabilities``
    is a mask of those that are kept, where the host has them. ``seccomp`` is the number of that system call.
    With ``connections`` the filter leaves ``connect`` to the guardian.
    """

    filter: bytes = b""
    ruleset: Ruleset | None = None
    rlimits: tuple[tuple[int, int], ...] = ()
    user: int | None = None
    capabilities: int = 0
    seccomp: int = 0
    connections: Connections | None = None

    def document(self) -> dict[str, object]:
        """As the launcher reads it: JSON, with bytes in hexadecimal."""
        rules = self.ruleset
        return {
            "filter": self.filter.hex(),
            "ruleset": rules.attributes.hex() if rules is not None else "",
            "paths": [[path, rights] for path, rights in rules.paths] if rules is not None else [],
            "ports": [list(port) for port in rules.ports] if rules is not None else [],
            "of_files": OF_FILES,
            "rlimits": [list(limit) for limit in self.rlimits],
            "user": self.user,
            "capabilities": self.capabilities,
            "seccomp": self.seccomp,
            "connect": attrs.asdict(self.connections) if self.connections is not None else None,
        }
