"""``viewra plugins enable|disable|load|unload|restart|reload|unquarantine|pin|unpin``: what is done to one plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import click

from viewra.cli._control import alone, ask, ask_or_do, no_host
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_text

Do = Callable[[Options, str, str], dict[str, Any]]
"""Does a command of this name to the plugin of this id, and gives what is said of it."""


def _remembered(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """What is remembered: a running host does it at once, and the next one finds it done."""
    done: dict[str, Any] = ask_or_do(options, command, plugin_id=plugin_id)
    return done


def _starting(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """Start a plugin in one way or another; a host of the command's own shows only that it starts."""
    done: dict[str, Any] | None = ask(options.directory, command, plugin_id=plugin_id)
    if done is not None:
        return {**done, "stays": True}
    if options.log_level == "warning":  # what would be shown is in the error, too
        options = attrs.evolve(options, log_level="critical")
    done = alone(options, "load", plugin_id=plugin_id)
    said = f"{done['said']}\nit was stopped again: no host runs on {options.directory} to keep it"
    return {**done, "said": said, "stays": False}


def _running(options: Options, command: str, plugin_id: str) -> dict[str, Any]:
    """What makes sense only while a host runs."""
    done: dict[str, Any] | None = ask(options.directory, command, plugin_id=plugin_id)
    if done is None:
        raise no_host(
            options.directory,
            f"no plugin runs there to be {command}ed",
            hint=f"to keep it from running from now on: viewra plugins disable {plugin_id}",
        )
    return done


_COMMANDS: dict[str, tuple[Do, str]] = {
    "disable": (_remembered, "Stop a plugin and keep it from running."),
    "load": (_starting, "Start a plugin now; where no host runs, start it, say how that went and stop it."),
    "unload": (_running, "Stop a plugin of the running host, until it is loaded again."),
    "restart": (_starting, "Stop a plugin and start it again, with the code and settings that it has now."),
    "reload": (_starting, "Go over to the code that is on disk now, once it has proved to start; no call is lost."),
    "unquarantine": (_remembered, "Let a plugin start again although it crashed too often."),
    "pin": (_remembered, "Run a plugin only with the code that it has now; changed code is refused until another pin."),
    "unpin": (_remembered, "Let any code of a plugin run."),
}


def _command(name: str, do: Do, about: str) -> click.Command:
    @click.command(name, help=about)
    @click.argument("plugin_id", metavar="ID")
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
