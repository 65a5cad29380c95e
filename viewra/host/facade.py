"""``Host``, the class for programs that build on viewra: plugins behind pluggy hooks, and the library."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self, cast

import pluggy
import sqlalchemy as sa

from viewra import hookspecs, library
from viewra.adapters import add_hookspecs
from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS
from viewra.db import open_database
from viewra.db.forked import ForkGuard
from viewra.errors import UsageError
from viewra.hooks import HostHooks
from viewra.host.admin.dispatch import Dispatch
from viewra.host.admin.server import ControlServer
from viewra.host.admin.wire import NOTE_NAME
from viewra.host.availability import Availability, Shared
from viewra.host.hooked import HookedPlugins
from viewra.host.installed.data_dir import default_data_dir, make_private
from viewra.host.installed.lock import DataLock
from viewra.host.installed.uninstall import PACKAGES
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry
from viewra.host.running.announcer import Announcer
from viewra.host.running.confining import require_backend
from viewra.host.running.host_confining import confining_of, groups_of
from viewra.host.running.launch_spec import Connecting, Machinery
from viewra.host.running.limits import caps_of
from viewra.host.running.reattach import Reattach
from viewra.host.scanning import Scanning
from viewra.host.sync.ticker import Ticker
from viewra.process import RuntimeDir, Spawner
from viewra.services import SERVICES, Implementation, Services
from viewra.types import PluginState

log = logging.getLogger("viewra.host")


DATABASE_NAME = "viewra.db"


class Host(Scanning):
    """A plugin host on one data directory; use it in a ``with`` block, or call ``open`` and ``close``.

    ``plugin_dirs`` are searched for plugins before ``<data_dir>/plugin-packages`` (the user's) and those shipped with
    viewra. ``database_url`` is by default a SQLite file in ``data_dir``, which is by default the user's data directory.
    Opening raises LockedError if another process uses the data directory, and DatabaseError or MigrationError if the
    database cannot be used. With ``exclusive=False`` it locks nothing and starts no plugin: it only reads, beside any
    process that holds the data directory. While it is open it watches the plugins' code: it reloads changed plugins
    without losing a call, finds new plugins, and stops removed ones; with ``watch=False`` it does not. ``connecting``
    says how it connects to plugins: by default by unix sockets without encryption. ``reattach`` has, by id, plugins
    that the user runs, for example in a debugger: the host attaches to them and leaves them running at the end.
    ``versions`` are the versions of viewra's protocol that this host speaks; host and plugin use the highest common
    one. ``limits`` bound one answer of a plugin. ``sandbox`` restricts plugins, by default as in VIEWRA_SANDBOX or
    "auto"; that is the strongest without another program, and without it no plugin starts unless
    ``allow_unsandboxed``; "bwrap" adds namespaces, "rlimits" sets only limits, "off" nothing. ``caps`` are the most
    that any plugin may use, by the names of ``runtime.limits``, by default as in VIEWRA_CAPS: they also bind what
    manifests and settings say. ``services`` are the services that it knows: a program may add its own.
    """

    def __init__(
        self,
        *,
        plugin_dirs: Sequence[str | Path] = (),
        database_url: str | None = None,
        data_dir: str | Path | None = None,
        log_level: str = "info",
        exclusive: bool = True,
        watch: bool = True,
        connecting: Connecting | None = None,
        reattach: Mapping[str, Reattach] | None = None,
        versions: Sequence[int] = APP_VERSIONS,
        limits: Limits | None = None,
        services: Services = SERVICES,
        sandbox: str | None = None,
        allow_unsandboxed: bool = False,
        caps: Mapping[str, float] | None = None,
    ) -> None:
        self.data_dir = Path(data_dir) if data_dir is not None else default_data_dir()
        self.database_url = database_url or f"sqlite:///{self.data_dir.absolute() / DATABASE_NAME}"
        self.pm = pluggy.PluginManager(hookspecs.PROJECT)
        add_hookspecs(self.pm, services)
        self._plugin_dirs = [Path(directory) for directory in plugin_dirs]
        self._log_level = log_level
        self._exclusive = exclusive
        self._watch = watch and exclusive
        self._connecting = connecting or Connecting()
        self._reattach = dict(reattach or {})
        self._limits = limits or Limits()
        self._versions = tuple(versions)
        self._services = services
        self._sandbox = require_backend(sandbox or os.environ.get("VIEWRA_SANDBOX") or "auto")
        super().__init__(confined=self._sandbox != "off")
        self._allow_unsandboxed = allow_unsandboxed
        stated = os.environ.get("VIEWRA_CAPS", "").split() if caps is None else [f"{k}={n:g}" for k, n in caps.items()]
        self._caps = caps_of(stated)
        self._availability = Availability(self.pm, self._let_go)
        self._resources = ExitStack()
        self._shared: list[Shared] = []
        self._left_to_parent: list[object] = []
        self._registry: Registry | None = None
        self._engine: sa.Engine | None = None
        self._control: ControlServer | None = None

    # ---- opening and closing ----

    def open(self) -> Self:
        """Lock the data directory, open the database, find the plugins; starts none yet.

        A closed host can be opened again. Raises UsageError if it is open, and ViewraError in a process forked from the
        one that opened it.
        """
        if self._availability.is_forked:
            self._availability.require()
        if self._availability.is_open:
            raise UsageError("the host is open already", hint="close it first, or use another one")
        with ExitStack() as resources:
            resources.callback(self._forget)
            make_private(self.data_dir)
            if self._exclusive:
                self._share(resources.enter_context(DataLock(self.data_dir)))
            self._engine = open_database(self.database_url, backups=self.data_dir / "backups" / "host")
            resources.callback(self._engine.dispose)
            self._share(ForkGuard(self._engine))
            if self._exclusive:
                library.recover(self._engine)
            else:
                library.catch_up(self._engine)
            machinery = self._machinery(resources) if self._exclusive else None
            announcer = Announcer(self._announce)
            resources.callback(announcer.close)
            self._registry = Registry(
                HookedPlugins(self.pm, self._services),
                self._engine,
                machinery,
                data_dir=self.data_dir.absolute(),
                log_level=self._log_level,
                on_state=announcer,
                connecting=self._connecting,
                confining=confining_of(
                    self._engine,
                    self.data_dir,
                    machinery,
                    self._sandbox,
                    unsandboxed=self._allow_unsandboxed,
                    caps=self._caps,
                ),
                versions=self._versions,
                limits=self._limits,
                services=self._services,
            )
            resources.callback(self._registry.close)
            self._availability.opened()  # before any plugin starts, so that observers get every state change
            self._registry.find(self._plugin_dirs, self.data_dir / PACKAGES)
            if self._exclusive:
                resources.callback(Ticker(self._registry.serving).close)
            if self._watch:
                from viewra.host.hot_reload import HotReload  # light start: a host that only reads needs no watcher

                roots = (*self._plugin_dirs, self.data_dir / PACKAGES)
                resources.callback(HotReload(self._registry, roots, ignored=self._own_folders()).close)
            for plugin_id, record in self._reattach.items():
                if plugin_id not in self._registry:
                    raise UsageError(
                        f"there is no plugin {plugin_id!r} to attach to", hint="name its directory: --plugins DIR"
                    )
                self._registry[plugin_id].attach(record)
            if machinery is not None:  # last, so that commands find everything ready; it is the first to close
                socket_path = machinery.runtime_dir.path / "control"
                dispatch = Dispatch(self._registry)
                self._control = ControlServer(
                    socket_path, self.data_dir / NOTE_NAME, dispatch.answer, machinery.runtime_dir.ensure
                )
                resources.callback(self._control.close)
                self._share(self._control)
            resources.callback(self._registry.begin_close)  # nothing may wait for a start that hangs
            resources.callback(self._end_delivery)
            self._resources = resources.pop_all()
        return self

    def detach(self) -> list[str]:
        """Close, but leave ``detachable`` plugins running, for the next host on this data directory.

        Each lives until its lease expires (``viewra.host.running.lease.LEASE_S``), unless a host takes it over. Returns
        their ids.
        """
        self._availability.require()
        if self._control is not None:
            self._control.close()  # no command may start the remaining plugins again
        left = self.plugins.detach()
        self.close()
        return left

    def close(self) -> None:
        """Stop every plugin and release all resources. May be called twice.

        In a process forked from the one that opened the host it does nothing: plugins, sockets and locks belong to the
        parent.
        """
        self._resources.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_exception: object) -> None:
        self.close()

    # ---- plugins ----

    @property
    def hook(self) -> HostHooks:
        """The hooks of ``viewra.hookspecs``, called with keyword arguments."""
        self._availability.require()
        return cast("HostHooks", self.pm.hook)

    @property
    def plugins(self) -> Registry:
        """The plugins by id."""
        self._availability.require()
        assert self._registry is not None  # noqa: S101 - an open host has one
        return self._registry

    @property
    def engine(self) -> sa.Engine:
        """The host's database."""
        self._availability.require()
        assert self._engine is not None  # noqa: S101 - an open host has one
        return self._engine

    def metrics(self) -> str:
        """The metrics of all plugins, as text in Prometheus' format (docs/metrics.md lists them)."""
        from viewra.host.admin.metrics import metrics_text  # light start: most hosts are not monitored

        return metrics_text({plugin_id: plugin.stats for plugin_id, plugin in self.plugins.items()})

    def register(self, plugin: Implementation) -> Plugin:
        """Start a plugin object in this process and put it behind the same hooks; raises if it refuses to start."""
        return self.plugins.register(plugin)

    def unregister(self, plugin: Implementation | str) -> None:
        """Remove a registered plugin object (or the one with this id) and stop it."""
        self.plugins.unregister(plugin)

    def _own_folders(self) -> tuple[Path, ...]:
        """Folders that are written to while plugins run and contain none of their code."""
        return tuple(self.data_dir / name for name in ("plugins", "logs", "backups", "kept-code"))

    def _share(self, shared: Shared) -> None:
        self._shared.append(shared)

    def _let_go(self) -> None:
        """In a forked process: release the parent's resources without affecting or finalizing them."""
        for shared in self._shared:
            shared.let_go()
        self._left_to_parent += [self._resources, self._registry, self._notifier]
        self._resources = ExitStack()

    def _forget(self) -> None:
        """The last step when a host closes, or could not be opened."""
        self._registry = self._engine = self._control = None
        self._shared.clear()
        self._availability.closed()

    def _machinery(self, resources: ExitStack) -> Machinery:
        runtime_dir = resources.enter_context(RuntimeDir())
        spawner = Spawner()
        resources.callback(spawner.close)
        return Machinery(spawner, runtime_dir, groups=groups_of())

    def _announce(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        log.debug("plugin %s: %s → %s %s", plugin_id, old, new, reason)
        self.pm.hook.plugin_state_changed(plugin_id=plugin_id, old=old, new=new, reason=reason)
