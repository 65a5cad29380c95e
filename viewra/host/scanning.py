"""What a host does with its library: scans it with its plugins, searches it, and tells plugins of changes."""

from __future__ import annotations

import abc
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from viewra import library
from viewra.hooks import HostHooks
from viewra.host.registry import Registry
from viewra.library import LibraryAccess, Notifier, ScanProgress
from viewra.types import PluginState, ScanReport, SearchPage

_STOPPED = frozenset({PluginState.DISABLED, PluginState.INVALID})


class Scanning(abc.ABC):
    """The library's part of ``Host``. ``confined``: its plugins may read only folders that are libraries."""

    def __init__(self, *, confined: bool) -> None:
        self._confined = confined
        self._notifier: Notifier | None = None

    @property
    @abc.abstractmethod
    def engine(self) -> sa.Engine:
        """The host's database."""

    @property
    @abc.abstractmethod
    def hook(self) -> HostHooks:
        """The hooks of ``viewra.hookspecs``, called with keyword arguments."""

    @property
    @abc.abstractmethod
    def plugins(self) -> Registry:
        """The plugins by id."""

    @property
    def library(self) -> LibraryAccess:
        """The library: its files, albums, artists and more, by queries and page after page."""
        return LibraryAccess(self.engine)

    def scan(
        self,
        path: str | Path,
        *,
        full: bool = False,
        retry_failed: bool = False,
        cancel: threading.Event | None = None,
        progress: Callable[[ScanProgress], None] | None = None,
    ) -> ScanReport:
        """Scan a folder, which becomes a library if it is outside all; ``full`` also reads unchanged files again.

        ``retry_failed`` reads only files at which plugins failed before.
        """
        if self._confined:  # plugins may read the folder only once it is a library
            library.keep_excluded(self.engine, str(path), ())
            self.plugins.use_folders()
        return library.scan(
            self.engine,
            self.hook,
            str(path),
            full=full,
            retry_failed=retry_failed,
            media_types=self._media_types(),
            cancel=cancel,
            progress=progress,
            notifier=self._delivery(),  # the scan opens it, before its first event
        )

    def finish_notifications(
        self, timeout_s: float, *, cancel: threading.Event | None = None, stall_s: float = math.inf
    ) -> dict[str, int]:
        """Wait, at most ``timeout_s`` seconds, until listeners have all notifications. Returns the pending ones.

        It also ends if no listener makes progress for ``stall_s`` seconds.

        Scans never wait for listeners; slow ones continue while the host is open.
        """
        notifier = self._delivery()
        notifier.open()
        notifier.wait_idle(timeout_s, cancel=cancel, stall_s=stall_s)
        return notifier.pending()

    def search(self, query: str, *, limit: int = 20, offset: int = 0, plugins: bool = True) -> SearchPage:
        """Search the library and, unless ``plugins`` is false, the plugins' own sources."""
        return library.search(self.engine, self.hook if plugins else None, query, limit=limit, offset=offset)

    def _delivery(self) -> Notifier:
        """The notifier, made at first use: a host that only reads needs none."""
        if self._notifier is None:
            self._notifier = Notifier(self.engine, self.hook, lambda: set(self.plugins))
        return self._notifier

    def _end_delivery(self) -> None:
        """End the notifications, without waiting for listeners."""
        if self._notifier is not None:
            self._notifier.close(0.0)
            self._notifier = None

    def _media_types(self) -> list[Mapping[str, Sequence[str]]]:
        """The types that the manifests of plugins that may run add."""
        plugins = [plugin for plugin in self.plugins.values() if plugin.state not in _STOPPED]
        return [plugin.manifest.media_types for plugin in plugins if plugin.manifest is not None]
