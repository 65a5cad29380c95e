"""``viewra plugins enable|disable|load|unload|restart|reload|unquarantine``: on the host that runs, or without one."""

from __future__ import annotations

from typing import Any

import attrs
import click

from viewra.cli._control import alone, ask, ask_or_do, no_host
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_text

_plugin_id = click.argument("plugin_id", metavar="ID")


@click.command("enable")
@_plugin_id
@json_option
@click.pass_obj
def enable_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Let a plugin run from now on: this one, at the place where it is."""
    _show(ask_or_do(options, "enable", plugin_id=plugin_id), as_json)


@click.command("disable")
@_plugin_id
@json_option
@click.pass_obj
def disable_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Stop a plugin and keep it from running."""
    _show(ask_or_do(options, "disable", plugin_id=plugin_id), as_json)


@click.command("unquarantine")
@_plugin_id
@json_option
@click.pass_obj
def unquarantine_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Let a plugin start again although it crashed too often."""
    _show(ask_or_do(options, "unquarantine", plugin_id=plugin_id), as_json)


@click.command("load")
@_plugin_id
@json_option
@click.pass_obj
def load_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Start a plugin now; where no host runs, start it, say how that went and stop it."""
    _show(_running(options, "load", plugin_id), as_json)


@click.command("restart")
@_plugin_id
@json_option
@click.pass_obj
def restart_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Stop a plugin and start it again, with the code and settings that it has now."""
    _show(_running(options, "restart", plugin_id), as_json)


@click.command("reload")
@_plugin_id
@json_option
@click.pass_obj
def reload_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Go over to the code that is on disk now, once it has proved to start; no call is lost."""
    _show(_running(options, "reload", plugin_id), as_json)


@click.command("unload")
@_plugin_id
@json_option
@click.pass_obj
def unload_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Stop a plugin of the running host, until it is loaded again."""
    done = ask(options.directory, "unload", plugin_id=plugin_id)
    if done is None:
        raise no_host(
            options.directory,
            "no plugin runs there to be unloaded",
            hint=f"to keep it from running from now on: viewra plugins disable {plugin_id}",
        )
    _show(done, as_json)


def _running(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """Start a plugin in one way or another; a host of the command's own shows only that it starts."""
    done: dict[str, Any] | None = ask(options.directory, command, plugin_id=plugin_id)
    if done is not None:
        return {**done, "stays": True}
    if options.log_level == "warning":  # what would be shown is in the error, too
        options = attrs.evolve(options, log_level="critical")
    done = alone(options, "load", plugin_id=plugin_id)
    said = f"{done['said']}\nit was stopped again: no host runs on {options.directory} to keep it"
    return {**done, "said": said, "stays": False}


def _show(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print_text(done["said"])
