"""Runs a plugin's entry point up to its call of ``serve``, for programs that want the plugin object itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from viewra import sdk
from viewra.errors import ViewraError
from viewra.services import SERVICES, Implementation, Services


class _Served(BaseException):
    """Carries the plugin that the entry point served. A BaseException, so that no ``except Exception`` catches it."""

    def __init__(self, plugin: Implementation) -> None:
        self.plugin = plugin


def plugin_of(entry: Path) -> Implementation:
    """The plugin that an entry point serves. Raises its exceptions, and ViewraError if it serves none.

    The entry point runs as ``__main__`` of this process, with its folder on the import path; ``serve`` no longer works
    in the process after that.
    """

    def caught(
        plugin: Implementation | None = None,
        *,
        versions: Mapping[int, Implementation] | None = None,
        services: Services = SERVICES,
    ) -> NoReturn:
        del services  # the plugin is only looked at
        served = plugin if plugin is not None else versions[max(versions)] if versions else None
        if served is None:
            raise ViewraError("its entry point serves no plugin")
        raise _Served(served)

    sdk.serve = caught
    sys.modules["viewra.sdk.serve"].serve = caught  # type: ignore[attr-defined]
    main = ModuleType("__main__")
    main.__file__ = str(entry)
    sys.modules["__main__"] = main
    sys.argv[:] = [str(entry)]
    if str(entry.parent) not in sys.path:
        sys.path.insert(0, str(entry.parent))
    try:
        exec(compile(entry.read_bytes(), entry, "exec"), main.__dict__)  # noqa: S102 - running the plugin is the purpose
    except _Served as served:
        return served.plugin
    raise ViewraError("its entry point serves no plugin")
