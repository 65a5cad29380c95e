"""Dispatches requests from outside to the functions of ``viewra.host.admin.operations``, arguments checked first."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from viewra.errors import UsageError
from viewra.host.admin import operations
from viewra.host.registry import Registry

COMMANDS: Mapping[str, Callable[..., Any]] = {
    "ping": operations.ping,
    "list": operations.list_,
    "info": operations.info,
    "stats": operations.stats,
    "health": operations.health,
    "enable": operations.enable,
    "disable": operations.disable,
    "load": operations.load,
    "unload": operations.unload,
    "restart": operations.restart,
    "reload": operations.reload,
    "unquarantine": operations.unquarantine,
    "uninstall": operations.uninstall,
    "settings": operations.settings,
}

_KINDS: Mapping[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "list[str]": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "dict[str, str]": lambda value: isinstance(value, dict) and all(isinstance(one, str) for one in value.values()),
}
"""Whether a value from outside is what an operation's parameter is annotated with."""


class Commands:
    """What the control socket asks of one host's plugins."""

    def __init__(self, plugins: Registry) -> None:
        self._plugins = plugins

    def answer(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """Do what is asked; raises UsageError for what cannot be asked, and what the operation raises."""
        operation = COMMANDS.get(command)
        if operation is None:
            raise UsageError(f"the running host knows no command {command!r}", hint="is it of another version?")
        parameters = list(inspect.signature(operation).parameters.values())[1:]
        expected = {parameter.name: _KINDS[str(parameter.annotation)] for parameter in parameters}
        for name, value in arguments.items():
            if name not in expected or not expected[name](value):
                raise UsageError(f"the running host takes no {name!r} like this for {command!r}")
        if missing := [one.name for one in parameters if one.default is one.empty and one.name not in arguments]:
            raise UsageError(f"the command {command!r} needs {', '.join(missing)}")
        return operation(self._plugins, **arguments)
