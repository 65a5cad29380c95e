"""``viewra plugins enable|grant|revoke``: what the operator lets a plugin do."""

from __future__ import annotations

import sys
from typing import Any

import click

from viewra.cli._control import ask_or_do
from viewra.cli._options import Options
from viewra.cli._output import confirm, json_option, print_json, print_line, print_text

_NAMES = click.argument("names", nargs=-1, required=True, metavar="RESOURCE:ACTION…")


@click.command("enable", help="Let a plugin run from now on: this one, at the place where it is.")
@click.argument("plugin_id", metavar="ID")
@click.option("--grant-requested", is_flag=True, help="Let it do all that it asks for, without a question.")
@json_option
@click.pass_obj
def enable(options: Options, plugin_id: str, grant_requested: bool, as_json: bool) -> None:
    """Enable it; what it asks for is shown, and asked about where there is somebody to answer."""
    shown = ask_or_do(options, "grant", plugin_id=plugin_id, names=[])
    asked = shown["permissions"]
    open_ = [one for one in asked if not one["granted"]]
    sandbox = ask_or_do(options, "info", plugin_id=plugin_id)["sandbox"]
    if sandbox is None or sandbox["backend"] == "off":  # nothing holds it to what is granted
        open_ = []
    if open_ and not grant_requested and not as_json:
        print_text(shown["said"])
        if sys.stdin.isatty():
            grant_requested = confirm("May it?")
    if open_ and grant_requested:
        ask_or_do(options, "grant_requested", plugin_id=plugin_id)
    done = ask_or_do(options, "enable", plugin_id=plugin_id)
    if as_json:
        print_json(done)
        return
    print_text(done["said"])
    if open_ and not grant_requested:
        names = " ".join(f"{one['resource']}:{one['action']}" for one in open_)
        print_line(f"it runs without what it asks for; to grant that: viewra plugins grant {plugin_id} {names}")


@click.command("grant", help="Let a plugin do what it asks for: its running processes are replaced, with no call lost.")
@click.argument("plugin_id", metavar="ID")
@_NAMES
@click.option("--path", "paths", multiple=True, metavar="DIR", help="Only below this folder (repeatable).")
@json_option
@click.pass_obj
def grant(options: Options, plugin_id: str, names: tuple[str, ...], paths: tuple[str, ...], as_json: bool) -> None:
    """Grant what is named."""
    _show(ask_or_do(options, "grant", plugin_id=plugin_id, names=list(names), paths=list(paths)), as_json)


@click.command("revoke", help="Let a plugin do something no more: its running processes are replaced.")
@click.argument("plugin_id", metavar="ID")
@_NAMES
@json_option
@click.pass_obj
def revoke(options: Options, plugin_id: str, names: tuple[str, ...], as_json: bool) -> None:
    """Revoke what is named."""
    _show(ask_or_do(options, "revoke", plugin_id=plugin_id, names=list(names)), as_json)


def _show(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print_text(done["said"])


GRANT_COMMANDS = (enable, grant, revoke)
