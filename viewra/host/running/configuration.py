"""Determines how one plugin's processes run, from its manifest, the operator's settings and the host's options."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import attrs

from viewra.bridge import HostedPlugin, Rights
from viewra.codec.limits import Limits
from viewra.codec.protocol import APP_VERSIONS, COOKIE_KEY, COOKIE_VALUE
from viewra.errors import ViewraError
from viewra.events import PUBLISH
from viewra.host.database.databases import PluginDatabases
from viewra.host.database.own import OwnDatabase
from viewra.host.environments.environment import Environment
from viewra.host.environments.environments import Environments
from viewra.host.installed.choices import Chosen
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import Found
from viewra.host.installed.entry_point import command
from viewra.host.installed.grants import Grant, allows, asked
from viewra.host.installed.installation import Installation
from viewra.host.installed.pins import Pin
from viewra.host.running.confining import UNCONFINED_SANDBOX, Confining, Sandbox
from viewra.host.running.launch_spec import Connecting, LaunchSpec
from viewra.host.running.lifecycle import MIGRATION_S, TASK_S
from viewra.host.running.limits import beyond, limits_of, within
from viewra.host.sync.cancellation import Cancellation
from viewra.hosts import FETCH, patterns
from viewra.manifest import Runtime
from viewra.services import SERVICES, TABLES, Services
from viewra.transport.handshake import HandshakeConfig
from viewra.types import PluginContext

_DEFAULT_CALL_S = 30.0
_BATCH_FACTOR = 2.0  # a batch may take longer than one call; single calls then find the file that hangs


@attrs.frozen
class Configured:
    """How one version of the code runs, determined once for each start.

    ``declared`` are the services that its manifest declares; the other fields are those of ``Chosen``.
    """

    code: Code
    declared: frozenset[str]
    config: Callable[[], dict[str, str]]
    runtime: Runtime
    error: ViewraError | None
    pin: Pin | None
    permissions: tuple[Grant, ...] | None
    secrets: Callable[[], dict[str, str]]


class RunConfiguration:
    """The configuration of one plugin: settings, runtime, deadlines, its database, and the specification of a launch.

    ``chosen`` returns the operator's choices for a version. ``connecting``, ``versions``, ``limits``, ``services``,
    ``databases``, ``confining``, ``hosted`` and ``environments`` come from the host; without ``environments`` a plugin
    that names packages runs in the host's own.
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
        hosted: HostedPlugin | None = None,
        environments: Environments | None = None,
    ) -> None:
        self.plugin_id = installation.plugin_id
        self.limits = limits or Limits()
        self.services = services
        self.hosted = hosted
        self._installation = installation
        self._chosen = chosen
        self._databases = databases
        self._confining = confining
        self._environments = environments
        self._bare: Code | None = None  # a version that runs without one
        self._log_level = log_level
        self._connecting = connecting or Connecting()
        self._common = HandshakeConfig(COOKIE_KEY, COOKIE_VALUE, versions)
        self._deadlines: dict[str, float] = {}  # by method; cached because each call needs it
        self._used = self.configure(Code(installation.found, ""))

    def configure(self, code: Code) -> Configured:
        """How this version runs, with the operator's current settings."""
        manifest, chosen = code.found.manifest, self._chosen(code.found)
        declared = manifest.claimed(self.services) if manifest is not None else frozenset[str]()
        runtime = within(chosen.runtime, self._confining.caps)
        return Configured(
            code, declared, chosen.config, runtime, chosen.error, chosen.pin, chosen.permissions, chosen.secrets
        )

    def use(self, configured: Configured) -> None:
        """Use this configuration from now on."""
        self._used = configured
        self._deadlines = {}

    @property
    def used(self) -> Configured:
        """How the version in use runs; configured again if the installation has read another manifest since."""
        if self._used.code.found is not self._installation.found:
            self.use(self.configure(Code(self._installation.found, "")))
        return self._used

    @property
    def runtime(self) -> Runtime:
        """How the version in use runs."""
        return self.used.runtime

    @property
    def capped(self) -> dict[str, float]:
        """The limits that the manifest or the operator sets above the host's caps."""
        return beyond(self._chosen(self.used.code.found).runtime, self._confining.caps)

    @property
    def database_url(self) -> str:
        """The URL of its own database, as the plugin gets it; raises ViewraError if the host's key cannot be read."""
        return self._url(self.used.code)

    def _url(self, code: Code) -> str:
        engines = code.found.manifest.database_engines if code.found.manifest is not None else frozenset()
        return self._databases.url(self.plugin_id, engines)

    def database(self, code: Code) -> OwnDatabase:
        """Its own database, if it has one, for a version of its code, and where the host keeps copies of it."""
        return OwnDatabase(self.plugin_id, self._url(code), self._installation.backups, code.code_hash)

    def deadline_s(self, method: str) -> float:
        """Deadline of one call of this method in seconds, from the manifest."""
        known = self._deadlines.get(method)
        if known is None:
            known = self._deadlines[method] = _deadline_s(self.used.runtime, method)
        return known

    def build_environment(self, code: Code, cancellation: Cancellation | None = None) -> None:
        """Build the environment of this version if it has one and it is not there; raises ViewraError."""
        if self._environments is None or code.found.manifest is None or code is self._bare:
            return
        if self._environments.of(code.found.manifest, cancellation) is None:
            self._bare = code  # other code, even with requirements added, is another object

    def environment(self, code: Code) -> Environment | None:
        """The environment that was built for this version, None if it runs without one."""
        if self._environments is None or code.found.manifest is None or code is self._bare:
            return None
        return self._environments.ready(code.found.manifest)

    def spec(
        self, configured: Configured, *, only_database: bool = False, may_migrate: bool = True, fresh: bool = False
    ) -> LaunchSpec:
        """How to run a process of this version, whose environment is built; raises ViewraError for invalid settings.

        Reads its permissions again unless ``fresh`` states that ``configured`` was made for this start.
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
            database_url=own_database.url,  # not passed to a process that proves to have no tables
            base_path=str(private_dir),
            plugin_base_path=str(code.found.directory),
        )
        environment = self.environment(code)
        sandbox = self._sandbox(configured, environment, configured.permissions if fresh else None)
        return LaunchSpec(
            tuple(command(manifest, environment.python if environment is not None else None)),
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
            built_python=environment is not None,
            variables=runtime.env,
            held=runtime.limits if sandbox.backend == "off" else limits_of(runtime),
            hosted=self.hosted,
            rights=self._rights(configured),
        )

    def _rights(self, configured: Configured) -> Rights:
        """What this version may ask of the host: grants as they are at each call, settings as they are now."""

        def granted() -> Iterator[Grant]:
            return (one for one in self._confining.grants(configured.code.found) if one.granted)

        return Rights(
            lambda name: any(one.name == name for one in granted()),
            lambda: next((patterns(one.hosts, one.ports) for one in granted() if one.name == FETCH), ()),
            functools.cache(configured.secrets),
            configured.runtime.limits,
            events=lambda: next((one.names for one in granted() if one.name == PUBLISH), ()),
        )

    def has_other_folders(self, sandbox: Sandbox) -> bool:
        """Whether a new process could use other folders of the library than one with this sandbox."""
        return sandbox.rules is not None and self.sandbox(self.used).folders != sandbox.folders

    def asks_for_more(self, new: Code) -> tuple[Grant, ...]:
        """The permissions that only this version requests and that are not granted; none if it runs unconfined."""
        if self._confining.backend == "off":
            return ()
        before = self.used.code.found.manifest
        known = {one.name: one.scope for one in asked(before)} if before is not None else {}
        return tuple(
            one
            for one in self._confining.grants(new.found)
            if not one.granted and not (one.name in known and allows(known[one.name], one.scope))
        )

    def prepare(self) -> None:
        """Prepare what all starts share."""
        self._confining.prepare(self.plugin_id)

    def sandbox(self, configured: Configured) -> Sandbox:
        """The sandbox of a process of this version; raises ViewraError if confinement is required and impossible."""
        return self._sandbox(configured, self.environment(configured.code))

    def _sandbox(
        self, configured: Configured, environment: Environment | None, permissions: Sequence[Grant] | None = None
    ) -> Sandbox:
        """``permissions`` are its current grants, None to read them."""
        if self._confining.backend == "off":
            return UNCONFINED_SANDBOX
        return self._confining.sandbox(
            configured.code,
            configured.runtime,
            self._installation.private_dir,
            self._url(configured.code) if TABLES in configured.declared else "",
            self._connecting.network,
            self._connecting.socket_group,
            permissions,
            environment=environment,
        )


def _deadline_s(runtime: Runtime, method: str) -> float:
    given = runtime.call_timeout_s
    default = given.get("default", _DEFAULT_CALL_S)
    if method in {"migrate", "rollback"}:
        default = max(default, MIGRATION_S)
    if method == "execute_task":
        default = max(default, TASK_S)
    if method.endswith("_batch"):
        default = given.get(method.removesuffix("_batch"), default) * _BATCH_FACTOR
    return given.get(method, default)
