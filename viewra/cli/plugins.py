"""``viewra plugins list|info|enable|disable``, and the group that the other commands on plugins belong to."""

from __future__ import annotations

from typing import Any

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_table
from viewra.cli._plugins_check import check_command
from viewra.cli._plugins_find import find_plugin
from viewra.cli._plugins_logs import logs_command
from viewra.cli._plugins_pin import pin_command, unpin_command
from viewra.cli._plugins_settings import settings_command
from viewra.cli._plugins_uninstall import uninstall_command
from viewra.host import Plugin
from viewra.host.discovery import Found
from viewra.library import display


@click.group("plugins")
@click.option("--reattach", multiple=True, metavar="ID=JSON", help="As the global option of this name.")
@click.pass_context
def command(ctx: click.Context, reattach: tuple[str, ...]) -> None:
    """List plugins, enable and disable them, check and set them up."""
    ctx.obj = attrs.evolve(ctx.obj, reattach=(*ctx.obj.reattach, *reattach))


command.add_command(check_command)
command.add_command(logs_command)
command.add_command(settings_command)
command.add_command(pin_command)
command.add_command(unpin_command)
command.add_command(uninstall_command)


@command.command("list")
@json_option
@click.pass_obj
def list_(options: Options, as_json: bool) -> None:
    """List every plugin found, with its state; starts none."""
    with options.host(exclusive=False) as host:
        rows = [_summary(host.plugins[plugin_id]) for plugin_id in host.plugins]
        rows += [_hidden(found, host.plugins[found.plugin_id]) for found in host.plugins.hidden]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("id", "version", "state", "services", "path")
        table = [[", ".join(row[name]) if name == "services" else row[name] for name in columns] for row in rows]
        print_table(table, [name.upper() for name in columns])
        for row in rows:
            if row["reason"]:
                click.echo(f"\n{row['id']} is {row['state']}: {row['reason']}")
    else:
        click.echo("no plugins found")


@command.command("info")
@click.argument("plugin_id", metavar="ID")
@json_option
@click.pass_obj
def info(options: Options, plugin_id: str, as_json: bool) -> None:
    """Show what is known of one plugin; does not start it."""
    with options.host(exclusive=False) as host:
        data = _details(find_plugin(host, plugin_id))
    if as_json:
        print_json(data)
        return
    rows = [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else value)
        for name, value in data.items()
        if value not in (None, "", [])
    ]
    print_table(rows, ("FIELD", "VALUE"))


@command.command("enable")
@click.argument("plugin_id", metavar="ID")
@click.pass_obj
def enable(options: Options, plugin_id: str) -> None:
    """Let a plugin run from now on: this one, at the place where it is."""
    with options.host(exclusive=False) as host:
        plugin = find_plugin(host, plugin_id)
        plugin.enable()
        click.echo(f"{plugin_id} is enabled ({plugin.path})")


@command.command("disable")
@click.argument("plugin_id", metavar="ID")
@click.pass_obj
def disable(options: Options, plugin_id: str) -> None:
    """Keep a plugin from running."""
    with options.host(exclusive=False) as host:
        plugin = find_plugin(host, plugin_id)
        plugin.disable()
        click.echo(f"{plugin_id} is disabled ({plugin.path})")


def _summary(plugin: Plugin) -> dict[str, Any]:
    said = plugin.info
    return {
        "id": plugin.id,
        "name": said.name,
        "version": said.version,
        "type": said.type,
        "state": str(plugin.state),
        "reason": plugin.reason,
        "pid": plugin.pid,
        "services": list(plugin.services),
        "path": display(str(plugin.path)) if plugin.path else None,
    }


def _hidden(found: Found, by: Plugin) -> dict[str, Any]:
    manifest = found.manifest
    return {
        "id": found.plugin_id,
        "name": manifest.name if manifest else "",
        "version": manifest.version if manifest else "",
        "type": manifest.type if manifest else "",
        "state": "invalid" if manifest is None else "disabled",
        "reason": f"hidden by {display(str(by.path))}" if manifest else "; ".join(map(str, found.errors)),
        "pid": None,
        "services": sorted(manifest.capabilities) if manifest else [],
        "path": display(str(found.directory)),
    }


def _details(plugin: Plugin) -> dict[str, Any]:
    said = plugin.info
    names = ("description", "author", "website", "repository", "license")
    data = {**_summary(plugin), **{name: getattr(said, name) for name in names}, "tags": list(said.tags)}
    pin = plugin.pinned
    data["pinned"] = {"entry": pin.entry, "tree": pin.tree} if pin is not None else None
    if plugin.manifest is not None:
        data["entry_point"] = plugin.manifest.entry_point
        data["permissions"] = [
            f"{permission.resource}: {', '.join(permission.actions)}" for permission in plugin.manifest.permissions
        ]
        data["runtime"] = attrs.asdict(plugin.manifest.runtime)
        data["warnings"] = [str(warning) for warning in plugin.manifest.warnings]
    return data
