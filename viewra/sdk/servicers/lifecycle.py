"""The plugin's side of ``plugin.PluginService``; its mirror image is viewra/adapters/lifecycle.py."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import attrs

from viewra.codec import lifecycle as codec
from viewra.sdk.about import Complete
from viewra.sdk.log import Logger
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import Implementation
from viewra.types import PluginContext, PluginInfo


class Lifecycle:
    """Runs a plugin's lifecycle, and calls ``stop`` once for each ``start``."""

    def __init__(self, plugin: Implementation, log: Logger, complete: Complete | None = None) -> None:
        self._complete = complete
        self._plugin = plugin
        self._log = log
        self._running = False
        self._lock = threading.Lock()

    def initialize(self, context: PluginContext) -> None:
        """Set context and logger if the plugin accepts them, then initialize it."""
        bind = getattr(self._plugin, "bind", None)
        if bind is not None:
            bind(context=context, log=self._log.at_level(context.log_level))
        self._plugin.initialize(context)

    def apply_settings(self, config: Mapping[str, str]) -> None:
        """Have the plugin use other settings; those of before again if it refuses them."""
        plugin: Any = self._plugin  # one of viewra.sdk.Plugin: see handlers
        before: PluginContext = plugin.context
        plugin.bind(context=attrs.evolve(before, config=dict(config)))
        try:
            plugin.on_settings_changed()
        except BaseException:
            plugin.bind(context=before)
            raise

    def info(self) -> PluginInfo:
        """The plugin's info, before ``initialize`` too; completed for a host that does not read the manifest."""
        said = self._plugin.info()
        return said if self._complete is None else self._complete(said)

    def start(self) -> None:
        """Start the plugin."""
        self._plugin.start()
        with self._lock:
            self._running = True

    def quiesce(self) -> None:
        """Quiesce a plugin that supports it."""
        quiesce = getattr(self._plugin, "quiesce", None)
        if quiesce is not None:
            quiesce()

    def stop(self) -> None:
        """Stop the plugin if it is started."""
        with self._lock:
            running, self._running = self._running, False
        if running:
            self._plugin.stop()


def handlers(plugin: Implementation, lifecycle: Lifecycle) -> list[Handler]:
    """The procedures of the lifecycle."""
    found = [
        handle(codec.INITIALIZE, lifecycle.initialize),
        handle(codec.START, lifecycle.start),
        handle(codec.QUIESCE, lifecycle.quiesce),
        handle(codec.STOP, lifecycle.stop),
        handle(codec.INFO, lifecycle.info),
        handle(codec.HEALTH, plugin.health),
    ]
    if all(callable(getattr(plugin, name, None)) for name in ("on_settings_changed", "bind")):
        found.append(handle(codec.APPLY, lifecycle.apply_settings))
    return found
