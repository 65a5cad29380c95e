"""``viewra plugins settings ID [KEY=VALUE…]``."""

from __future__ import annotations

import json

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_table
from viewra.cli._plugins_find import find_plugin
from viewra.errors import UsageError
from viewra.host import Setting


@click.command("settings")
@click.argument("plugin_id", metavar="ID")
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--unset", multiple=True, metavar="KEY", help="Go back to the manifest's default (repeatable).")
@json_option
@click.pass_obj
def settings_command(
    options: Options, plugin_id: str, assignments: tuple[str, ...], unset: tuple[str, ...], as_json: bool
) -> None:
    """Show a plugin's settings, or change some of them.

    What was changed reaches the plugin when it starts the next time. A secret's value is never shown.
    """
    with options.host(exclusive=False) as host:
        settings = find_plugin(host, plugin_id).settings
        pairs = [pair(assignment) for assignment in assignments]
        if pairs or unset:
            settings.change({key: settings.parse(key, text) for key, text in pairs}, unset)
        shown = settings.shown()
    if as_json:
        print_json([attrs.asdict(setting) for setting in shown])
    elif shown:
        rows = [(setting.key, _value(setting), setting.source, setting.constraint or setting.type) for setting in shown]
        print_table(rows, ("KEY", "VALUE", "FROM", "ALLOWED"))
    else:
        click.echo(f"{plugin_id} has no settings")


def pair(assignment: str) -> tuple[str, str]:
    """``KEY=VALUE`` in its two parts; raises UsageError for what is none."""
    key, equals, text = assignment.partition("=")
    if not equals or not key:
        raise UsageError(f"{assignment!r} sets nothing", hint="write KEY=VALUE")
    return key, text


def _value(setting: Setting) -> str:
    if setting.secret:
        return "(secret)" if setting.source == "operator" else ""
    if setting.source == "unset":
        return ""
    return setting.value if isinstance(setting.value, str) else json.dumps(setting.value, ensure_ascii=False)
