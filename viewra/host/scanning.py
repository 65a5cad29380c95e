"""What a host does with its library and its plugins' tasks: scans, searches, tells of changes, executes tasks."""

from __future__ import annotations

import abc
import logging
import math
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from viewra import library
from viewra.assets import AssetStore
from viewra.errors import ViewraError
from viewra.hooks import HostHooks
from viewra.host.events import Events
from viewra.host.nice import Pace
from viewra.host.plugin import Plugin
from viewra.host.plugin_options import PluginOptions
from viewra.host.registry import Registry
from viewra.host.scans import Scans
from viewra.host.tasks import TaskExecutor
from viewra.host.verifying import Verifier
from viewra.library import LibraryAccess, Notifier, ScanProgress
from viewra.types import PluginState, ScanCause, ScanReport, SearchPage

if TYPE_CHECKING:  # light start, as ``viewra.library``
    from viewra.host.artwork import Artwork
    from viewra.host.upkeep.upkeep import Upkeep
    from viewra.host.workers.choice import EngineChoice
    from viewra.library.engine import Remotely
    from viewra.library.scan_plan import Entering
    from viewra.library.scope import Part

log = logging.getLogger("viewra.host")

_STOPPED = frozenset({PluginState.DISABLED, PluginState.INVALID})


class Scanning(abc.ABC):
    """The library's part of ``Host``. ``lasting``: it also does scans that others start."""

    def __init__(self, options: PluginOptions, *, lasting: bool) -> None:
        self._options = options
        self._making = threading.Lock()  # held while the notifier is made: scans run side by side
        self._delivers = True
        self._notifier: Notifier | None = None
        self._artwork: Artwork | None = None
        self._lasting = lasting
        self._scans = Scans(self.scan, accepts=lasting)
        self._tasks: TaskExecutor | None = None
        self._events: Events | None = None
        self._state_listeners: tuple[Callable[[str, PluginState], object], ...] = ()
        self._upkeep: Upkeep | None = None
        self._verifier: Verifier | None = None

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

    @abc.abstractmethod
    def _plugins_state(self) -> tuple[str, str] | None:
        """The state of all plugins, None if it cannot be told (see ``library.scan``)."""

    @property
    def library(self) -> LibraryAccess:
        """The library: its files, albums, artists and more, by queries and page after page."""
        return LibraryAccess(self.engine)

    @property
    def assets(self) -> AssetStore:
        """The files that plugins store with this host."""
        return self.plugins.assets

    @property
    def artwork(self) -> Artwork:
        """The pictures of the library: of albums, artists, files and series."""
        from viewra.host.artwork import Artwork  # light start: most commands show no picture

        plugins = self.plugins
        with self._making:
            if self._artwork is None:
                self._artwork = Artwork(plugins.assets, plugins, str(plugins.data_dir))
            return self._artwork

    def scan(
        self,
        path: str | Path,
        *,
        full: bool = False,
        retry_failed: bool = False,
        cancel: threading.Event | None = None,
        progress: Callable[[ScanProgress], None] | None = None,
        begun: Callable[[int], None] = lambda _job_id: None,
        quick: bool = False,
        nice: bool = False,
        parts: Sequence[Part] = (),
        cause: ScanCause = ScanCause.ASKED,
        entering: Entering | None = None,
        engine: EngineChoice | None = None,
    ) -> ScanReport:
        """Scan a folder, which becomes a library if it is outside all; ``full`` also reads unchanged files again.

        ``retry_failed`` reads only files at which plugins failed before. ``quick`` leaves out folders whose own
        modification time is unchanged: it misses files that were edited in place. ``begun`` is called with the scan
        job's id, ``progress`` at most 10 times per second, both on this thread; the scan pauses until they return.
        ``nice``: while the machine is busy the scan goes on slowly. ``engine`` has other processes read the files
        (docs/scaling.md). The others are as in ``viewra.library.scan``.
        """
        self.tasks.begin()
        cancel = cancel or threading.Event()
        if nice:
            progress = Pace(cancel).before(progress)
        if self._options.sandbox != "off":  # plugins may read the folder only once it is a library
            library.keep_excluded(self.engine, str(path), ())
            self.plugins.use_folders()
        with self._distribution(engine, str(path), cancel) as remotely:
            report = library.scan(
                self.engine,
                self.hook,
                str(path),
                full=full,
                retry_failed=retry_failed,
                media_types=self.media_types(),
                cancel=cancel,
                progress=progress,
                notifier=self._delivery(),  # the scan opens it, before its first event
                begun=begun,
                quick=quick,
                plugins=self._plugins_state,
                parts=parts,
                cause=cause,
                entering=entering,
                remotely=remotely,
            )
        self._sweep()
        return report

    def _distribution(
        self, engine: EngineChoice | None, path: str, cancel: threading.Event
    ) -> AbstractContextManager[Remotely | None]:
        if engine is None:
            return nullcontext()
        from viewra.host.workers.distribution import Distribution  # light start: most scans have no workers

        return Distribution(engine, self.plugins, lambda: library.root_of(self.engine, path), self._options, cancel)

    def _sweep(self) -> None:
        """Remove the assets of files that the library has forgotten."""
        try:
            self.assets.sweep()
        except ViewraError as error:  # the scan is done
            log.warning("assets cannot be removed: %s", error)

    @property
    def tasks(self) -> TaskExecutor:
        """What executes the tasks of plugins: from the first scan or ``deliver`` on, of a lasting host at once."""
        _ = self.engine  # raises unless the host is open
        assert self._tasks is not None  # noqa: S101 - an open host has one
        return self._tasks

    @property
    def scans(self) -> Scans:
        """The scans that run in the background."""
        return self._scans

    @property
    def verifier(self) -> Verifier:
        """What verifies the library in the background."""
        with self._making:
            if self._verifier is None:
                self._verifier = Verifier(lambda: self.engine, lambda: self.assets)
            return self._verifier

    @property
    def upkeep(self) -> Upkeep | None:
        """What keeps libraries current; None unless ``keep_current`` was called."""
        return self._upkeep

    def keep_current(self, only: Collection[int] | None = None, *, nice: bool = False) -> Upkeep:
        """Keep all libraries current, or those with these ids, until the host closes.

        Changes on the disk are noticed, and lead to scans in the background, as do the libraries' schedules. A library
        is watched from its first complete scan on. Only for a host that accepts scans in the background.
        """
        from viewra.host.upkeep.upkeep import Upkeep  # light start: it needs watchdog
        from viewra.host.upkeep.watches import Watches

        self._upkeep = Upkeep(
            self.engine,
            self._scans,
            self.media_types,
            Watches(),
            only=only,
            nice=nice,
            points=lambda: library.Mounts.current().points,
        )
        self._upkeep.start()
        return self._upkeep

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

    def deliver(self) -> None:
        """Deliver pending notifications in the background, also those that no scan has made; execute tasks."""
        self.tasks.begin()
        notifier = self._delivery()
        notifier.open()
        notifier.wake()

    def _delivery(self) -> Notifier:
        """The notifier, made at first use: a host that only reads needs none."""
        engine = self.engine  # raises unless the host is open
        with self._making:
            if not self._delivers:
                raise ViewraError("the host is closing", hint="the next one delivers the notifications")
            if self._notifier is None:
                self._notifier = Notifier(engine, self.hook, lambda: set(self.plugins))
            return self._notifier

    @property
    def events(self) -> Events:
        """Events for plugins: ``events.publish(name, data)`` tells those that subscribe to the name."""
        _ = self.engine  # raises unless the host is open
        assert self._events is not None  # noqa: S101 - an open host has one
        return self._events

    def _make_work(self, engine: sa.Engine, plugins: Callable[[], Mapping[str, Plugin]]) -> tuple[TaskExecutor, Events]:
        """What executes tasks and tells of events from now on, anew after a close; ``plugins`` are there."""
        self._tasks, self._events = TaskExecutor(engine, plugins), Events(plugins)
        self._state_listeners = (self._tasks.state_changed, self._events.state_changed)
        return self._tasks, self._events

    def _begin_work(self) -> None:
        """Accept scans in the background and deliver notifications, anew after a close."""
        self._scans = Scans(self.scan, accepts=self._lasting)
        self._delivers = True
        self._artwork = None

    def _end_scans(self) -> None:
        """End what starts scans, the scans, and a verification."""
        verifier, self._verifier = self._verifier, None
        if verifier is not None:
            verifier.close()
        upkeep, self._upkeep = self._upkeep, None
        if upkeep is not None:
            upkeep.close()
        self._scans.close()

    def _end_delivery(self) -> None:
        """End the notifications, without waiting for listeners."""
        with self._making:
            notifier, self._notifier, self._delivers = self._notifier, None, False
        if notifier is not None:
            notifier.close(0.0)

    def media_types(self) -> list[Mapping[str, Sequence[str]]]:
        """The types that the manifests of plugins that may run add."""
        plugins = [plugin for plugin in self.plugins.values() if plugin.state not in _STOPPED]
        return [plugin.manifest.media_types for plugin in plugins if plugin.manifest is not None]
