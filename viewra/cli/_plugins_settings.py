"""``viewra plugins settings ID [KEY=VALUE…]``."""

from __future__ import annotations

import json
from typing import Any

import click

from viewra.cli._control import ask_or_do
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.errors import UsageError


@click.command("settings")
@click.argument("plugin_id", metavar="ID")
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--unset", multiple=True, metavar="KEY", help="Go back to the manifest's default (repeatable).")
@click.option("--runtime", is_flag=True, help="Those that say how it is run: deadlines, restarts, health checks …")
@json_option
@click.pass_obj
def settings_command(
    options: Options, plugin_id: str, assignments: tuple[str, ...], unset: tuple[str, ...], runtime: bool, as_json: bool
) -> None:
    """Show a plugin's settings, or change some of them.

    What was changed reaches the plugin when it starts the next time. A secret's value is never shown.
    """
    pairs = dict(pair(assignment) for assignment in assignments)
    asked = {"plugin_id": plugin_id, "assign": pairs, "unset": list(unset), "runtime": runtime}
    answer = ask_or_do(options, "settings", **asked)
    shown = answer["settings"]
    if as_json:
        print_json(shown)
    elif shown:
        rows = [(one["key"], _value(one), one["source"], one["constraint"] or one["type"]) for one in shown]
        print_table(rows, ("KEY", "VALUE", "FROM", "ALLOWED"))
    else:
        print_line(f"{plugin_id} has no settings")
    if answer["pid"] is not None and (pairs or unset):
        print_line(
            f"{plugin_id} runs with what it started with (process {answer['pid']}): viewra plugins reload {plugin_id}",
            err=True,
        )


def pair(assignment: str) -> tuple[str, str]:
    """``KEY=VALUE`` in its two parts; raises UsageError for what is none."""
    key, equals, text = assignment.partition("=")
    if not equals or not key:
        raise UsageError(f"{assignment!r} sets nothing", hint="write KEY=VALUE")
    return key, text


def _value(setting: dict[str, Any]) -> str:
    if setting["secret"]:
        return "(secret)" if setting["source"] == "operator" else ""
    if setting["source"] == "unset":
        return ""
    value = setting["value"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
