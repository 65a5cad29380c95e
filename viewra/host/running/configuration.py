"""How one plugin's processes are run: by its manifest, by what the operator set, and by the host's own choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS
from viewra.errors import ViewraError
from viewra.host.database.databases import PluginDatabases
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import Found
from viewra.host.installed.entry_point import command
from viewra.host.installed.installation import Installation
from viewra.host.running.launch_spec import Connecting, Spec
from viewra.host.running.lifecycle import MIGRATION_S
from viewra.manifest import Manifest, Runtime
from viewra.types import PluginContext

_DEFAULT_CALL_S = 30.0
_BATCH_FACTOR = 2.0  # a batch may take longer than one call; a hanging file is then found by single calls


class ConfigSource(Protocol):
    """Where a plugin's settings come from."""

    def config(self) -> dict[str, str]:
        """``PluginContext.config``; raises ManifestError."""
        ...


class RunConfiguration:
    """What is configured of one plugin: settings, runtime, deadlines, its database, and the spec of a launch.

    ``settings_of`` gives the settings of a version, ``runtime_of`` how it is run, as the operator has it; that raises
    ManifestError. ``connecting``, ``versions``, ``limits`` and ``databases`` are the host's.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        settings_of: Callable[[Found], ConfigSource | None],
        runtime_of: Callable[[Manifest], Runtime] = lambda manifest: manifest.runtime,
        databases: PluginDatabases,
        log_level: str,
        connecting: Connecting | None = None,
        versions: tuple[int, ...] = APP_VERSIONS,
        limits: Limits | None = None,
    ) -> None:
        self.plugin_id = installation.plugin_id
        self.limits = limits or Limits()
        self._installation = installation
        self._settings_of = settings_of
        self._runtime_of = runtime_of
        self._databases = databases
        self._log_level = log_level
        self._connecting = connecting or Connecting()
        self._versions = versions
        self._deadlines: dict[str, float] = {}  # by method, found out once: each call asks
        self.use(Code(installation.found, ""))

    def use(self, code: Code) -> None:
        """Configure for this version from now on; what the operator has set meanwhile takes effect, too."""
        self._code = code
        self.settings = self._settings_of(code.found)
        self.runtime = self._runtime_now()
        self._deadlines = {}

    @property
    def database_url(self) -> str:
        """Its own database, as it is told of it; raises ViewraError when the host's key cannot be read."""
        return self._databases.url(self.plugin_id, self._engines(self._code))

    @staticmethod
    def _engines(code: Code) -> frozenset[str]:
        return code.found.manifest.database_engines if code.found.manifest is not None else frozenset()

    def database(self, code: Code) -> OwnDatabase:
        """Its own database, if it has one, as a version of its code sees it, and where copies of that are kept."""
        return OwnDatabase(self.plugin_id, self.database_url, self._installation.backups, code.code_hash)

    def runtime_for(self, code: Code) -> Runtime:
        """How this version is to be run; raises ManifestError for what the operator set and it does not allow."""
        return self._runtime_of(code.manifest)

    def _runtime_now(self) -> Runtime:
        """How the version in use is run; by its manifest alone where a start would fail for what the operator set."""
        if self._code.found.manifest is None:
            return Runtime()
        try:
            return self.runtime_for(self._code)
        except ViewraError:
            return self._code.found.manifest.runtime

    def deadline_s(self, method: str) -> float:
        """Seconds that one call may take, by the manifest."""
        known = self._deadlines.get(method)
        if known is None:
            known = self._deadlines[method] = self._deadline_s(method)
        return known

    def _deadline_s(self, method: str) -> float:
        given = self.runtime.call_timeout_s
        default = given.get("default", _DEFAULT_CALL_S)
        if method in {"migrate", "rollback"}:
            default = max(default, MIGRATION_S)
        if method.endswith("_batch"):
            default = given.get(method.removesuffix("_batch"), default) * _BATCH_FACTOR
        return given.get(method, default)

    def spec(self, code: Code, *, only_database: bool = False, may_migrate: bool = True) -> Spec:
        """How a process of this code is run; raises ViewraError for settings that do not fit, and OSError."""
        manifest = code.manifest
        runtime = self.runtime_for(code)
        private_dir = self._installation.private_dir
        private_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._databases.prepare(self.plugin_id, manifest.database_engines)
        settings = self._settings_of(code.found)
        context = PluginContext(
            plugin_id=self.plugin_id,
            config=settings.config() if settings is not None else manifest.settings.config(),
            log_level=self._log_level,
            database_url=self.database_url,  # left out for a process that turns out to have no tables
            base_path=str(private_dir),
            plugin_base_path=str(code.found.directory),
        )
        pins = self._installation.pins
        return Spec(
            tuple(command(manifest)),
            code.found.directory,
            context,
            manifest.capabilities,
            runtime.start_timeout_s,
            connecting=self._connecting,
            pin=pins.of(code.found) if pins is not None else None,
            detachable=runtime.detachable,
            versions=self._versions,
            limits=self.limits,
            own_database=self.database(code),
            migration_timeout_s=self.deadline_s("migrate"),
            only_database=only_database,
            may_migrate=may_migrate,
            health_timeout_s=runtime.health.timeout_s,
        )
