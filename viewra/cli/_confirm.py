"""Asks before much is forgotten: on a terminal the operator is asked, elsewhere ``--yes`` has to be there."""

from __future__ import annotations

import sys

import click

from viewra.cli._output import confirm as ask
from viewra.errors import UsageError

FEW = 1000
"""Up to so many files nobody is asked."""

yes_option = click.option("--yes", is_flag=True, help="Do not ask, however many files it is about.")


def confirm(count: int, what: str, *, yes: bool) -> None:
    """Go on only when the operator wants to ``what`` (a verb) so many files; raises ``UsageError`` otherwise."""
    if count <= FEW or yes:
        return
    hint = "--yes does so; what is not there today may come back, with its id and metadata"
    if not sys.stdin.isatty():
        raise UsageError(f"this would {what} {count:,} files", hint=hint)
    if not ask(f"{what} {count:,} files and all that was read of them?"):
        raise UsageError("nothing was changed", hint=hint)
