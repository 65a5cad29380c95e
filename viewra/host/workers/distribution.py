"""``Distribution``: what of one scan is distributed, and the engine for it while the scan lasts."""

from __future__ import annotations

import functools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Protocol, Self

from viewra.errors import ViewraError
from viewra.host.installed.pins import holds
from viewra.host.plugin import Plugin
from viewra.host.plugin_options import PluginOptions
from viewra.host.workers import reading
from viewra.host.workers.choice import EngineChoice
from viewra.host.workers.packing import packed
from viewra.host.workers.plan import Plan, make_plan
from viewra.library.engine import Engine, PathMap
from viewra.library.paths import display
from viewra.library.remote import RemoteSession, Workers
from viewra.services import TABLES, ScraperSession

_OF_THIS_HOST = ("database:", "library:", "events:")
"""Permissions for what only the scanning host has."""

log = logging.getLogger("viewra.host")


class ClosableEngine(Engine, Protocol):
    """An engine that is open."""

    def close(self) -> None:
        """Let go of the workers, which end the plugins."""
        ...


class Distribution:
    """Use it in a ``with`` block around the scan. ``root`` gives the library's folder, once there is the library."""

    def __init__(
        self,
        choice: EngineChoice,
        plugins: Mapping[str, Plugin],
        root: Callable[[], str],
        options: PluginOptions,
        cancel: threading.Event,
    ) -> None:
        self.read: Counter[str] = Counter()
        self._choice = choice
        self._plugins = plugins
        self._root = root
        self._options = options
        self._cancel = cancel
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._resources.close()

    def sessions(self, opened: Sequence[ScraperSession]) -> list[ScraperSession]:
        """The sessions to use instead of these; raises ViewraError if no worker can be reached."""
        hashes = {}
        for one in opened:
            if reason := why_here(self._plugins[one.plugin_id]):
                log.info("plugin %s is not distributed: %s", one.plugin_id, reason)
            else:
                hashes[one.plugin_id] = one.code_hash
        if not hashes:
            return list(opened)
        paths, root = PathMap(self._choice.folders), self._root()
        for here in paths.strangers(root):
            log.warning("--map %s=… is of no use: %s is not in it, and it is not in that", display(here), display(root))
        plan = make_plan(self._plugins, hashes, root, self._options, paths)
        engine = self._open(plan)
        self._resources.callback(engine.close)

        @functools.cache
        def code_of(plugin_id: str) -> bytes:
            found = self._plugins[plugin_id].found
            if found is None:
                raise ViewraError("it is not there any more")
            return packed(found.directory, hashes[plugin_id])

        workers = Workers(engine, reading.read, plan.scan, paths, code_of, self.read)
        return [RemoteSession(one, workers) if one.plugin_id in hashes else one for one in opened]

    def _open(self, plan: Plan) -> ClosableEngine:
        if self._choice.processes:
            from viewra.host.workers.local_engine import LocalEngine  # light start: most scans have no other process

            return LocalEngine(plan, self._choice.processes)
        from viewra.host.workers.dask_engine import DaskEngine  # the same, and an extra

        return DaskEngine(plan, self._choice, self._cancel)


def why_here(plugin: Plugin) -> str:
    """Why the scanning host's own plugin reads the files, ``""`` if workers can."""
    if plugin.path is None or plugin.found is None or plugin.manifest is None:
        return "it runs in the host's process"
    if TABLES in plugin.services or TABLES in plugin.manifest.capabilities:
        return "it has a database of its own"
    for one in plugin.permissions:
        if one.granted and one.name.startswith(_OF_THIS_HOST):
            return f"it may use what only the scanning host has ({one.name})"
    if (pin := plugin.pinned) is not None and not holds(pin, plugin.found):
        return "its code differs from its pin"
    return ""
