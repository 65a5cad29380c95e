"""One plugin as it is on disk: its code, which may change at any time, and what it has in the data directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import attrs

from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS
from viewra.errors import PluginUnavailable, ViewraError
from viewra.host.database.databases import PluginDatabases
from viewra.host.installed.code_hash import code_hash
from viewra.host.installed.discovery import Found, read
from viewra.host.installed.entry_point import command
from viewra.host.installed.kept_code import KeptCode
from viewra.host.installed.pins import Pins
from viewra.host.running.launch_spec import Connecting, Spec
from viewra.host.running.lifecycle import MIGRATION_S, OwnDatabase
from viewra.manifest import Manifest, Runtime
from viewra.services import SERVICES, Services
from viewra.types import PluginContext

_DEFAULT_CALL_S = 30.0
_BATCH_FACTOR = 2.0  # a batch may take longer than one call; a hanging file is then found by single calls


class ConfigSource(Protocol):
    """Where a plugin's settings come from."""

    def config(self) -> dict[str, str]:
        """``PluginContext.config``; raises ManifestError."""
        ...


@attrs.frozen
class Code:
    """One version of a plugin's code: what was found, where it is run from, and its hash."""

    found: Found
    code_hash: str

    @property
    def manifest(self) -> Manifest:
        """Its manifest; raises PluginUnavailable for one that is not valid."""
        if self.found.manifest is None:
            raise PluginUnavailable(
                self.found.plugin_id,
                f"is invalid: {'; '.join(map(str, self.found.errors))}",
                hint=f"viewra plugins check {self.found.directory}",
            )
        return self.found.manifest

    @property
    def version(self) -> str:
        """As the manifest says it."""
        return self.found.manifest.version if self.found.manifest is not None else "?"


class Installation:
    """The code of one plugin, which version of it is used, and how a process of it is run.

    ``settings_of`` gives the settings of a version, ``runtime_of`` how it is run, as the operator has it; that raises
    ManifestError. ``connecting``, ``versions``, ``limits`` and ``services`` are the host's.
    """

    def __init__(
        self,
        found: Found,
        *,
        settings_of: Callable[[Found], ConfigSource | None],
        runtime_of: Callable[[Manifest], Runtime] = lambda manifest: manifest.runtime,
        pins: Pins | None,
        data_dir: Path,
        log_level: str,
        connecting: Connecting | None = None,
        versions: tuple[int, ...] = APP_VERSIONS,
        limits: Limits | None = None,
        services: Services = SERVICES,
        databases: PluginDatabases | None = None,
    ) -> None:
        self.plugin_id = found.plugin_id
        self.place = found
        self.pins = pins
        self.limits = limits or Limits()
        self.services = services
        self.settings = settings_of(found)
        self.kept = KeptCode(data_dir / "kept-code" / found.plugin_id)
        self._settings_of = settings_of
        self._runtime_of = runtime_of
        self._databases = databases or PluginDatabases(data_dir)
        self._data_dir = data_dir
        self._log_level = log_level
        self._connecting = connecting or Connecting()
        self._versions = versions
        self._used = Code(found, "")
        self._manifest_stamp = _stamp(self._manifest_file)
        self._refused = ""
        self.runtime = self._runtime_now()
        self._deadlines: dict[str, float] = {}  # by method, found out once: each call asks

    # ---- versions of the code ----

    @property
    def used(self) -> Code:
        """The version that runs, or that ran last, or that was found."""
        if not self._used.code_hash:  # it is found out when it is first asked for, and goes with the manifest of then
            if _stamp(self._manifest_file) != self._manifest_stamp:
                self.use(Code(read(self._manifest_file, self.place.place), ""))
            self._used = attrs.evolve(self._used, code_hash=code_hash(self._used.found.directory))
        return self._used

    @property
    def found(self) -> Found:
        """What was found of the version in use; costs nothing."""
        return self._used.found

    def use(self, code: Code) -> None:
        """From now on this version is in use."""
        self._used = code
        self.settings = self._settings_of(code.found)
        self.runtime = self._runtime_now()
        self._deadlines = {}

    def on_disk(self) -> Code:
        """The version that is on disk now."""
        now = code_hash(self.place.directory)
        if now == self.used.code_hash and self.used.found.directory == self.place.directory:
            return self.used
        return Code(read(self._manifest_file, self.place.place), now)

    def to_start(self) -> Code:
        """The version that a start runs: that on disk, unless it failed to take the place of one that was kept."""
        code = self.on_disk()
        return self.used if code.code_hash == self._refused and self.kept.path(self.used.code_hash) else code

    def refuse(self, code: Code) -> None:
        """Remember a version that could not take the place of the one in use."""
        self._refused = code.code_hash

    def is_new(self, code: Code) -> bool:
        """Whether this version is neither in use nor refused."""
        return code.code_hash not in {self.used.code_hash, self._refused}

    def is_back(self, code: Code) -> bool:
        """Whether this version, which is in use, came back after one that was refused; tells it once."""
        if not self._refused or code.code_hash != self.used.code_hash:
            return False
        self._refused = ""
        return True

    def is_another(self, code: Code) -> bool:
        """Whether this version's manifest has another id: then it is another plugin."""
        return code.found.manifest is not None and code.found.plugin_id != self.plugin_id

    @property
    def _manifest_file(self) -> Path:
        manifest = self.place.manifest
        return manifest.file if manifest is not None else self.place.directory / "plugin.cue"

    # ---- what it has, and how it is run ----

    @property
    def private_dir(self) -> Path:
        """Its own data directory."""
        return self._data_dir / "plugins" / self.plugin_id

    @property
    def database_url(self) -> str:
        """Its own database, as it is told of it; raises ViewraError when the host's key cannot be read."""
        return self._databases.url(self.plugin_id, self._engines(self._used))

    @staticmethod
    def _engines(code: Code) -> frozenset[str]:
        return code.found.manifest.database_engines if code.found.manifest is not None else frozenset()

    def database(self, code: Code) -> OwnDatabase:
        """Its own database, if it has one, as a version of its code sees it, and where copies of that are kept."""
        backups = self._data_dir / "backups" / "plugins" / self.plugin_id
        return OwnDatabase(self.plugin_id, self.database_url, backups, code.code_hash)

    def runtime_for(self, code: Code) -> Runtime:
        """How this version is to be run; raises ManifestError for what the operator set and it does not allow."""
        return self._runtime_of(code.manifest)

    def _runtime_now(self) -> Runtime:
        """How the version in use is run; by its manifest alone where a start would fail for what the operator set."""
        if self._used.found.manifest is None:
            return Runtime()
        try:
            return self.runtime_for(self._used)
        except ViewraError:
            return self._used.found.manifest.runtime

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
        self.private_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._databases.prepare(self.plugin_id, manifest.database_engines)
        settings = self._settings_of(code.found)
        context = PluginContext(
            plugin_id=self.plugin_id,
            config=settings.config() if settings is not None else manifest.settings.config(),
            log_level=self._log_level,
            database_url=self.database_url,  # left out for a process that turns out to have no tables
            base_path=str(self.private_dir),
            plugin_base_path=str(code.found.directory),
        )
        return Spec(
            tuple(command(manifest)),
            code.found.directory,
            context,
            manifest.claimed(self.services),
            runtime.start_timeout_s,
            connecting=self._connecting,
            pin=self.pins.of(code.found) if self.pins is not None else None,
            detachable=runtime.detachable,
            versions=self._versions,
            limits=self.limits,
            services=self.services,
            own_database=self.database(code),
            migration_timeout_s=self.deadline_s("migrate"),
            only_database=only_database,
            may_migrate=may_migrate,
            health_timeout_s=runtime.health.timeout_s,
        )


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """What changes with a file; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
