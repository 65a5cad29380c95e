"""Describes for operators what a sandbox enforces and by which mechanism."""

from __future__ import annotations

from viewra.process.sandbox.machine import Machine
from viewra.process.sandbox.rules import Rules


def enforced(rules: Rules, on: Machine, *, wrapped: bool) -> tuple[str, ...]:
    """What this machine enforces of the rules, one line for each mechanism; ``wrapped``: bubblewrap is used, too."""
    scoped = "Landlock" if on.landlock >= 6 else "seccomp"
    said = ["visible files, processes and interfaces: bwrap"] if wrapped else []
    said += [
        "files: Landlock",
        "metadata of files, sockets, other processes and the kernel: seccomp",
        f"signals and abstract sockets: {scoped}",
        "child processes: allowed" if rules.spawn else "child processes: seccomp",
        "memory, open files and sizes of files: rlimits",
    ]
    if rules.user is not None:
        rights = "read and write any file (CAP_DAC_OVERRIDE)" if rules.write else "read any file (CAP_DAC_READ_SEARCH)"
        said.append(f"user: {rules.user}, with the right to {rights}, as far as Landlock lets it")
    if rules.network:
        said.append("connections: " + ("Landlock" if wrapped else "judged by the guardian"))
    if not on.tells and not wrapped:
        said.append("go-plugin's broker: its connections are refused, as this kernel has no seccomp user notification")
    return tuple(said)
