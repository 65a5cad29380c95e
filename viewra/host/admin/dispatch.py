"""Runs operations by name for requests from outside, after checking the types of their arguments."""

from __future__ import annotations

import enum
import logging
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cattrs

from viewra.errors import UsageError
from viewra.host.admin import (
    asset_operations,
    calling,
    catalog_operations,
    database_operations,
    granting,
    installing_operations,
    library_operations,
    listener_operations,
    listing_operations,
    operations,
    scan_operations,
    setting_operations,
    task_operations,
    upload_operations,
    verifying_operations,
)
from viewra.host.admin.operation import OPERATIONS, Operation
from viewra.host.admin.packages import Packages
from viewra.host.admin.present import as_json
from viewra.host.packages.arriving import Arrivals
from viewra.host.packages.uploads import Uploads
from viewra.host.registry import Registry
from viewra.host.scanning import Scanning

HOMES = (
    *(operations, granting, installing_operations, catalog_operations, upload_operations, calling),
    *(library_operations, listing_operations, scan_operations, database_operations, task_operations, asset_operations),
    *(verifying_operations, listener_operations, setting_operations),
)
"""The modules whose functions are operations; importing one registers its functions in ``OPERATIONS``."""

LARGEST = 2**63
"""Whole numbers are smaller, as databases store them."""

_KINDS = {
    "str": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "list": "a list of texts",
    "dict": "values by their names",
}
"""Types of arguments, in words."""

Watcher = Callable[[Operation, Mapping[str, Any]], None]
"""Called with an operation that has changed something, and its arguments."""

log = logging.getLogger("viewra.host")


class BadArguments(UsageError):
    """The arguments do not have the names and types that the operation takes."""


class Dispatch:
    """Runs requests of the command line, the control socket and the HTTP API on one host."""

    def __init__(self, plugins: Registry, host: Scanning | None = None, catalogs: Sequence[str] = ()) -> None:
        """``catalogs`` are those to install from. Without ``host`` only the operations on plugins are known."""
        self.packages = Packages(plugins, tuple(catalogs), Uploads(plugins.data_dir), Arrivals())
        self._subjects: dict[str, object] = {"plugins": plugins, "host": host, "packages": self.packages}
        self._watchers: tuple[Watcher, ...] = ()

    def watch(self, watcher: Watcher) -> None:
        """Call this after each operation that has changed something, on the thread that ran it."""
        self._watchers = (*self._watchers, watcher)

    def offer(self, subject: str, what: object) -> None:
        """Run operations on a further subject, too."""
        self._subjects[subject] = what

    def answer(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run the operation and return JSON data; raises UsageError for an invalid request, and its own errors."""
        operation = OPERATIONS.get(name)
        if operation is None or self._subjects.get(operation.subject) is None:
            raise UsageError(f"the running host knows no command {name!r}", hint="it may have another version")
        return as_json(self.run(operation, arguments))

    def run(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """Run the operation and return its value; raises BadArguments, and its own errors."""
        value = operation.run(self._subjects[operation.subject], **_checked(operation, arguments))
        for watcher in self._watchers if operation.changes else ():
            try:
                watcher(operation, arguments)
            except Exception:  # a watcher's failure is its own
                log.exception("a watcher of operations failed")
        return value


def _checked(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        values: Any = _CONVERTER.structure(dict(arguments), operation.arguments)
    except cattrs.BaseValidationError as error:
        problems = "; ".join(map(_said, cattrs.transform_error(error, path="", format_exception=_wrong)))
        raise BadArguments(problems, hint=f"arguments: {', '.join(operation.parameters) or 'none'}") from error
    return {name: getattr(values, name) for name in operation.parameters}


def _said(problem: str) -> str:
    """What is wrong with one argument: ``repair: expected true or false``."""
    what, _, place = problem.rpartition(" @ ")
    return f"{place[1:]}: {what}" if place else what


def _wrong(error: BaseException, kind: type | None) -> str:
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"there is no argument {', '.join(sorted(map(str, error.extra_fields)))}"
    if isinstance(error, KeyError):
        return "it is missing"
    kinds: list[Any] = [one for one in (typing.get_args(kind) or (kind,)) if one is not types.NoneType]
    if typing.get_origin(kind) is typing.Literal:
        choices = [str(one) for one in kinds]
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        choices = [str(one.value) for one in kind]
    else:
        choices = [_KINDS.get(str(getattr(one, "__name__", one)), "another value") for one in kinds]
    return f"expected {' or '.join(choices)}"


def _exactly(value: Any, kind: type) -> Any:
    """A value that already has this type: cattrs would turn anything into text, and any text into True."""
    if issubclass(kind, enum.Enum):  # such as one of texts
        return kind(value)
    if type(value) is not kind:
        raise ValueError(kind)
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise ValueError("too large a number")
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a text with a null character")
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
