"""``viewra plugins settings ID [KEY=VALUE…]``: shows and changes a plugin's settings."""

from __future__ import annotations

import json
from typing import Any

import click

from viewra.cli import _completing
from viewra.cli._assignments import pairs
from viewra.cli._control import ask_or_do
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table


@click.command("settings")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--unset", multiple=True, metavar="KEY", help="Go back to the manifest's default (repeatable).")
@click.option("--runtime", is_flag=True, help="The settings of how it runs: deadlines, restarts, health checks …")
@json_option
@click.pass_obj
def settings_command(
    options: Options, plugin_id: str, assignments: tuple[str, ...], unset: tuple[str, ...], runtime: bool, as_json: bool
) -> None:
    """Show a plugin's settings, or change them.

    A running plugin gets changed settings at once if it can use them so, else at its next start. Secret values are
    never shown; set one with KEY alone, which asks for it without echo, or with KEY=-, which reads standard input.
    """
    assign = pairs(assignments)
    asked = {"plugin_id": plugin_id, "runtime": runtime}
    if assign or unset:
        answer = ask_or_do(options, "assign", values=assign, unset=list(unset), **asked)
    else:
        answer = ask_or_do(options, "settings", **asked)
    shown = answer["settings"]
    if as_json:
        print_json(shown)
    elif shown:
        rows = [(one["key"], _value(one), one["source"], _allowed(one)) for one in shown]
        print_table(rows, ("KEY", "VALUE", "FROM", "ALLOWED"))
    else:
        print_line(f"{plugin_id} has no settings")
    if answer["applied"]:
        print_line(f"{plugin_id} uses them already", err=True)
    if answer["pid"] is not None and (assign or unset):
        print_line(
            f"{plugin_id} runs with its old settings (process {answer['pid']}): viewra plugins reload {plugin_id}",
            err=True,
        )


def _allowed(setting: dict[str, Any]) -> str:
    """The manifest's constraint if it fits on a line, else the type."""
    constraint = str(setting["constraint"])
    return constraint if constraint and "\n" not in constraint else str(setting["type"])


def _value(setting: dict[str, Any]) -> str:
    if setting["secret"]:
        return "(secret)" if setting["source"] == "operator" else ""
    if setting["source"] == "unset":
        return ""
    value = setting["value"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
