"""Asks before many files are forgotten: on a terminal it asks the operator, elsewhere it requires ``--yes``."""

from __future__ import annotations

import sys

import click

from viewra.cli._output import confirm as ask
from viewra.errors import UsageError

FEW = 1000
"""Up to this number of files it does not ask."""

yes_option = click.option("--yes", is_flag=True, help="Do not ask, whatever the number of files.")


def confirm(count: int, what: str, *, yes: bool) -> None:
    """Continue only if the operator agrees to ``what`` (a verb) this many files; raises ``UsageError`` otherwise."""
    if count <= FEW or yes:
        return
    hint = "pass --yes to do it; missing files may still return with their ids and metadata"
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"this would {what} {count:,} files", hint=hint)
    if not ask(f"{what} {count:,} files and their metadata?"):
        raise UsageError("nothing was changed", hint=hint)
