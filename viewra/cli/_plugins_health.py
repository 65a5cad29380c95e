"""``viewra plugins health [ID]``: whether the running plugins answer, and the health that they report."""

from __future__ import annotations

from typing import Any

import click

from viewra.cli import _completing
from viewra.cli._control import ask, no_host
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table, print_text

_TRANSPORT = {True: "answers", False: "does not answer", None: "-"}
_OWN = {True: "well", False: "not well", None: "-"}


@click.command("health")
@click.argument("plugin_id", metavar="[ID]", default="", shell_complete=_completing.plugins)
@json_option
@click.pass_obj
def health_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Check the health of the running plugins, all at once; starts none.

    PROCESS is whether the process answers, PLUGIN is the health that the plugin reports, which may depend on a remote
    site. Exit status 1: a plugin is not healthy, or does not run because it crashed.
    """
    rows = ask(options.directory, "health", plugin_id=plugin_id)
    if rows is None:
        raise no_host(
            options.directory,
            "without a host no plugin runs",
            hint="viewra plugins load ID shows whether a plugin starts",
        )
    if as_json:
        print_json(rows)
    else:
        _print(rows)
    if not all(row["well"] for row in rows):
        click.get_current_context().exit(1)


def _print(rows: list[dict[str, Any]]) -> None:
    table = [(row["id"], row["state"], _TRANSPORT[row["transport"]], _OWN[row["own"]]) for row in rows]
    print_table(table, ("ID", "STATE", "PROCESS", "PLUGIN"))
    for row in rows:
        if row["error"]:
            what = row["condition"] if row["condition"] != "unknown" else row["state"]
            print_line()
            print_text(f"{row['id']} is {what}: {row['error']}")
