"""What the commands on packages share: a source is staged, shown and agreed to, and handed to the host."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from viewra.cli._control import ask_or_hold
from viewra.cli._options import Options
from viewra.cli._output import confirm, print_line, print_text
from viewra.errors import UsageError

if TYPE_CHECKING:
    from viewra.host.packages.staging import Staged


def stage(options: Options, source: str) -> AbstractContextManager[Staged]:
    """Fetch the package that an operator names and check it; see ``staging.staged``."""
    from viewra.host.packages.finding import staged_source

    return staged_source(options.catalogs, options.directory, source)


def show(package: Staged) -> None:
    """Show what is about to be installed."""
    from viewra.host.installed.grants import asked

    manifest, origin = package.manifest, package.origin
    by = f" by {manifest.author}" if manifest.author else ""
    print_line(f"{manifest.id} {manifest.version}: {manifest.name}{by}", err=True)
    if manifest.description:
        print_line(f"  {manifest.description}", err=True)
    print_line(f"  from {origin.catalog or origin.place}", err=True)
    print_line(f"  signed by {origin.signer}" if origin.signer else "  not signed", err=True)
    wanted = asked(manifest)
    print_line("  it requests permission to:" if wanted else "  it requests no permissions", err=True)
    for one in wanted:
        print_line(f"    {one.name:<18} {one.words}" + (f" ({one.reason})" if one.reason else ""), err=True)


def agree(package: Staged, *, yes: bool, grant_requested: bool) -> bool:
    """Ask the operator on a terminal; returns whether its permissions are granted. Raises UsageError if not agreed."""
    from viewra.host.installed.grants import asked

    if yes:
        return grant_requested
    if not sys.stdin.isatty():
        raise UsageError(f"{package.manifest.id} was not installed: nobody was asked", hint="pass --yes")
    if not confirm(f"Install {package.manifest.id} {package.manifest.version}?"):
        raise UsageError("nothing was changed")
    return grant_requested or (bool(asked(package.manifest)) and confirm("May it do what it requests?"))


def hand_over(options: Options, package: Staged, **how: bool) -> dict[str, Any]:
    """Have the host install a staged package; it may build an environment, which takes its time."""
    import attrs

    done: dict[str, Any] = ask_or_hold(
        options, "install", staged=str(package.directory), origin=attrs.asdict(package.origin), **how
    )
    return done


def report(done: dict[str, Any]) -> None:
    """Print what was done."""
    print_text(done["said"])
