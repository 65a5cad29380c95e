"""One plugin's life over all its runs: its state and reason, the lazy start, the end; the link that adapters call by.

It keeps no set of plugins (that is the registry) and runs no step of a start itself (that is the incarnation).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import attrs

from viewra.adapters import Connection, RemoteEndpoint
from viewra.adapters.database import DatabaseClient
from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS
from viewra.errors import HandshakeError, PluginClosed, PluginError, PluginUnavailable, ViewraError
from viewra.host import reattach
from viewra.host.code_hash import code_hash
from viewra.host.discovery import Found
from viewra.host.entry_point import command
from viewra.host.incarnation import Incarnation, died
from viewra.host.life import MIGRATION_S, OwnDatabase
from viewra.host.pins import Pins
from viewra.host.plugin_database import PluginDatabases
from viewra.host.plugin_log import PluginLog, readable
from viewra.host.plugin_log_file import log_path
from viewra.host.reattach import Reattach
from viewra.host.spec import Connecting, Machinery, Spec
from viewra.types import PluginContext, PluginInfo, PluginState

log = logging.getLogger("viewra.host")

T = TypeVar("T")

StateListener = Callable[[str, PluginState, PluginState, str], None]
"""Called with plugin id, old state, new state and reason, after the change."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
"""After a start that failed, calls fail at once for this long; doubled with each failure in a row."""

_DEFAULT_CALL_S = 30.0
_BATCH_FACTOR = 2.0  # a batch may take longer than one call; a hanging file is then found by single calls


class ConfigSource(Protocol):
    """Where a plugin's settings come from."""

    def config(self) -> dict[str, str]:
        """``PluginContext.config``; raises ManifestError."""
        ...


class Supervisor:
    """One plugin that runs in a process of its own. Safe to use from any thread."""

    def __init__(
        self,
        found: Found,
        *,
        machinery: Machinery | None,
        settings: ConfigSource | None,
        pins: Pins | None = None,
        data_dir: Path,
        enabled: bool,
        log_level: str,
        on_state: StateListener,
        connecting: Connecting | None = None,
        versions: tuple[int, ...] = APP_VERSIONS,
        limits: Limits | None = None,
        databases: PluginDatabases | None = None,
    ) -> None:
        self.found = found
        self.plugin_id = found.plugin_id
        self.log = PluginLog(found.plugin_id, log_path(data_dir, found.plugin_id))
        self.settings = settings
        self.pins = pins
        self._machinery = machinery
        self._data_dir = data_dir
        self._log_level = log_level
        self._on_state = on_state
        self._connecting = connecting or Connecting()
        self._versions = versions
        self._databases = databases or PluginDatabases(data_dir)
        self.limits = limits or Limits()
        self._changing = threading.Lock()  # held over a whole start or stop: there is one process at most
        self._state_lock = threading.Lock()
        self._state = PluginState.DISCOVERED
        self._reason = ""
        self._run: Incarnation | None = None
        self._known_services: frozenset[str] | None = None
        self._code_hash = ""
        self._failures = 0
        self._retry_at = 0.0
        if found.manifest is None:
            self._state, self._reason = PluginState.INVALID, "; ".join(map(str, found.errors))
        elif not enabled:
            self._state, self._reason = PluginState.DISABLED, "not enabled"
        else:
            self._state = PluginState.READY

    # ---- what it is ----

    @property
    def state(self) -> PluginState:
        """Where it is in its life."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is in that state; empty where there is nothing to say."""
        return self._reason

    @property
    def pid(self) -> int | None:
        """The running process."""
        run = self._run
        return run.child.pid if run is not None else None

    @property
    def info(self) -> PluginInfo:
        """What the plugin says it is, completed from its manifest."""
        manifest = self.found.manifest
        run = self._run
        said = run.info if run is not None else PluginInfo(self.plugin_id)
        if manifest is None:
            return said
        names = ("name", "version", "description", "author", "website", "repository", "license", "type", "tags")
        missing = {name: getattr(manifest, name) for name in names if not getattr(said, name)}
        capabilities = said.capabilities or tuple(sorted(self.services))
        return attrs.evolve(said, id=self.plugin_id, capabilities=capabilities, **missing)

    @property
    def services(self) -> frozenset[str]:
        """The services that its process has, or that its manifest claims as long as it has not run."""
        if self._known_services is not None:
            return self._known_services
        return self.found.manifest.capabilities if self.found.manifest is not None else frozenset()

    # ---- Link ----

    @property
    def running(self) -> bool:
        """Whether a call finds it started."""
        return self._run is not None

    @property
    def code_hash(self) -> str:
        """Hash of its code, taken when it started."""
        if not self._code_hash:
            self._code_hash = code_hash(self.found.directory)
        return self._code_hash

    @property
    def private_dir(self) -> Path:
        """Its own data directory."""
        return self._data_dir / "plugins" / self.plugin_id

    @property
    def own_database(self) -> OwnDatabase:
        """Its own database, if it has one, and where copies of that are kept."""
        backups = self._data_dir / "backups" / "plugins" / self.plugin_id
        return OwnDatabase(self.plugin_id, self._own_database, backups, self.code_hash)

    @property
    def database_url(self) -> str:
        """Its own database, as it is told of it; raises ViewraError when the host's key cannot be read."""
        return self._own_database if "database_service" in self.services else ""

    @property
    def _own_database(self) -> str:
        return self._databases.url(self.plugin_id, self._engines)

    @property
    def _engines(self) -> frozenset[str]:
        return self.found.manifest.database_engines if self.found.manifest is not None else frozenset()

    def agreed_version(self) -> int | None:
        """The version of the services that its process speaks, which is started if need be; None when it does not."""
        try:
            self.acquire()
        except PluginError:
            return None
        run = self._run
        return run.app_version if run is not None else None

    def offers(self, capability: str) -> bool:
        """Whether it may be called for this service: enabled, valid, and with the service as far as known."""
        if self._state in {PluginState.INVALID, PluginState.DISABLED}:
            return False
        return capability == "plugin" or capability in self.services

    def serves(self, wire_service: str) -> bool:
        """Whether its process is known to serve this gRPC service."""
        run = self._run
        return run is not None and run.serves(wire_service)

    def deadline_s(self, method: str) -> float:
        """Seconds that one call may take, by its manifest."""
        given: Mapping[str, float] = self.found.manifest.runtime.call_timeout_s if self.found.manifest else {}
        default = given.get("default", _DEFAULT_CALL_S)
        if method in {"migrate", "rollback"}:
            default = max(default, MIGRATION_S)
        if method.endswith("_batch"):
            default = given.get(method.removesuffix("_batch"), default) * _BATCH_FACTOR
        return given.get(method, default)

    def acquire(self) -> Connection:
        """The connection to its process, started if need be; raises PluginUnavailable or PluginClosed."""
        run = self._run
        if run is None:
            run = self._ensure_running()
        return run.acquire()

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call on this connection broke."""
        run = self._run
        if run is not None and run.acquire() is connection:
            return run.loss(connection, call)
        if self._state in {PluginState.STOPPED, PluginState.DISABLED, PluginState.READY}:
            return PluginClosed(self.plugin_id, "was stopped", call=call)
        return PluginUnavailable(self.plugin_id, self._reason or "its process is gone", call=call, in_call=True)

    # ---- what the operator does ----

    def enable(self) -> None:
        """Let it run from now on, at the first call."""
        with self._changing:
            if self._state is PluginState.DISABLED:
                self._become(PluginState.READY)

    def disable(self) -> None:
        """Stop it, and let it run no more."""
        with self._changing:
            self._end()
            if self._state is not PluginState.INVALID:
                self._become(PluginState.DISABLED, "not enabled")

    def load(self) -> None:
        """Start it now; raises PluginUnavailable when that fails. One that runs is left alone."""
        with self._changing:
            self._retry_at = 0.0
        self._ensure_running(even_stopped=True)

    def unload(self) -> None:
        """Stop it; only ``load`` or ``enable`` lets it run again."""
        with self._changing:
            self._end()
            if self._state not in {PluginState.INVALID, PluginState.DISABLED}:
                self._become(PluginState.STOPPED, "unloaded")

    def restart(self) -> None:
        """Stop it and start it again, with the code that is on disk now."""
        self.unload()
        self.load()

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Do something with its database while it is stopped; its process runs only as far as that needs.

        Raises PluginUnavailable when it cannot be started, and what ``work`` raises.
        """
        with self._changing:
            if self._state in {PluginState.INVALID, PluginState.DISABLED}:
                raise PluginUnavailable(self.plugin_id, f"is {self._state}: {self._reason}")
            self._end()
            run = self._new_run(only_database=True)
            try:
                return work(DatabaseClient(RemoteEndpoint(run)))
            finally:
                run.stop()
                self._become(PluginState.READY)

    def adopt(self) -> None:
        """Take over the process that an earlier host left running, if there is one; one of other code is ended."""
        record = reattach.take(self.private_dir)
        if record is None or self._machinery is None:
            return
        with self._changing:
            try:
                run = Incarnation.attach(record, self._spec(), self.log, self._exited)
            except ViewraError as error:
                log.warning("plugin %s: what an earlier host left is not taken over: %s", self.plugin_id, error)
                return
            if self._state is not PluginState.READY or record.code_hash != self.code_hash:
                run.stop()
                return
            self._serve_from(run)

    def attach(self, record: Reattach) -> None:
        """Use a plugin that somebody runs by hand, in place of a process of its own; raises PluginUnavailable."""
        with self._changing:
            self._end()
            try:
                run = Incarnation.attach(record, self._spec(), self.log, self._exited)
            except ViewraError as error:
                self._failed(f"could not be attached to: {error}", error)
                raise PluginUnavailable(self.plugin_id, self._reason, hint=error.hint) from error
            self._serve_from(run)

    def detach(self) -> bool:
        """Leave its process to the next host, for as long as its lease runs; False for one that cannot be left."""
        with self._changing:
            run = self._run
            if run is None or not run.lasts:
                return False
            with self._state_lock:
                self._run = None
            reattach.keep(self.private_dir, attrs.evolve(run.detach(), code_hash=self.code_hash))
            self._become(PluginState.STOPPED, "left to the next host")
            return True

    def close(self) -> None:
        """Stop it for good: the host ends."""
        try:
            with self._changing:
                self._end()
                if self._state not in {PluginState.INVALID, PluginState.DISABLED}:
                    self._become(PluginState.STOPPED, "the host is closing")
        finally:
            self.log.close()

    # ---- within ----

    def _ensure_running(self, *, even_stopped: bool = False) -> Incarnation:
        with self._changing:  # whoever comes while it starts waits here, and finds it started
            if self._run is not None:
                return self._run
            if self._state in {PluginState.INVALID, PluginState.DISABLED}:
                raise PluginUnavailable(self.plugin_id, f"is {self._state}: {self._reason}")
            if self._state is PluginState.STOPPED and not even_stopped:
                raise PluginClosed(self.plugin_id, f"is stopped: {self._reason}")
            if time.monotonic() < self._retry_at:
                raise PluginUnavailable(self.plugin_id, self._reason)
            return self._start()

    def _start(self) -> Incarnation:
        run = self._new_run()
        self._serve_from(run)
        return run

    def _new_run(self, *, only_database: bool = False) -> Incarnation:
        if self._machinery is None:
            raise PluginUnavailable(self.plugin_id, "is not started by a host that only looks")
        self._become(PluginState.STARTING)
        self.log.new_run()
        self._code_hash = code_hash(self.found.directory)
        try:
            spec = attrs.evolve(self._spec(), only_database=only_database)
            return Incarnation.start(self._machinery, spec, self.log, self._exited)
        except HandshakeError as error:
            self._failed(f"did not start, at the step {error.step}: {error.message}", error)
            raise PluginUnavailable(self.plugin_id, self._reason, hint=error.hint) from error
        except ViewraError as error:  # its settings do not fit, its folder cannot be made
            self._failed(f"did not start: {error}", error)
            raise PluginUnavailable(self.plugin_id, self._reason, hint=error.hint) from error
        except Exception as error:
            self._failed(f"did not start: {error!r}", error)
            raise

    def _serve_from(self, run: Incarnation) -> None:
        """A proven run is what calls go to from now on."""
        self._failures = 0
        self._known_services = run.services
        self._run = run
        declared = self.found.manifest.capabilities if self.found.manifest else frozenset()
        missing = ", ".join(sorted(declared - run.services))
        self._become(PluginState.RUNNING, f"its manifest claims what it lacks: {missing}" if missing else "")
        if run.child.exited.is_set():  # the callback may have come before the run was known here
            self._exited(run)

    def _spec(self) -> Spec:
        manifest = self.found.manifest
        assert manifest is not None  # noqa: S101 - an invalid plugin never gets here
        self.private_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if "database_service" in self.services:
            self._databases.prepare(self.plugin_id, self._engines)
        context = PluginContext(
            plugin_id=self.plugin_id,
            config=self.settings.config() if self.settings is not None else manifest.settings.config(),
            log_level=self._log_level,
            database_url=self._own_database,  # left out for a process that turns out to have no tables
            base_path=str(self.private_dir),
            plugin_base_path=str(self.found.directory),
        )
        timeout_s = manifest.runtime.start_timeout_s
        return Spec(
            tuple(command(manifest)),
            self.found.directory,
            context,
            manifest.capabilities,
            timeout_s,
            connecting=self._connecting,
            pin=self.pins.of(self.found) if self.pins is not None else None,
            detachable=manifest.runtime.detachable,
            versions=self._versions,
            limits=self.limits,
            own_database=self.own_database,
            migration_timeout_s=self.deadline_s("migrate"),
        )

    def _failed(self, reason: str, error: Exception) -> None:
        self._failures += 1
        pause = min(FIRST_PAUSE_S * 2 ** (self._failures - 1), LONGEST_PAUSE_S)
        self._retry_at = time.monotonic() + pause
        output = "\n".join(map(readable, error.output)) if isinstance(error, HandshakeError) else ""
        # A migration that failed fails again: somebody has to look at it first.
        in_migration = isinstance(error, HandshakeError) and error.step == "migrate"
        self._become(PluginState.STOPPED if in_migration else PluginState.CRASHED, reason)
        log.error("plugin %s %s%s", self.plugin_id, reason, f"\nits last output:\n{output}" if output else "")

    def _exited(self, run: Incarnation) -> None:
        """The process ended: by itself, unless the run was taken away before it was stopped."""
        with self._state_lock:
            if self._run is not run:
                return
            self._run = None
        self._become(PluginState.CRASHED, died(run.child))
        log.error("plugin %s: %s", self.plugin_id, self._reason)
        run.close()

    def _end(self) -> None:
        with self._state_lock:
            run, self._run = self._run, None
        if run is not None:
            self._become(PluginState.DRAINING)
            step = run.stop()
            if step == "kill":
                log.warning("plugin %s had to be killed", self.plugin_id)

    def _become(self, state: PluginState, reason: str = "") -> None:
        with self._state_lock:
            old, self._state, self._reason = self._state, state, reason
        if old is not state:
            self._on_state(self.plugin_id, old, state, reason)
