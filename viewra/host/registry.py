"""The set of plugins of one host: made from what was discovered, kept behind pluggy, closed together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pluggy
import sqlalchemy as sa

from viewra.adapters import AtVersion, Endpoint, RemoteEndpoint, ServiceAdapter
from viewra.codec.limits import Limits
from viewra.db import enabled_plugins, set_enabled
from viewra.errors import PluginError, UsageError
from viewra.host.database.databases import PluginDatabases
from viewra.host.installed.discovery import Found, Place, discover, in_force
from viewra.host.installed.installation import Installation
from viewra.host.installed.pins import Pins
from viewra.host.installed.secrets import SecretBox
from viewra.host.installed.settings import RUNTIME_MARK, PluginSettings
from viewra.host.installed.uninstall import remove, require_removable
from viewra.host.logs.file import log_path
from viewra.host.logs.log import PluginLog
from viewra.host.plugin import Plugin
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.in_process import LocalPlugin
from viewra.host.running.launch_spec import Connecting, Machinery
from viewra.host.running.pool import StateListener
from viewra.host.running.remembered import Remembered
from viewra.host.running.supervisor import Supervisor
from viewra.manifest import Manifest, Runtime
from viewra.services import Implementation

log = logging.getLogger("viewra.host")


class Registry(Mapping[str, Plugin]):
    """Plugin handles by id, in order of registration. ``hidden`` are those that one of the same id hides."""

    def __init__(
        self,
        pm: pluggy.PluginManager,
        engine: sa.Engine,
        machinery: Machinery | None,
        *,
        data_dir: Path,
        log_level: str,
        on_state: StateListener,
        connecting: Connecting,
        versions: Mapping[int, Sequence[type[ServiceAdapter]]],
        limits: Limits,
    ) -> None:
        self.hidden: Sequence[Found] = ()
        self._pm = pm
        self._engine = engine
        self._machinery = machinery
        self._data_dir = data_dir
        self._box = SecretBox(data_dir)
        self._databases = PluginDatabases(data_dir, engine)
        self._pins = Pins(engine)
        self._records = Remembered(engine)
        self._log_level = log_level
        self._on_state = on_state
        self._connecting = connecting
        self._versions = dict(versions)
        self._limits = limits
        self._handles: dict[str, Plugin] = {}
        self._supervisors: list[Supervisor] = []
        self._locals: dict[str, LocalPlugin] = {}
        self._given: tuple[Path, ...] = ()
        self._user: Path | None = None
        self._lock = threading.Lock()
        self._installing = threading.Lock()  # held while the set of plugins is compared with what is on disk

    def __getitem__(self, plugin_id: str) -> Plugin:
        return self._handles[plugin_id]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._handles))

    def __len__(self) -> int:
        return len(self._handles)

    def find(self, given: Sequence[Path], user: Path | None) -> None:
        """Discover plugins and put each one in force behind the hooks; none is started."""
        self._given, self._user = tuple(given), user
        self.rescan()

    def rescan(self) -> None:
        """Look again which plugins there are: new ones are put behind the hooks, those that are gone are stopped.

        One whose place is taken by another of the same id is stopped, too; those that stay are left alone.
        """
        with self._installing:
            found = discover(self._given, self._user)
            known = enabled_plugins(self._engine)
            for one in found:
                if one.place is Place.SHIPPED and one.manifest is not None and _key(one) not in known:
                    self._remember(one, enabled=not one.manifest.opt_in)
                    known[_key(one)] = not one.manifest.opt_in
            allowed = {key for key, enabled in known.items() if enabled}
            chosen, self.hidden = in_force(found, allowed)
            stay = {_key(one) for one in chosen}
            for supervisor in self.supervisors():
                if _key(supervisor.installation.place) not in stay:
                    self._remove(supervisor)
            there = {_key(supervisor.installation.place) for supervisor in self._supervisors}
            for one in chosen:
                if _key(one) not in there:
                    self._install(one, enabled=_key(one) in allowed).start_eagerly()

    def code_changed(self, directory: Path) -> None:
        """The code of the plugin in this directory may have changed: if it did, it is reloaded.

        What it says, or why the new code is not used, is in the log and in the plugin's state.
        """
        supervisor = next((one for one in self._supervisors if one.installation.place.directory == directory), None)
        if supervisor is None:
            return
        code = supervisor.installation.on_disk()
        if supervisor.installation.is_another(code):
            self.rescan()
            return
        try:
            if said := supervisor.reload(only_changed=True, code=code):
                log.info("plugin %s: %s", supervisor.plugin_id, said)
        except PluginError as error:
            log.error("%s", error)

    def supervisors(self) -> tuple[Supervisor, ...]:
        """What is looked after: each plugin that runs in a process of its own."""
        return tuple(self._supervisors)

    def register(self, plugin: Implementation) -> Plugin:
        """Start a plugin object of this process and put it behind the hooks; raises when it refuses to start."""
        local = LocalPlugin(
            plugin,
            data_dir=self._data_dir,
            log_level=self._log_level,
            limits=self._limits,
            databases=self._databases,
        )
        if local.plugin_id in self._handles:
            raise UsageError(
                f"a plugin with the id {local.plugin_id!r} is there already",
                hint="give it an id of its own: override info() and return PluginInfo(id=…)",
            )
        local.load()
        self._locals[local.plugin_id] = local
        handle = Plugin(local, local.endpoint, self._remember)
        self._add(local.endpoint, handle, lambda: max(self._versions))
        return handle

    def unregister(self, plugin: Implementation | str) -> None:
        """Take a plugin object of this process away and stop it; raises UsageError when it is not there."""
        for plugin_id, local in self._locals.items():
            if plugin in (plugin_id, local.plugin):
                break
        else:
            raise UsageError(f"{plugin!r} is not registered in this process")
        self._take_away(plugin_id)
        del self._locals[plugin_id]
        local.unload()

    def detach(self) -> list[str]:
        """Leave the processes that may outlive this host to the next one; gives their plugins' ids."""
        return [supervisor.plugin_id for supervisor in self._supervisors if supervisor.detach()]

    def uninstall(self, plugin_id: str, *, keep_data: bool) -> None:
        """Stop a plugin of the user's directory and remove it, with its data unless that is to be kept.

        Raises UsageError for one that is not there, or not viewra's to remove, and ViewraError when that fails.
        """
        supervisor = next((one for one in self._supervisors if one.plugin_id == plugin_id), None)
        if supervisor is None:
            raise UsageError(f"there is no plugin {plugin_id!r} in a directory", hint="viewra plugins list")
        require_removable(supervisor.found, self._data_dir)
        if not keep_data and any(one.plugin_id == plugin_id for one in self.hidden):
            raise UsageError(
                f"there is another plugin {plugin_id}, whose data this is too", hint="viewra plugins list shows where"
            )
        with self._installing:
            supervisor.disable()
            if not keep_data:
                self._databases.drop(plugin_id)  # first: what refuses it leaves the plugin where a second try finds it
            self._remember(supervisor.found, enabled=False)
            self._pins.unpin(supervisor.found)
            self._take_away(plugin_id)
            self._supervisors.remove(supervisor)
            remove(supervisor.found, self._engine, self._data_dir, keep_data=keep_data)
            supervisor.close()

    def begin_close(self) -> None:
        """Start nothing any more; whatever is being started, or drained, is cut short."""
        for supervisor in self._supervisors:
            supervisor.begin_close()

    def close(self) -> None:
        """Stop every plugin, all at the same time; failures are in the log."""
        running: list[Callable[[], None]] = [supervisor.close for supervisor in self._supervisors]
        running += [local.unload for local in self._locals.values()]
        if running:
            with ThreadPoolExecutor(len(running), thread_name_prefix="stop") as pool:
                for done in [pool.submit(stop) for stop in running]:
                    if (failure := done.exception()) is not None:
                        log.error("a plugin could not be stopped well: %s", failure)

    def _install(self, found: Found, *, enabled: bool) -> Supervisor:
        """Put a plugin behind the hooks; it is not started."""
        installation = Installation(found, pins=self._pins, data_dir=self._data_dir)
        configuration = RunConfiguration(
            installation,
            settings_of=self._settings,
            runtime_of=self._runtime,
            databases=self._databases,
            log_level=self._log_level,
            connecting=self._connecting,
            versions=tuple(self._versions),
            limits=self._limits,
        )
        supervisor = Supervisor(
            installation,
            configuration,
            plugin_log=PluginLog(found.plugin_id, log_path(self._data_dir, found.plugin_id)),
            machinery=self._machinery,
            records=self._records,
            enabled=enabled,
            on_state=self._on_state,
        )
        self._supervisors.append(supervisor)
        endpoint = RemoteEndpoint(supervisor.link, supervisor.traffic)
        self._add(endpoint, Plugin(supervisor, endpoint, self._remember), supervisor.agreed_version)
        supervisor.adopt()
        return supervisor

    def _remove(self, supervisor: Supervisor) -> None:
        """Take a plugin away whose directory is gone, or is no longer the one that counts."""
        self._take_away(supervisor.plugin_id)
        self._supervisors.remove(supervisor)
        supervisor.close("it is no longer where it was")

    def _add(self, endpoint: Endpoint, handle: Plugin, agreed: Callable[[], int | None]) -> None:
        with self._lock:
            for version, adapters in self._versions.items():
                seen = self._seen_at(version, endpoint, agreed)
                for adapter in adapters:
                    self._pm.register(adapter(seen), name=_adapter_name(handle.id, adapter, version))
            self._handles[handle.id] = handle

    def _take_away(self, plugin_id: str) -> None:
        with self._lock:
            for version, adapters in self._versions.items():
                for adapter in adapters:
                    self._pm.unregister(name=_adapter_name(plugin_id, adapter, version))
            del self._handles[plugin_id]

    def _seen_at(self, version: int, endpoint: Endpoint, agreed: Callable[[], int | None]) -> Endpoint:
        """The plugin as adapters of this version see it; where there is but one version, as it is."""
        if len(self._versions) == 1:
            return endpoint
        return AtVersion(endpoint, version, agreed, speaks_for_all=version == max(self._versions))

    def _settings(self, found: Found) -> PluginSettings | None:
        if found.manifest is None:
            return None
        return PluginSettings(found.plugin_id, found.manifest.settings, self._engine, self._box)

    def runtime_settings(self, manifest: Manifest) -> PluginSettings:
        """What may be set of how a plugin is run, and what the operator set of it."""
        schema = manifest.runtime_schema
        return PluginSettings(
            manifest.id, schema.settings, self._engine, self._box, mark=RUNTIME_MARK, given=schema.given
        )

    def _runtime(self, manifest: Manifest) -> Runtime:
        values = self.runtime_settings(manifest).operator()
        return manifest.runtime_schema.runtime(values) if values else manifest.runtime

    def _remember(self, found: Found, enabled: bool) -> None:
        set_enabled(self._engine, found.plugin_id, str(found.directory), enabled)


def _key(found: Found) -> tuple[str, str]:
    return found.plugin_id, str(found.directory)


def _adapter_name(plugin_id: str, adapter: type[ServiceAdapter], version: int) -> str:
    return f"{plugin_id}:{adapter.capability}@{version}"
