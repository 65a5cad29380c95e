"""The sandbox that the launcher applies before the plugin runs: one value, a part of the launch plan."""

from __future__ import annotations

import attrs

from viewra.process.sandbox.landlock import OF_FILES, Ruleset

READ_ANYTHING, WRITE_ANYTHING = 1 << 2, 1 << 1
"""CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE: read and write files regardless of their modes, so that Landlock alone
decides."""


@attrs.frozen
class Connections:
    """The connections that the guardian makes for a process whose own ``connect`` is filtered.

    ``internet``: whether internet addresses are allowed, and only on ``ports`` unless that is None. ``sockets`` are
    paths of allowed unix sockets; in ``folders`` every unix socket is allowed.
    """

    internet: bool = False
    ports: tuple[int, ...] | None = None
    sockets: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


@attrs.frozen
class Confinement:
    """The restrictions of one process.

    ``filter`` is a seccomp program (``seccomp.program``), empty for none; ``ruleset`` is None without Landlock.
    ``rlimits`` has the soft and hard limit of each resource by its number (``resource.RLIMIT_…``), in the kernel's
    units. ``user`` is the user and group id to which the process changes, None to stay; only root can change.
    ``capabilities`` is the mask of capabilities to keep, if the host has them. ``seccomp`` is the number of that system
    call. With ``connections`` the filter leaves ``connect`` to the guardian. ``wrapper`` is the command that starts the
    process (``bubblewrap.wrapped``); the rest is applied within it.
    """

    filter: bytes = b""
    ruleset: Ruleset | None = None
    rlimits: tuple[tuple[int, int], ...] = ()
    user: int | None = None
    capabilities: int = 0
    seccomp: int = 0
    connections: Connections | None = None
    wrapper: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The launcher's form: JSON, with bytes in hexadecimal."""
        rules = self.ruleset
        return {
            "filter": self.filter.hex(),
            "ruleset": rules.attributes.hex() if rules is not None else "",
            "paths": list(map(list, rules.paths)) if rules is not None else [],
            "ports": list(map(list, rules.ports)) if rules is not None else [],
            "of_files": OF_FILES,
            "rlimits": list(map(list, self.rlimits)),
            "user": self.user,
            "capabilities": self.capabilities,
            "seccomp": self.seccomp,
            "wrapper": list(self.wrapper),
            "connect": attrs.asdict(self.connections) if self.connections is not None else None,
        }
