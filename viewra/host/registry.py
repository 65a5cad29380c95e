"""The plugins of one host: created from discovery, kept behind pluggy's hooks, closed together."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from viewra.adapters import RemoteEndpoint
from viewra.codec.limits import Limits
from viewra.errors import PluginError, UsageError
from viewra.host.availability import require_process
from viewra.host.database.databases import PluginDatabases
from viewra.host.hooked import HookedPlugins
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.discovery import Found, Place, discover, in_force
from viewra.host.installed.enabled import Enabled
from viewra.host.installed.installation import Installation
from viewra.host.logs.file import log_path
from viewra.host.logs.log import PluginLog
from viewra.host.plugin import Plugin
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Confining
from viewra.host.running.in_process import LocalPlugin
from viewra.host.running.launch_spec import Connecting, Machinery
from viewra.host.running.pool import StateListener
from viewra.host.running.remembered import Remembered
from viewra.host.running.runner import Runner, in_process
from viewra.host.running.supervisor import Supervisor
from viewra.host.uninstalling import Uninstaller
from viewra.services import Implementation, Services

log = logging.getLogger("viewra.host")


class Registry(Mapping[str, Plugin]):
    """Plugin handles by id, in order of registration. ``hidden`` are those hidden by one of the same id."""

    def __init__(
        self,
        hooked: HookedPlugins,
        engine: sa.Engine,
        machinery: Machinery | None,
        *,
        data_dir: Path,
        log_level: str,
        on_state: StateListener,
        connecting: Connecting,
        confining: Confining,
        versions: Sequence[int],
        limits: Limits,
        services: Services,
    ) -> None:
        self.hidden: Sequence[Found] = ()
        self._pid = os.getpid()
        self._hooked = hooked
        self._machinery = machinery
        self._data_dir = data_dir
        self._choices = OperatorChoices(engine, data_dir)
        self._databases = PluginDatabases(data_dir, engine)
        self._records = Remembered(engine)
        self._uninstaller = Uninstaller(engine, data_dir, self._databases, self._records)
        self._log_level = log_level
        self._on_state = on_state
        self._connecting = connecting
        self._confining = confining
        self._versions = tuple(versions)
        self._limits = limits
        self._services = services
        self._handles: dict[str, Plugin] = {}
        self._supervisors: list[Supervisor] = []
        self._locals: dict[str, LocalPlugin] = {}
        self._given: tuple[Path, ...] = ()
        self._user: Path | None = None
        self._installing = threading.Lock()  # held while the plugins are compared with the disk

    def __getitem__(self, plugin_id: str) -> Plugin:
        require_process(self._pid)
        return self._handles[plugin_id]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._handles))

    def __len__(self) -> int:
        return len(self._handles)

    def find(self, given: Sequence[Path], user: Path | None) -> None:
        """Discover plugins and put each one in force behind the hooks; none is started."""
        self._given, self._user = tuple(given), user
        for directory in given:
            if not directory.is_dir():
                log.warning("there is no plugin directory %s: look at --plugins", directory)
        if self._machinery is not None:
            self._uninstaller.finish()
        self.rescan()
        for plugin_id, link in self._choices.enabled().astray([*given, *([user] if user else [])]):
            log.warning("plugin %s is enabled and does not run: the link %s leads nowhere", plugin_id, link)

    def rescan(self) -> None:
        """Look again which plugins there are: new ones are put behind the hooks, those that are gone are stopped.

        One that another of the same id takes the place of is stopped, too; those that stay are left alone.
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
        """The code of the plugin that was put at this path may have changed: if it did, it is reloaded.

        What it says, or why the new code is not used, is in the log and in the plugin's state.
        """
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
        """Let the plugins that may read the library read what is in it now: those that run are replaced, if need be."""
        for supervisor in self.supervisors():
            try:
                supervisor.use_folders()
            except PluginError as error:
                log.error("%s", error)

    def supervisors(self) -> tuple[Supervisor, ...]:
        """Those plugins that run in processes of their own, when they run."""
        return tuple(self._supervisors)

    def serving(self) -> list[Supervisor]:
        """The plugins whose processes run now."""
        return [one for one in self._supervisors if one.pool.runs]

    def register(self, plugin: Implementation) -> Plugin:
        """Start a plugin object of this process and put it behind the hooks; raises when it refuses to start."""
        local = LocalPlugin(
            plugin,
            data_dir=self._data_dir,
            log_level=self._log_level,
            limits=self._limits,
            databases=self._databases,
            services=self._services,
        )
        if local.plugin_id in self._handles:
            raise UsageError(
                f"a plugin with the id {local.plugin_id!r} is there already",
                hint="give it an id of its own: override info() and return PluginInfo(id=…)",
            )
        local.load()
        self._locals[local.plugin_id] = local
        handle = self._handles[local.plugin_id] = Plugin(local, local.endpoint, services=self._services)
        self._hooked.add(local.plugin_id, local.endpoint)
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

    def uninstall(self, plugin_id: str, *, keep_data: bool) -> Path | None:
        """Stop a plugin of the user's directory and remove it, with its data unless that is to be kept.

        Gives the path where it was, None where only data was left; finishes what an earlier uninstall did not. Raises
        UsageError for one that is not there, or not viewra's to remove, with nothing changed, and ViewraError when
        files cannot be removed: then the next host, or the same command, goes on.
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
            return found.path

    def has_left(self, plugin_id: str) -> bool:
        """Whether ``uninstall`` would find something to remove of a plugin that is not there any more."""
        return self._uninstaller.has_left(plugin_id)

    def begin_close(self) -> None:
        """Start nothing any more, and cancel starts and drains."""
        for runner in self._runners():
            runner.begin_close()

    def close(self) -> None:
        """Stop every plugin, all at the same time; failures are in the log."""
        if runners := self._runners():
            with ThreadPoolExecutor(len(runners), thread_name_prefix="stop") as pool:
                for done in [pool.submit(runner.close) for runner in runners]:
                    if (failure := done.exception()) is not None:
                        log.error("a plugin could not be stopped well: %s", failure)
        self._hooked.close()

    def _runners(self) -> list[Runner]:
        return [*self._supervisors, *self._locals.values()]

    def _install(self, found: Found, *, enabled: bool) -> Supervisor:
        """Put a plugin behind the hooks; it is not started."""
        installation = Installation(found, data_dir=self._data_dir)
        configuration = RunConfiguration(
            installation,
            chosen=self._choices.chosen,
            databases=self._databases,
            confining=self._confining,
            log_level=self._log_level,
            connecting=self._connecting,
            versions=self._versions,
            limits=self._limits,
            services=self._services,
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
        self._handles[found.plugin_id] = Plugin(supervisor, endpoint, self._choices, self._services)
        self._hooked.add(found.plugin_id, endpoint)
        supervisor.adopt()
        return supervisor

    def _remove(self, supervisor: Supervisor, chosen: Sequence[Found], enabled: Enabled) -> None:
        """Stop a plugin that is no longer where it was, or that another one hides; say so if it was enabled."""
        found = supervisor.installation.place
        if enabled.known(found):
            log.warning("plugin %s does not run any more: %s", found.plugin_id, _why_gone(found, chosen, enabled))
        self._take_away(supervisor.plugin_id)
        self._supervisors.remove(supervisor)
        supervisor.close("it is no longer where it was")

    def _take_away(self, plugin_id: str) -> None:
        self._hooked.remove(plugin_id)
        del self._handles[plugin_id]


def _why_gone(found: Found, chosen: Sequence[Found], enabled: Enabled) -> str:
    for other in chosen:
        state = "enabled, too" if enabled.match(other) else f"not enabled (viewra plugins enable {other.plugin_id})"
        if other.path == found.path:
            return f"{found.path} holds plugin {other.plugin_id} now, which is {state}"
        if other.plugin_id == found.plugin_id:
            return f"the one in {other.path} takes its place, which is {state}"
    return f"there is no plugin in {found.path} any more"
