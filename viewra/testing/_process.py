"""Runs a plugin as a host does: in its own process, from its directory, by its manifest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from viewra import manifest as manifests
from viewra.adapters import RemoteEndpoint
from viewra.host.database.databases import PluginDatabases
from viewra.host.environments.environments import Environments
from viewra.host.environments.origins import Origins
from viewra.host.installed.choices import Chosen
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.folders import MANIFEST_NAME
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import PluginLog
from viewra.host.plugin import Plugin
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Confining
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.own_user import likely
from viewra.host.running.supervisor import Supervisor
from viewra.process import RuntimeDir, Spawner
from viewra.services import SERVICES, Services
from viewra.testing._host import FakeHostServices
from viewra.testing._tested import Tested


@contextmanager
def subprocess_plugin(
    directory: str | Path,
    *,
    settings: Mapping[str, object] | None = None,
    services: Services = SERVICES,
    host: FakeHostServices | None = None,
    packages: Origins | Environments | None = None,
) -> Iterator[Plugin]:
    """Start the plugin in ``directory``, yield its handle, and stop it at the end.

    ``settings`` are values as an operator sets them, by dotted key; ``services`` are those that the host knows.
    ``host`` has the host services, by default empty ones in memory; all that the manifest requests is granted. With
    ``packages`` it runs in an environment with the packages that it names, taken from there; else in the one that
    ``viewra plugins test`` has built, or in this one. Raises ManifestError if the manifest or a setting is invalid,
    PluginUnavailable if the plugin does not start.
    """
    directory = Path(directory).resolve()
    manifest = manifests.load(directory / MANIFEST_NAME)
    environments = packages if isinstance(packages, Environments) else Tested.given()
    with ExitStack() as resources:
        data_dir = tempfile.mkdtemp(prefix="viewra-")
        resources.callback(shutil.rmtree, data_dir, ignore_errors=True)
        runtime_dir = resources.enter_context(RuntimeDir())
        spawner = Spawner()
        resources.callback(spawner.close)
        installation = Installation(
            Found(manifest.id, directory, Place.GIVEN, manifest),
            data_dir=Path(data_dir),
        )
        configuration = RunConfiguration(
            installation,
            chosen=lambda _found: Chosen(lambda: manifest.settings.config(settings), manifest.runtime),
            databases=PluginDatabases(Path(data_dir)),
            confining=Confining(
                (Path(data_dir), runtime_dir.path), user_of=lambda plugin_id: likely(plugin_id, Path(data_dir))
            ),
            log_level="debug",
            services=services,
            hosted=(host or FakeHostServices(plugin_id=manifest.id)).hosted,
            environments=Environments(Path(data_dir), packages) if isinstance(packages, Origins) else environments,
        )
        supervisor = Supervisor(
            installation,
            configuration,
            plugin_log=PluginLog(manifest.id),
            machinery=Machinery(spawner, runtime_dir),
            enabled=True,
            on_state=lambda *_: None,
        )
        resources.callback(supervisor.close)
        supervisor.load()
        yield Plugin(supervisor, RemoteEndpoint(supervisor.link, supervisor.traffic), services=services)
