"""How one plugin's processes are run: by its manifest, by what the operator set, and by the host's own choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS, COOKIE_KEY, COOKIE_VALUE
from viewra.errors import ViewraError
from viewra.host.database.databases import PluginDatabases
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.choices import Chosen
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import Found
from viewra.host.installed.entry_point import command
from viewra.host.installed.grants import Grant, asked
from viewra.host.installed.installation import Installation
from viewra.host.installed.pins import Pin
from viewra.host.running.confining import UNCONFINED_SANDBOX, Confining, Sandbox
from viewra.host.running.launch_spec import Connecting, LaunchSpec
from viewra.host.running.lifecycle import MIGRATION_S
from viewra.host.running.limits import beyond, limits_of, within
from viewra.manifest import Runtime
from viewra.services import SERVICES, Services
from viewra.transport.handshake import HandshakeConfig
from viewra.types import PluginContext

_DEFAULT_CALL_S = 30.0
_BATCH_FACTOR = 2.0  # a batch may take longer than one call; a hanging file is then found by single calls


@attrs.frozen
class Configured:
    """How one version of the code is run, found out once for each of its starts.

    ``declared`` are the services that its manifest claims; the other fields are those of ``Chosen``.
    """

    code: Code
    declared: frozenset[str]
    config: Callable[[], dict[str, str]]
    runtime: Runtime
    error: ViewraError | None
    pin: Pin | None
    permissions: tuple[Grant, ...] | None


class RunConfiguration:
    """What is configured of one plugin: settings, runtime, deadlines, its database, and the specification of a launch.

    ``chosen`` returns the operator's choices for a version. ``connecting``, ``versions``, ``limits``, ``services``,
    ``databases`` and ``confining`` are the host's.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        chosen: Callable[[Found], Chosen],
        databases: PluginDatabases,
        confining: Confining,
        log_level: str,
        connecting: Connecting | None = None,
        versions: tuple[int, ...] = APP_VERSIONS,
        limits: Limits | None = None,
        services: Services = SERVICES,
    ) -> None:
        self.plugin_id = installation.plugin_id
        self.limits = limits or Limits()
        self.services = services
        self._installation = installation
        self._chosen = chosen
        self._databases = databases
        self._confining = confining
        self._log_level = log_level
        self._connecting = connecting or Connecting()
        self._common = HandshakeConfig(COOKIE_KEY, COOKIE_VALUE, versions)
        self._deadlines: dict[str, float] = {}  # by method, found out once: each call asks
        self._used = self.configure(Code(installation.found, ""))

    def configure(self, code: Code) -> Configured:
        """How this version is run now; what the operator has set meanwhile takes effect, too."""
        manifest, chosen = code.found.manifest, self._chosen(code.found)
        declared = manifest.claimed(self.services) if manifest is not None else frozenset[str]()
        runtime = within(chosen.runtime, self._confining.caps)
        return Configured(code, declared, chosen.config, runtime, chosen.error, chosen.pin, chosen.permissions)

    def use(self, configured: Configured) -> None:
        """Go by this from now on."""
        self._used = configured
        self._deadlines = {}

    @property
    def used(self) -> Configured:
        """How the version in use is run: configured anew when the installation has read another manifest meanwhile."""
        if self._used.code.found is not self._installation.found:
            self.use(self.configure(Code(self._installation.found, "")))
        return self._used

    @property
    def runtime(self) -> Runtime:
        """How the version in use is run."""
        return self.used.runtime

    @property
    def capped(self) -> dict[str, float]:
        """The limits that the manifest or the operator states, and that are more than the host's caps allow."""
        return beyond(self._chosen(self.used.code.found).runtime, self._confining.caps)

    @property
    def database_url(self) -> str:
        """Its own database, as it is told of it; raises ViewraError when the host's key cannot be read."""
        return self._url(self.used.code)

    def _url(self, code: Code) -> str:
        engines = code.found.manifest.database_engines if code.found.manifest is not None else frozenset()
        return self._databases.url(self.plugin_id, engines)

    def database(self, code: Code) -> OwnDatabase:
        """Its own database, if it has one, as a version of its code sees it, and where copies of that are kept."""
        return OwnDatabase(self.plugin_id, self._url(code), self._installation.backups, code.code_hash)

    def deadline_s(self, method: str) -> float:
        """Seconds that one call may take, by the manifest."""
        known = self._deadlines.get(method)
        if known is None:
            known = self._deadlines[method] = _deadline_s(self.used.runtime, method)
        return known

    def spec(
        self, configured: Configured, *, only_database: bool = False, may_migrate: bool = True, fresh: bool = False
    ) -> LaunchSpec:
        """How a process of this version is run; raises ViewraError for settings that do not fit.

        What it may do is read again, unless ``fresh`` says that it was configured for this very start.
        """
        code, runtime = configured.code, configured.runtime
        manifest = code.manifest
        if configured.error is not None:
            raise configured.error
        private_dir = self._installation.private_dir
        try:
            private_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ViewraError(f"its folder {private_dir} cannot be made: {error.strerror}") from error
        self._databases.prepare(self.plugin_id, manifest.database_engines)
        own_database = self.database(code)
        context = PluginContext(
            plugin_id=self.plugin_id,
            config=configured.config(),
            log_level=self._log_level,
            database_url=own_database.url,  # left out for a process that turns out to have no tables
            base_path=str(private_dir),
            plugin_base_path=str(code.found.directory),
        )
        sandbox = self.sandbox(configured, configured.permissions if fresh else None)
        return LaunchSpec(
            tuple(command(manifest)),
            code.found.directory,
            context,
            configured.declared,
            runtime.start_timeout_s,
            connecting=self._connecting,
            pin=configured.pin,
            lasts=runtime.detachable and not self._connecting.encrypted,  # a connection's keys end with the host
            common=self._common,
            limits=self.limits,
            services=self.services,
            own_database=own_database,
            migration_timeout_s=_deadline_s(runtime, "migrate"),
            only_database=only_database,
            may_migrate=may_migrate,
            health_timeout_s=runtime.health.timeout_s,
            sandbox=sandbox,
            variables=runtime.env,
            held=runtime.limits if sandbox.backend == "off" else limits_of(runtime),
        )

    def has_other_folders(self, sandbox: Sandbox) -> bool:
        """Whether a process with this sandbox may use other folders of the library than a new one."""
        return sandbox.rules is not None and self.sandbox(self.used).folders != sandbox.folders

    def asks_for_more(self, new: Code) -> tuple[Grant, ...]:
        """What this version asks for that the one in use does not, and that it may not do; nothing if unconfined."""
        if self._confining.backend == "off":
            return ()
        before = self.used.code.found.manifest
        known = {one.name for one in asked(before)} if before is not None else set()
        return tuple(one for one in self._confining.grants(new.found) if one.name not in known and not one.granted)

    def prepare(self) -> None:
        """Have ready what no start changes."""
        self._confining.prepare(self.plugin_id)

    def sandbox(self, configured: Configured, permissions: Sequence[Grant] | None = None) -> Sandbox:
        """What confines a process of this version; raises ViewraError where it cannot be held, and has to be.

        ``permissions`` are what it asks for and may do at this moment, None to read them.
        """
        if self._confining.backend == "off":
            return UNCONFINED_SANDBOX
        return self._confining.sandbox(
            configured.code,
            configured.runtime,
            self._installation.private_dir,
            self._url(configured.code) if "database_service" in configured.declared else "",
            self._connecting.network,
            self._connecting.socket_group,
            permissions,
        )


def _deadline_s(runtime: Runtime, method: str) -> float:
    given = runtime.call_timeout_s
    default = given.get("default", _DEFAULT_CALL_S)
    if method in {"migrate", "rollback"}:
        default = max(default, MIGRATION_S)
    if method.endswith("_batch"):
        default = given.get(method.removesuffix("_batch"), default) * _BATCH_FACTOR
    return given.get(method, default)
