"""``viewra plugins uninstall ID --keep-data|--purge-data``."""

from __future__ import annotations

import click

from viewra.cli._options import Options
from viewra.cli._plugins_find import find_plugin
from viewra.errors import UsageError


@click.command("uninstall")
@click.argument("plugin_id", metavar="ID")
@click.option("--keep-data", is_flag=True, help="Keep its database, its files and its settings.")
@click.option("--purge-data", is_flag=True, help="Remove those, and the backups of its database, too.")
@click.pass_obj
def uninstall_command(options: Options, plugin_id: str, keep_data: bool, purge_data: bool) -> None:
    """Remove a plugin from your plugin directory.

    What it said of your media files stays in the library.
    """
    if keep_data is purge_data:
        raise UsageError(
            "say what becomes of the plugin's data: --keep-data or --purge-data",
            hint="kept, it is there when the plugin is installed again",
        )
    with options.host() as host:
        plugin = find_plugin(host, plugin_id)
        host.plugins.uninstall(plugin_id, keep_data=keep_data)
        click.echo(f"{plugin_id} was removed from {plugin.path}; its data was {'kept' if keep_data else 'removed'}")
