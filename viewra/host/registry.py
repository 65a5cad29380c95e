"""Holds the plugins of one host: creates them from what discovery found, registers their hooks, and closes them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from viewra.adapters import RemoteEndpoint
from viewra.assets import AssetStore
from viewra.bridge import Bridge, Executor, Fetcher, Fetching, NoExecutor, Publisher
from viewra.errors import PluginError, UsageError
from viewra.host.availability import require_process
from viewra.host.database.databases import PluginDatabases
from viewra.host.hooked import HookedPlugins
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.discovery import Found, Place, discover, in_force, real_path, why_gone
from viewra.host.installed.enabled import Enabled
from viewra.host.installed.grants import Grant
from viewra.host.installed.versions import Origin
from viewra.host.installing import Consent, Installed, Installer, TryOut
from viewra.host.making import Making
from viewra.host.plugin import Plugin
from viewra.host.running.in_process import LocalPlugin
from viewra.host.running.remembered import Remembered
from viewra.host.running.runner import Runner, in_process
from viewra.host.running.supervisor import Supervisor
from viewra.host.running.tending import Tending
from viewra.host.uninstalling import Uninstaller
from viewra.manifest import Manifest
from viewra.services import Implementation

log = logging.getLogger("viewra.host")


class Registry(Mapping[str, Plugin]):
    """Maps ids to plugin handles, in order of registration; ``assets`` are what plugins store with the host.

    ``hidden`` are plugins hidden by one with the same id.
    """

    def __init__(
        self,
        hooked: HookedPlugins,
        engine: sa.Engine,
        making: Making,
        *,
        fetching: Fetching,
        executor: Executor | None = None,
        events: Publisher | None = None,
        try_out: TryOut,
    ) -> None:
        self.hidden: Sequence[Found] = ()
        self._pid = os.getpid()
        self._hooked = hooked
        self._making = making
        self.data_dir = data_dir = making.data_dir
        self._choices = OperatorChoices(engine, data_dir)
        self._databases = PluginDatabases(data_dir, engine)
        self.assets = AssetStore(engine, data_dir / "assets")
        self._executor = executor or NoExecutor()
        fetcher = Fetcher(fetching, data_dir / "fetched")
        self._bridge = Bridge(engine, fetcher, self.assets, executor=executor, events=events, priority=self._priority)
        self._records = Remembered(engine)
        self._uninstaller = Uninstaller(engine, data_dir, self._databases, self._records)
        self.services = making.services
        self._installer = Installer(data_dir, self._choices, making.environments, try_out)
        self._replacing = threading.Lock()  # held while a package is installed
        self._handles: dict[str, Plugin] = {}
        self._supervisors: list[Supervisor] = []
        self._locals: dict[str, LocalPlugin] = {}
        self._given: tuple[Path, ...] = ()
        self._user: Path | None = None
        self._installing = threading.Lock()  # held while plugins are added or removed

    def __getitem__(self, plugin_id: str) -> Plugin:
        require_process(self._pid)
        return self._handles[plugin_id]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._handles))

    def __len__(self) -> int:
        return len(self._handles)

    def find(self, given: Sequence[Path], user: Path | None) -> None:
        """Discover plugins and register the hooks of each selected one; starts none."""
        self._given, self._user = tuple(given), user
        for absent in (one for one in given if not one.is_dir()):
            log.warning("there is no plugin directory %s: look at --plugins", absent)
        if self._making.machinery is not None:
            self._uninstaller.finish()
            self.assets.files.drop_unfinished()
        self.rescan()
        for plugin_id, link in self._choices.enabled().astray([*given, *([user] if user else [])]):
            log.warning("plugin %s is enabled and does not run: the link %s leads nowhere", plugin_id, link)

    def rescan(self) -> None:
        """Discover plugins again: register the hooks of new ones and stop those that were removed.

        A plugin that another one with the same id now hides is stopped, too; the others are left unchanged.
        """
        with self._installing:
            enabled = self._choices.enabled()
            ids = {**enabled.ids(), **{str(one.installation.place.path): one.plugin_id for one in self._supervisors}}
            found = discover(self._given, self._user, ids)
            for one in found:
                if one.place is Place.SHIPPED and one.manifest is not None and enabled.known(one) is None:
                    enabled.remember(one, not one.manifest.opt_in)
            chosen, self.hidden = in_force(found, enabled.match)
            stay = {one.key for one in chosen}
            for supervisor in self.supervisors():
                if supervisor.installation.place.key not in stay:
                    self._remove(supervisor, chosen, enabled)
            there = {supervisor.installation.place.key for supervisor in self._supervisors}
            for one in chosen:
                if one.key not in there:
                    self._install(one, enabled=bool(enabled.match(one))).start_eagerly()

    def code_changed(self, path: Path) -> None:
        """Reload the plugin at this path if its code changed; log and state say the result, or why it is not used."""
        supervisor = next((one for one in self._supervisors if one.installation.place.path == path), None)
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

    def use_folders(self) -> None:
        """Give plugins that may read the library access to its current folders; replaces processes where needed."""
        for supervisor in self.supervisors():
            try:
                supervisor.use_folders()
            except PluginError as error:
                log.error("%s", error)

    def supervisors(self) -> tuple[Supervisor, ...]:
        """The plugins that run in processes of their own, whether or not they run now."""
        return tuple(self._supervisors)

    def serving(self) -> list[Tending]:
        """What tends the plugins that have a running process."""
        return [one.tending for one in self._supervisors if one.pool.runs]

    def register(self, plugin: Implementation) -> Plugin:
        """Start a plugin object in this process and register its hooks; raises PluginError if it refuses to start."""
        local = self._making.of_object(plugin, databases=self._databases, bridge=self._bridge)
        if local.plugin_id in self._handles:
            raise UsageError(
                f"a plugin with the id {local.plugin_id!r} is there already",
                hint="give it an id of its own: override info() and return PluginInfo(id=…)",
            )
        local.load()
        self._locals[local.plugin_id] = local
        handle = self._handles[local.plugin_id] = Plugin(local, local.endpoint, services=self.services)
        self._hooked.add(local.plugin_id, local.endpoint)
        self._executor.is_there(local.plugin_id)
        return handle

    def unregister(self, plugin: Implementation | str) -> None:
        """Unregister a plugin object of this process and stop it; raises UsageError if it is not registered."""
        for plugin_id, local in self._locals.items():
            if plugin in (plugin_id, local.plugin):
                break
        else:
            raise UsageError(f"{plugin!r} is not registered in this process")
        self._take_away(plugin_id)
        del self._locals[plugin_id]
        local.unload()

    def detach(self) -> list[str]:
        """Leave detachable processes running for the next host; returns the ids of their plugins."""
        return [supervisor.plugin_id for supervisor in self._supervisors if supervisor.detach()]

    def uninstall(self, plugin_id: str, *, keep_data: bool) -> Path | None:
        """Stop a plugin of the user's plugin directory and remove it, and its data unless ``keep_data``.

        Returns the path of its removed code, None if only data was left. Completes an uninstall that was interrupted.
        Raises UsageError, with nothing changed, if there is no such plugin or viewra may not remove it, and ViewraError
        if files cannot be removed; then the next host, or the same command, removes the rest.
        """
        if plugin_id in self._locals:
            raise in_process(plugin_id, "uninstall")
        with self._installing:
            supervisor = next((one for one in self._supervisors if one.plugin_id == plugin_id), None)
            if supervisor is None:
                return self._uninstaller.remove_rest(plugin_id, keep_data=keep_data)
            found = supervisor.installation.place
            shared = any(one.plugin_id == plugin_id for one in self.hidden)
            with self._uninstaller.begun(found, keep_data=keep_data, shared=shared):
                enabled = self._choices.enabled().known(found)
                supervisor.disable()
                try:
                    self._uninstaller.drop_database(plugin_id, keep_data=keep_data)
                except BaseException:
                    if enabled:
                        supervisor.enable()
                    raise
            self._take_away(plugin_id)
            self._supervisors.remove(supervisor)
            supervisor.close()
            self._uninstaller.finish_one(plugin_id)
            self._bridge.discard(plugin_id)
            return found.path

    def install(self, directory: Path, origin: Origin, consent: Consent) -> Installed:
        """Install a staged package, or replace the installed version by it; see ``Installer``."""
        with self._replacing:
            return self._installer.install(directory, origin, consent, self._take_up)

    def asks(self, manifest: Manifest, directory: Path) -> Sequence[Grant]:
        """What a staged package asks for; see ``Installer``."""
        return self._installer.asks(manifest, directory)

    def roll_back(self, plugin_id: str) -> Installed:
        """Use the version again that the present one replaced; see ``Installer``."""
        with self._replacing:
            return self._installer.roll_back(plugin_id, self._take_up)

    def has_left(self, plugin_id: str) -> bool:
        """Whether a plugin that is no longer installed left something that ``uninstall`` would remove."""
        return self._uninstaller.has_left(plugin_id)

    def begin_close(self) -> None:
        """Start nothing more, and cancel starts and drains."""
        for runner in self._runners():
            runner.begin_close()

    def close(self) -> None:
        """Stop all plugins concurrently; logs failures."""
        if runners := self._runners():
            with ThreadPoolExecutor(len(runners), thread_name_prefix="stop") as pool:
                for done in [pool.submit(runner.close) for runner in runners]:
                    if (failure := done.exception()) is not None:
                        log.error("a plugin failed to stop cleanly: %s", failure)
        self._hooked.close()
        self._bridge.close()

    def _runners(self) -> list[Runner]:
        return [*self._supervisors, *self._locals.values()]

    def _install(self, found: Found, *, enabled: bool) -> Supervisor:
        """Register a plugin's hooks; does not start it."""
        supervisor = self._making.of_code(
            found,
            enabled=enabled,
            choices=self._choices,
            databases=self._databases,
            records=self._records,
            bridge=self._bridge,
        )
        self._supervisors.append(supervisor)
        endpoint = RemoteEndpoint(supervisor.link, supervisor.traffic)
        self._handles[found.plugin_id] = Plugin(supervisor, endpoint, self._choices, self.services)
        self._hooked.add(found.plugin_id, endpoint)
        self._executor.is_there(found.plugin_id)
        supervisor.adopt()
        return supervisor

    def _remove(self, supervisor: Supervisor, chosen: Sequence[Found], enabled: Enabled) -> None:
        """Stop a plugin whose code was removed or that another one hides; logs a warning if it was enabled."""
        found = supervisor.installation.place
        if enabled.known(found):
            log.warning("plugin %s does not run any more: %s", found.plugin_id, why_gone(found, chosen, enabled.match))
        self._take_away(supervisor.plugin_id)
        self._supervisors.remove(supervisor)
        supervisor.close("it is no longer where it was")

    def _take_up(self, plugin_id: str) -> None:
        """Use the code that is now in the user's plugin directory; raises PluginUnavailable if it cannot serve."""
        path = self.data_dir / PACKAGES / plugin_id
        supervisor = next((one for one in self._supervisors if one.installation.place.path == path), None)
        if supervisor is None:
            self.rescan()
            return
        supervisor.reload(only_changed=True)  # the watcher may have been first
        if supervisor.installation.used.found.directory != real_path(path):  # it was refused before
            supervisor.reload()

    def _priority(self, plugin_id: str) -> Mapping[str, int]:
        manifest = self._handles[plugin_id].manifest if plugin_id in self._handles else None
        return manifest.priority if manifest is not None else {}

    def _take_away(self, plugin_id: str) -> None:
        self._hooked.remove(plugin_id)
        del self._handles[plugin_id]
