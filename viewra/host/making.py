"""``Making``: what the plugins of one host are made with."""

from __future__ import annotations

from pathlib import Path

import attrs

from viewra.bridge import Bridge
from viewra.codec.limits import Limits
from viewra.host.database.databases import PluginDatabases
from viewra.host.environments.environments import Environments
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.discovery import Found
from viewra.host.installed.installation import Installation
from viewra.host.logs.file import log_path
from viewra.host.logs.log import LogListener, PluginLog
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Confining
from viewra.host.running.in_process import LocalPlugin
from viewra.host.running.launch_spec import Connecting, Machinery
from viewra.host.running.pool import StateListener
from viewra.host.running.remembered import Remembered
from viewra.host.running.supervisor import Supervisor
from viewra.services import Implementation, Services


@attrs.frozen(kw_only=True, eq=False)
class Making:
    """Makes plugins, of code that was found or of an object; starts and registers none.

    Without ``machinery`` no plugin of it can start a process.
    """

    data_dir: Path
    log_level: str
    machinery: Machinery | None
    connecting: Connecting
    confining: Confining
    versions: tuple[int, ...]
    limits: Limits
    services: Services
    environments: Environments
    on_state: StateListener
    on_log: LogListener

    def of_code(
        self,
        found: Found,
        *,
        enabled: bool,
        choices: OperatorChoices,
        databases: PluginDatabases,
        records: Remembered,
        bridge: Bridge,
    ) -> Supervisor:
        """The plugin of this code, which runs in processes of its own."""
        installation = Installation(found, data_dir=self.data_dir)
        configuration = RunConfiguration(
            installation,
            chosen=choices.chosen,
            databases=databases,
            confining=self.confining,
            log_level=self.log_level,
            connecting=self.connecting,
            versions=self.versions,
            limits=self.limits,
            services=self.services,
            hosted=bridge.of(found.plugin_id),
            environments=self.environments,
        )
        return Supervisor(
            installation,
            configuration,
            plugin_log=PluginLog(found.plugin_id, log_path(self.data_dir, found.plugin_id), self.on_log),
            machinery=self.machinery,
            records=records,
            enabled=enabled,
            on_state=self.on_state,
        )

    def of_object(self, plugin: Implementation, *, databases: PluginDatabases, bridge: Bridge) -> LocalPlugin:
        """The plugin that is this object, in this process."""
        return LocalPlugin(
            plugin,
            data_dir=self.data_dir,
            log_level=self.log_level,
            limits=self.limits,
            databases=databases,
            hosted=bridge.of,
            services=self.services,
        )
