"""``viewra plugins enable|grant|revoke``: the permissions that the operator gives a plugin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from viewra.cli import _completing
from viewra.cli._control import ask_or_do
from viewra.cli._options import Options
from viewra.cli._output import confirm, json_option, print_json, print_line, print_text
from viewra.hosts import FETCH

_NAMES = click.argument("names", nargs=-1, metavar="RESOURCE:ACTION…")


@click.command("enable", help="Let the plugin at its present path run from now on.")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@click.option("--grant-requested", is_flag=True, help="Grant all permissions that it requests, without asking.")
@json_option
@click.pass_obj
def enable(options: Options, plugin_id: str, grant_requested: bool, as_json: bool) -> None:
    """Enable the plugin; show the permissions that it requests, and ask about them on a terminal."""
    shown = ask_or_do(options, "grant", plugin_id=plugin_id, names=[])
    asked = shown["permissions"]
    open_ = [one for one in asked if not one["granted"]]
    enforced = ask_or_do(options, "info", plugin_id=plugin_id)["sandbox"]["backend"] != "off"
    if open_ and enforced and not grant_requested and not as_json:
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
    if open_ and enforced and not grant_requested:
        names = " ".join(f"{one['resource']}:{one['action']}" for one in open_)
        print_line(
            f"it runs without the permissions that it requests; to grant them: viewra plugins grant {plugin_id} {names}"
        )


@click.command(
    "grant", help="Grant permissions that a plugin requests; its running processes are replaced, with no call lost."
)
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@_NAMES
@click.option("--path", "paths", multiple=True, metavar="DIR", help="Only below this folder (repeatable).")
@click.option(
    "--library",
    "libraries",
    multiple=True,
    metavar="LIBRARY",
    help="Only this library, by its path or its folder's name (repeatable).",
)
@click.option(
    "--host", "hosts", multiple=True, metavar="HOST", help=f"Only this host of {FETCH}, which it means (repeatable)."
)
@json_option
@click.pass_obj
def grant(
    options: Options,
    plugin_id: str,
    names: tuple[str, ...],
    paths: tuple[str, ...],
    libraries: tuple[str, ...],
    hosts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Grant the named permissions."""
    # A running host has a working directory of its own.
    scope = {
        "paths": [_absolute(path) for path in paths],
        "libraries": [_absolute(one) if "/" in one else one for one in libraries],
        "hosts": list(hosts),
    }
    _show(ask_or_do(options, "grant", plugin_id=plugin_id, names=_named(names, hosts), **scope), as_json)


def _named(names: tuple[str, ...], hosts: tuple[str, ...]) -> list[str]:
    """The permissions that are meant: hosts name one, too."""
    if not names and not hosts:
        raise click.UsageError("Missing argument 'RESOURCE:ACTION…'.")
    return list(names) or [FETCH]


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


@click.command("revoke", help="Revoke a plugin's permissions; its running processes are replaced.")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@_NAMES
@click.option("--host", "hosts", multiple=True, metavar="HOST", help=f"Only this granted host of {FETCH} (repeatable).")
@json_option
@click.pass_obj
def revoke(options: Options, plugin_id: str, names: tuple[str, ...], hosts: tuple[str, ...], as_json: bool) -> None:
    """Revoke the named permissions."""
    arguments = {"names": _named(names, hosts), "hosts": list(hosts)}
    _show(ask_or_do(options, "revoke", plugin_id=plugin_id, **arguments), as_json)


def _show(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print_text(done["said"])


GRANT_COMMANDS = (enable, grant, revoke)
