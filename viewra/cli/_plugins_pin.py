"""``viewra plugins pin|unpin ID``."""

from __future__ import annotations

import click

from viewra.cli._options import Options
from viewra.cli._output import print_line
from viewra.host.admin.find import find_plugin


@click.command("pin")
@click.argument("plugin_id", metavar="ID")
@click.pass_obj
def pin_command(options: Options, plugin_id: str) -> None:
    """Run a plugin only with the code that it has now; changed code is refused until it is pinned again."""
    with options.host(exclusive=False) as host:
        pin = find_plugin(host.plugins, plugin_id).pin()
    print_line(f"{plugin_id} is pinned: SHA-256 of its entry point {pin.entry}")
    if pin.tree:
        print_line(f"and of its directory {pin.tree}")


@click.command("unpin")
@click.argument("plugin_id", metavar="ID")
@click.pass_obj
def unpin_command(options: Options, plugin_id: str) -> None:
    """Let any code of a plugin run."""
    with options.host(exclusive=False) as host:
        find_plugin(host.plugins, plugin_id).unpin()
    print_line(f"{plugin_id} is not pinned")
