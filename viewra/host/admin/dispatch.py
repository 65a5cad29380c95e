"""Runs operations by name for requests from outside, after checking the types of their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cattrs

from viewra.errors import UsageError
from viewra.host.admin import granting, operations
from viewra.host.admin.operation import OPERATIONS, Operation
from viewra.host.admin.present import as_json
from viewra.host.registry import Registry

HOMES = (operations, granting)
"""The modules whose functions are operations; importing one registers its functions in ``OPERATIONS``."""


class Dispatch:
    """Runs requests of the command line and the control socket on one host's plugins."""

    def __init__(self, plugins: Registry) -> None:
        self._plugins = plugins

    def answer(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run the operation and return JSON data; raises UsageError for an invalid request, and its own errors."""
        operation = OPERATIONS.get(name)
        if operation is None:
            raise UsageError(f"the running host knows no command {name!r}", hint="it may have another version")
        return as_json(operation.run(self._plugins, **_checked(operation, arguments)))


def _checked(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        values: Any = _CONVERTER.structure(dict(arguments), operation.arguments)
    except cattrs.BaseValidationError as error:
        problems = "; ".join(cattrs.transform_error(error, path="arguments"))
        raise UsageError(f"the command {operation.name!r} cannot be asked like this: {problems}") from error
    return {name: getattr(values, name) for name in operation.parameters}


def _exactly(value: Any, kind: type) -> Any:
    """A value that already has this type: cattrs would turn anything into text, and any text into True."""
    if type(value) is not kind:
        raise ValueError(kind)
    return value


_CONVERTER = cattrs.Converter(forbid_extra_keys=True)
for _kind in (str, bool, int, float):
    _CONVERTER.register_structure_hook(_kind, _exactly)


def _list(value: Any, kind: Any) -> list[Any]:
    if type(value) is not list:
        raise ValueError(list)
    (inner,) = kind.__args__
    return [_CONVERTER.structure(one, inner) for one in value]


_CONVERTER.register_structure_hook_func(lambda kind: getattr(kind, "__origin__", None) is list, _list)
