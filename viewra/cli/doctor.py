"""``viewra doctor``: this machine's sandboxing mechanisms, and why some are missing."""

from __future__ import annotations

import click

from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.host.admin import present
from viewra.process.sandbox.machine import machine


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Show this machine's sandboxing mechanisms, and why some are missing."""
    found = machine()
    if as_json:
        print_json(present.as_json(found.mechanisms()))
        return
    rows = [(one.mechanism, "yes" if one.available else "no", one.reason) for one in found.mechanisms()]
    print_table(rows, ("MECHANISM", "AVAILABLE", "REASON"))
    if found.missing:
        print_line("with --sandbox auto no plugin starts here, unless you add --allow-unsandboxed")
