"""``viewra plugins uninstall ID --keep-data|--purge-data``."""

from __future__ import annotations

import click

from viewra.cli import _completing
from viewra.cli._control import alone, ask
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_text
from viewra.errors import UsageError


@click.command("uninstall")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@click.option("--keep-data", is_flag=True, help="Keep its database, its files and its settings.")
@click.option("--purge-data", is_flag=True, help="Remove its database with its backups, its files and its settings.")
@json_option
@click.pass_obj
def uninstall_command(options: Options, plugin_id: str, keep_data: bool, purge_data: bool, as_json: bool) -> None:
    """Remove a plugin from your plugin directory; a running host stops it first.

    Its metadata of your media files stays in the library.
    """
    if keep_data is purge_data:
        raise UsageError(
            "pass --keep-data or --purge-data: it decides about the plugin's data",
            hint="kept data is used when the plugin is installed again",
        )
    done = ask(options.directory, "uninstall", plugin_id=plugin_id, keep_data=keep_data)
    if done is None:
        done = alone(options, "uninstall", plugin_id=plugin_id, keep_data=keep_data)
    if as_json:
        print_json(done)
    else:
        print_text(done["said"])
