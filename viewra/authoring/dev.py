"""Runs a plugin while its author works on it: each change of its code is built, loaded, and tried on the library."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol

from viewra.authoring.targets import Target, build
from viewra.authoring.traces import OwnLine
from viewra.authoring.trial import Trial, line_of, try_out
from viewra.authoring.workshop import Workshop
from viewra.errors import PluginError, ViewraError
from viewra.host.installed.code_hash import code_hash
from viewra.host.plugin import Plugin
from viewra.host.watch.watcher import CodeWatcher
from viewra.library.interrupt import Escalation, handled
from viewra.types import PluginState

LOOK_S = 0.25
"""Seconds between two looks at the settings."""


class Teller(Protocol):
    """Shows the author what happens."""

    def started(self, plugin: Plugin, seconds: float) -> None:
        """The plugin runs with its present code, which took ``seconds`` to start."""
        ...

    def failed(self, plugin: Plugin, error: ViewraError, line: OwnLine | None) -> None:
        """The present code cannot be used, because of this line of it, if that is known; older code may go on."""
        ...

    def tried(self, trial: Trial) -> None:
        """The library was scanned."""
        ...

    def waiting(self) -> None:
        """Nothing happens until the code changes."""
        ...


class Development:
    """One author's session with a plugin; ``run`` goes on until Ctrl-C. Changed settings count as a change."""

    def __init__(self, workshop: Workshop, target: Target, teller: Teller) -> None:
        self._workshop = workshop
        self._target = target
        self._teller = teller
        self._tried = ""
        self._tried_settings: Mapping[str, object] = {}
        self._wake = threading.Event()
        self._cancel = threading.Event()

    def run(self) -> None:
        """Load the plugin and try it, now and after each change, until SIGINT, SIGTERM or SIGHUP."""
        with self._until_cancelled(), CodeWatcher(lambda _directory: self._wake.set(), lambda: None) as watcher:
            watcher.watch_plugin(self._workshop.directory)
            while not self._cancel.is_set():
                self._wake.clear()
                if self.once() and not self._cancel.is_set():
                    self._teller.waiting()
                while not self._wake.wait(LOOK_S):  # a signal that another thread gets is handled by this one
                    if self._settings() != self._tried_settings:
                        break

    def once(self) -> bool:
        """Load the present code and try it; False if it is the code that was tried before."""
        plugin = self._workshop.plugin
        began, before = time.monotonic(), plugin.logs
        try:
            self._build()
            present, settings = code_hash(self._workshop.directory), self._settings()
            if present == self._tried and settings == self._tried_settings:  # a build changes files, too
                return False
            self._tried, self._tried_settings = present, settings
            _load(plugin)
            self._teller.started(plugin, time.monotonic() - began)
            trial = try_out(self._workshop, self._cancel)
            if not self._cancel.is_set():
                self._teller.tried(trial)
        except ViewraError as error:
            if not self._cancel.is_set():
                line = line_of(self._workshop, error, before) if isinstance(error, PluginError) else None
                self._teller.failed(plugin, error, line)
        return True

    def _build(self) -> None:
        try:
            build(self._target)
        except ViewraError:
            self._tried = ""  # what it goes back to then is tried again
            raise

    def _settings(self) -> Mapping[str, object]:
        """What was set in another terminal; the last known where the manifest is not valid."""
        try:
            return self._workshop.plugin.settings.operator()
        except ViewraError:
            return self._tried_settings

    def _stop(self) -> None:
        """Have neither a start nor a call that hangs hold up the end."""
        self._workshop.host.plugins.begin_close()
        with suppress(ViewraError):
            self._workshop.plugin.unload()

    @contextmanager
    def _until_cancelled(self) -> Iterator[None]:
        def cancelled() -> None:
            # This is a signal handler, and the lock may be taken.
            threading.Thread(target=self._stop, name="stop-plugin", daemon=True).start()
            self._wake.set()

        with handled(Escalation(self._cancel, cancelled)):
            yield


def _load(plugin: Plugin) -> None:
    """Use the code on disk, and have it run."""
    plugin.reload()
    if plugin.state is PluginState.QUARANTINED:  # it crashed too often, with code that has changed since
        plugin.unquarantine()
    if plugin.state is not PluginState.RUNNING:
        plugin.load()
