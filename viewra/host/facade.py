"""``Host``, the class for programs that build on viewra: plugins behind pluggy hooks, and the library."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self, cast

import attrs
import pluggy
import sqlalchemy as sa

from viewra import hookspecs, library
from viewra.adapters import add_hookspecs
from viewra.bridge import Fetching
from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS
from viewra.db import open_database
from viewra.db.forked import ForkGuard
from viewra.errors import UsageError, ViewraError
from viewra.hooks import HostHooks
from viewra.host.admin.dispatch import Dispatch
from viewra.host.admin.server import ControlServer
from viewra.host.availability import Availability, Shared
from viewra.host.environments.origins import Origins
from viewra.host.hooked import HookedPlugins
from viewra.host.installed.data_dir import NOTE_NAME, PACKAGES, database_url_of, default_data_dir, make_private
from viewra.host.installed.lock import DataLock
from viewra.host.installed.plugins_state import plugins_state
from viewra.host.logs.log import LogListeners
from viewra.host.observers import Observers, observe
from viewra.host.plugin import Plugin
from viewra.host.plugin_options import PluginOptions, chosen_caps, chosen_sandbox
from viewra.host.registry import Registry
from viewra.host.running.announcer import Announcer
from viewra.host.running.host_confining import machinery_of
from viewra.host.running.launch_spec import Connecting
from viewra.host.running.reattach import Reattach
from viewra.host.scanning import Scanning
from viewra.host.sync.ticker import Ticker
from viewra.host.trying import try_out
from viewra.process import ZygoteUse
from viewra.services import SERVICES, Implementation, Services
from viewra.types import PluginState

log = logging.getLogger("viewra.host")


class Host(Scanning):
    """A plugin host on one data directory; use it in a ``with`` block, or call ``open`` and ``close``.

    ``plugin_dirs`` are searched for plugins before ``<data_dir>/plugin-packages`` (the user's) and those shipped with
    viewra. ``database_url`` is by default a SQLite file in ``data_dir``, which is by default the user's data directory.
    Opening raises LockedError if another process uses the data directory, and DatabaseError or MigrationError if the
    database cannot be used. With ``exclusive=False`` it locks nothing and starts no plugin: it only reads, beside any
    process that holds the data directory. While it is open it watches the plugins' code: it reloads changed plugins
    without losing a call, finds new plugins, and stops removed ones; with ``watch=False`` it does not. ``viewra scan``
    beside it has it scan, unless ``lasting`` is false because it closes soon. ``connecting`` says how it connects to
    plugins: by default by unix sockets without encryption. ``reattach`` has, by id, plugins that the user runs, for
    example in a debugger: it attaches to them and leaves them running. ``versions`` are the versions of viewra's
    protocol that this host speaks; host and plugin use the highest common one. ``limits`` bound one answer of a plugin.
    ``sandbox`` restricts plugins, by default as in VIEWRA_SANDBOX or "auto": the strongest without another program,
    without which no plugin starts unless ``allow_unsandboxed``; "bwrap" adds namespaces, "rlimits" sets only limits,
    "off" nothing. ``caps`` limit what any plugin may use, whatever its manifest and settings say, by the names of
    ``runtime.limits`` (default: VIEWRA_CAPS). ``services`` are those that it knows: a program may add its own.
    ``fetching`` says how it makes HTTP requests for plugins, ``packages`` where the Python packages that plugins name
    come from, ``zygote`` which plugins in Python fork from a process that has imported the SDK: from the second on,
    "always", or none ("off"). ``catalogs`` are those that its HTTP API and its pages install plugins from.
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
        lasting: bool = True,
        connecting: Connecting | None = None,
        reattach: Mapping[str, Reattach] | None = None,
        versions: Sequence[int] = APP_VERSIONS,
        limits: Limits | None = None,
        services: Services = SERVICES,
        sandbox: str | None = None,
        allow_unsandboxed: bool = False,
        caps: Mapping[str, float] | None = None,
        fetching: Fetching | None = None,
        packages: Origins | None = None,
        zygote: ZygoteUse = "auto",
        catalogs: Sequence[str] = (),
    ) -> None:
        self.data_dir = Path(data_dir) if data_dir is not None else default_data_dir()
        self.database_url = database_url or database_url_of(self.data_dir)
        self.pm = pluggy.PluginManager(hookspecs.PROJECT)
        add_hookspecs(self.pm, services)
        self._plugin_dirs = [Path(directory) for directory in plugin_dirs]
        self._exclusive = exclusive
        self._watch = watch and exclusive
        self.catalogs = tuple(catalogs)
        self._reattach = dict(reattach or {})
        options = PluginOptions(
            log_level=log_level,
            connecting=connecting or Connecting(),
            versions=tuple(versions),
            limits=limits or Limits(),
            services=services,
            sandbox=chosen_sandbox(sandbox),
            allow_unsandboxed=allow_unsandboxed,
            caps=chosen_caps(caps),
            fetching=fetching or Fetching(),
            packages=packages or Origins(),
            zygote=zygote,
        )
        super().__init__(options, lasting=lasting and exclusive)
        self.log_listeners = LogListeners()
        self._availability = Availability(self.pm, self._let_go)
        self._resources = ExitStack()
        self._shared: list[Shared] = []
        self._left_to_parent: list[object] = []
        self._registry: Registry | None = None
        self._engine: sa.Engine | None = None
        self._control: ControlServer | None = None
        self._dispatch: Dispatch | None = None

    # ---- opening and closing ----

    def open(self) -> Self:
        """Lock the data directory, open the database, find the plugins; starts none yet.

        A closed host can be opened again. Raises UsageError if it is open, and ViewraError in a fork of its process.
        """
        if self._availability.is_forked:
            self._availability.require()
        if self._availability.is_open:
            raise UsageError("the host is open already", hint="close it first, or use another one")
        with ExitStack() as resources:
            resources.callback(self._forget)
            make_private(self.data_dir)
            if self._exclusive:
                self._shared.append(resources.enter_context(DataLock(self.data_dir)))
            self._engine = open_database(self.database_url, backups=self.data_dir / "backups" / "host")
            resources.callback(self._engine.dispose)
            self._shared.append(ForkGuard(self._engine))
            (library.recover if self._exclusive else library.catch_up)(self._engine)
            observers = Observers(self.pm)
            resources.callback(observers.close)
            machinery = machinery_of(resources, self._options.zygote) if self._exclusive else None
            tasks, events = self._make_work(self._engine, lambda: {} if self._registry is None else self._registry)
            resources.callback(tasks.close)
            resources.callback(events.close)
            observe(self._engine, observers, events)
            announcer = Announcer(self._announce)
            resources.callback(announcer.close)
            making = self._options.making(
                self._engine, self.data_dir, machinery, on_state=announcer, on_log=self.log_listeners
            )
            self._registry = Registry(
                HookedPlugins(self.pm, self._options.services),
                self._engine,
                making,
                fetching=self._options.fetching,
                executor=tasks,
                events=events,
                try_out=partial(try_out, self._trial, self.data_dir),
            )
            resources.callback(self._registry.close)
            self._begin_work()
            self._availability.opened()  # before any plugin starts, so that observers get every state change
            self._registry.find(self._plugin_dirs, self.data_dir / PACKAGES)
            if self._exclusive:
                resources.callback(Ticker(self._registry.serving).close)
            if self._watch:
                from viewra.host.hot_reload import HotReload  # light start: a host that only reads needs no watcher

                roots = (*self._plugin_dirs, self.data_dir / PACKAGES)
                resources.callback(HotReload(self._registry, roots).close)
            for plugin_id, record in self._reattach.items():
                if plugin_id not in self._registry:
                    raise UsageError(
                        f"there is no plugin {plugin_id!r} to attach to", hint="name its directory: --plugins DIR"
                    )
                self._registry[plugin_id].attach(record)
            if machinery is not None:  # last, so that commands find everything ready; it is the first to close
                self._dispatch = Dispatch(self._registry, self, self.catalogs)
                note, directory = self.data_dir / NOTE_NAME, machinery.runtime_dir
                self._control = ControlServer(directory.path / "control", note, self._dispatch.answer, directory.ensure)
                resources.callback(self._control.close)
                self._shared.append(self._control)
            resources.callback(self._registry.begin_close)  # nothing may wait for a start that hangs
            for end in (events.stop, self._end_delivery, tasks.stop, self._end_scans):
                resources.callback(end)
            if self._lasting:
                tasks.begin()
            self._resources = resources.pop_all()
        return self

    def _trial(self, plugins: Path, data_dir: Path) -> Host:
        """A host like this one on another data directory, to try a plugin out."""
        options = attrs.asdict(self._options, recurse=False)
        return Host(plugin_dirs=[plugins], data_dir=data_dir, watch=False, lasting=False, **options)

    def detach(self) -> list[str]:
        """Close, but leave ``detachable`` plugins running, for the next host on this data directory.

        Returns their ids. Each lives until its lease expires (``running/lease.py``), unless a host takes it over.
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

    @property
    def dispatch(self) -> Dispatch:
        """What runs operations on this host, by the control socket and the HTTP API."""
        self._availability.require()
        if self._dispatch is None:
            raise ViewraError("this host only reads", hint="open it with exclusive=True")
        return self._dispatch

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

    def _plugins_state(self) -> tuple[str, str] | None:
        if self._reattach or any(plugin.path is None for plugin in self.plugins.values()):
            return None  # nothing on the disk shows that their code has changed
        return plugins_state(self.engine, (*self._plugin_dirs, self.data_dir / PACKAGES), self.plugins.supervisors())

    def _let_go(self) -> None:
        """In a forked process: release the parent's resources without affecting or finalizing them."""
        for shared in self._shared:
            shared.let_go()
        self._left_to_parent += [self._resources, self._registry, self._notifier, self._tasks, self._events]
        self._resources = ExitStack()

    def _forget(self) -> None:
        """The last step when a host closes, or could not be opened."""
        self._registry = self._engine = self._control = self._dispatch = None
        self._shared.clear()
        self._availability.closed()

    def _announce(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        log.debug("plugin %s: %s → %s %s", plugin_id, old, new, reason)
        for listener in self._state_listeners:
            listener(plugin_id, new)
        self.pm.hook.plugin_state_changed(plugin_id=plugin_id, old=old, new=new, reason=reason)
