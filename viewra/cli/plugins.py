"""``viewra plugins list|info``, and the group of the other commands on plugins."""

from __future__ import annotations

from typing import Any

import click

from viewra.cli import _completing
from viewra.cli._control import alone, ask, ask_or_do
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table, print_text
from viewra.cli._plugins_call import call_command
from viewra.cli._plugins_check import check_command
from viewra.cli._plugins_debug import debug_command
from viewra.cli._plugins_dev import dev_command
from viewra.cli._plugins_events import events_command
from viewra.cli._plugins_grant import GRANT_COMMANDS
from viewra.cli._plugins_health import health_command
from viewra.cli._plugins_install import INSTALL_COMMANDS
from viewra.cli._plugins_life import LIFE_COMMANDS
from viewra.cli._plugins_logs import logs_command
from viewra.cli._plugins_new import new_command
from viewra.cli._plugins_search import search_command
from viewra.cli._plugins_settings import settings_command
from viewra.cli._plugins_stats import stats_command
from viewra.cli._plugins_test import test_command
from viewra.cli._plugins_uninstall import uninstall_command

_COMMANDS = (
    *LIFE_COMMANDS,
    *GRANT_COMMANDS,
    health_command,
    stats_command,
    check_command,
    logs_command,
    events_command,
    settings_command,
    *INSTALL_COMMANDS,
    uninstall_command,
    search_command,
    new_command,
    call_command,
    dev_command,
    test_command,
    debug_command,
)


@click.group("plugins")
@click.option("--reattach", multiple=True, metavar="ID=JSON", help="Same as the global option.")
@click.pass_context
def command(ctx: click.Context, reattach: tuple[str, ...]) -> None:
    """List plugins, enable and disable them, start and stop them, check and configure them.

    If a host runs on the data directory, for example a scan, the command is sent to it.
    """
    ctx.obj = ctx.obj._replace(reattach=(*ctx.obj.reattach, *reattach))


for _command in _COMMANDS:
    command.add_command(_command)


@command.command("list")
@json_option
@click.pass_obj
def list_(options: Options, as_json: bool) -> None:
    """List all plugins with their states; starts none."""
    rows = _rows(options)
    if as_json:
        print_json(rows)
    elif rows:
        table = [(row["id"], row["version"], _state(row), ", ".join(row["services"]), row["path"]) for row in rows]
        print_table(table, ("ID", "VERSION", "STATE", "SERVICES", "PATH"))
        for row in rows:
            _print_reasons(row)
    else:
        print_line("no plugins found")


@command.command("info")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@json_option
@click.pass_obj
def info(options: Options, plugin_id: str, as_json: bool) -> None:
    """Show one plugin; does not start it."""
    data = _details(options, plugin_id)
    if as_json:
        print_json(data)
        return
    shown = {
        **data,
        "permissions": [_permission(one) for one in data.get("permissions") or ()],
        "progress": [_progress(one) for one in data["progress"]],
        "notices": [
            one["text"] if one["level"] == "info" else f"{one['level']}: {one['text']}" for one in data["notices"]
        ],
        "state": _state(data),
        "health": (data["health"] or {}).get("condition"),
        "reason": None,
    }
    print_table([row for name, value in shown.items() for row in _fields(name, value)], ("FIELD", "VALUE"))
    _print_reasons(data)


def _permission(one: dict[str, Any]) -> str:
    only = [*one["paths"], *one["hosts"], *(f"port {port}" for port in one["ports"]), *one["names"]]
    granted = "granted" if one["granted"] else "not granted"
    beside = f"; it also asks for {', '.join(one['withheld'])}" if one["withheld"] else ""
    return f"{one['resource']}:{one['action']} ({granted}{'; only ' if only else ''}{', '.join(only)}{beside})"


def _progress(one: dict[str, Any]) -> str:
    done = f"{one['done']:g} of {one['total']:g}" if one["total"] is not None else f"{one['done']:g}"
    return f"{one['name']}: {done} {one['text']}".rstrip()


def _rows(options: Options) -> list[dict[str, Any]]:
    """The plugins of the running host, and those in directories that only this command knows."""
    rows: list[dict[str, Any]] | None = ask(options.directory, "list") if not options.reattach else None
    if rows is not None and not options.plugins:
        return rows
    looked_up: list[dict[str, Any]] = alone(options, "list", exclusive=False)
    if rows is None:
        return looked_up
    known = {(row["id"], row["path"]) for row in rows}
    return rows + [row for row in looked_up if (row["id"], row["path"]) not in known]


def _details(options: Options, plugin_id: str) -> dict[str, Any]:
    data: dict[str, Any] = ask_or_do(options, "info", plugin_id=plugin_id)
    return data


def _fields(name: str, value: object) -> list[tuple[str, object]]:
    """A field as rows of a table; fields inside an object are prefixed with the object's name."""
    if isinstance(value, dict):
        return [row for key, one in value.items() for row in _fields(f"{name}.{key}", one)]
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, float):
        value = f"{value:g}"
    return [(name, value)] if value not in (None, "") else []


def _ailing(row: dict[str, Any]) -> bool:
    return row["health"] is not None and row["health"]["condition"] in {"degraded", "unhealthy"}


def _state(row: dict[str, Any]) -> str:
    return f"{row['state']}, {row['health']['condition']}" if _ailing(row) else row["state"]


def _print_reasons(row: dict[str, Any]) -> None:
    """Say why a plugin does not run, or is ailing; one that nobody enabled needs no other reason."""
    reasons = [(row["state"], row["reason"])] if row["state"] != "disabled" else []
    reasons += [(row["health"]["condition"], row["health"]["error"])] if _ailing(row) else []
    for what, reason in reasons:
        if reason:
            print_line()
            print_text(f"{row['id']} is {what}: {reason}")
