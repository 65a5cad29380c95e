"""``viewra plugins enable|disable|load|unload|restart|reload|unquarantine|pin|unpin``: commands for one plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from viewra.cli import _completing
from viewra.cli._control import alone, ask, ask_or_do, no_host
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_text

Do = Callable[[Options, str, str], dict[str, Any]]
"""Runs the command of this name for the plugin of this id, and returns its message."""


def _remembered(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """For commands whose result is stored: a running host acts at once, and the next host reads it."""
    done: dict[str, Any] = ask_or_do(options, command, plugin_id=plugin_id)
    return done


def _starting(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """For commands that start a plugin; a host of the command's own only shows whether it starts."""
    done: dict[str, Any] | None = ask(options.directory, command, plugin_id=plugin_id)
    if done is not None:
        return {**done, "stays": True}
    if options.log_level == "warning":  # the error contains what the log would show
        options = options._replace(log_level="critical")
    done = alone(options, "load", plugin_id=plugin_id)
    said = f"{done['said']}\nit was stopped again: no host runs on {options.directory} to keep it"
    return {**done, "said": said, "stays": False}


def _running(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """For commands that need a running host."""
    done: dict[str, Any] | None = ask(options.directory, command, plugin_id=plugin_id)
    if done is None:
        raise no_host(
            options.directory,
            f"without a host no plugin runs that could be {command}ed",
            hint=f"to keep it from running from now on: viewra plugins disable {plugin_id}",
        )
    return done


_COMMANDS: dict[str, tuple[Do, str]] = {
    "disable": (_remembered, "Stop a plugin and keep it from running."),
    "load": (_starting, "Start a plugin now; without a host, start it, show the result and stop it."),
    "unload": (_running, "Stop a plugin of the running host, until it is loaded again."),
    "restart": (_starting, "Stop a plugin and start it again, with the code and settings that it has now."),
    "reload": (_starting, "Replace the running code with that on disk, if it starts; no call is lost."),
    "unquarantine": (_remembered, "Let a plugin start again that crashed too often."),
    "pin": (_remembered, "Pin a plugin to its present code; changed code is refused until it is pinned again."),
    "unpin": (_remembered, "Remove a plugin's pin."),
}


def _command(name: str, do: Do, about: str) -> click.Command:
    @click.command(name, help=about)
    @click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
    @json_option
    @click.pass_obj
    def command(options: Options, plugin_id: str, as_json: bool) -> None:
        done = do(options, name, plugin_id)
        if as_json:
            print_json(done)
        else:
            print_text(done["said"])

    return command


LIFE_COMMANDS = [_command(name, do, about) for name, (do, about) in _COMMANDS.items()]
