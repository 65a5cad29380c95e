"""A throw-away host with one plugin, enabled, with all that it requests, and a library to try it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from viewra.authoring.sample_library import write_sample_library
from viewra.errors import UsageError
from viewra.host.facade import Host
from viewra.host.installed.held_folder import held_folder
from viewra.host.plugin import Plugin
from viewra.manifest import Manifest

OpenHost = Callable[[Path, Path], Host]
"""Makes the host, not opened yet, from a directory of plugins and a data directory."""


@attrs.frozen
class Workshop:
    """The open ``host``, its ``plugin``, the plugin's real ``directory``, and the ``library``, which may be scanned."""

    host: Host
    plugin: Plugin
    directory: Path
    library: Path

    @property
    def data_dir(self) -> Path:
        """The host's data directory, for commands beside it."""
        return self.host.data_dir


@contextmanager
def open_workshop(
    manifest: Manifest,
    make_host: OpenHost,
    *,
    library: Path | None = None,
    settings: Mapping[str, object] | None = None,
    prepare: Callable[[Plugin], None] = lambda _plugin: None,
) -> Iterator[Workshop]:
    """Open a host on a temporary data directory, which is removed at the end.

    ``library`` is the author's own folder of media files, by default a sample library; ``settings`` are values as an
    operator sets them. ``prepare`` is called before the plugin may start. Raises UsageError for a folder that does not
    exist, ManifestError for a setting that does not fit.
    """
    if library is not None and not library.is_dir():
        raise UsageError(f"there is no folder {library}", hint="name a folder of media files: --library DIR")
    with ExitStack() as resources:
        folder = resources.enter_context(held_folder("viewra-dev-"))
        plugins = folder / "plugins"
        plugins.mkdir()
        (plugins / manifest.id).symlink_to(manifest.directory.resolve())
        if library is None:
            library = folder / "library"
            write_sample_library(library)
        host = resources.enter_context(make_host(plugins, folder / "data"))
        for other in host.plugins.values():
            if other.id != manifest.id:
                other.disable()
        plugin = host.plugins[manifest.id]
        if settings:
            plugin.settings.change(settings)
        prepare(plugin)
        plugin.enable(grant_requested=True)
        yield Workshop(host, plugin, manifest.directory.resolve(), library.resolve())
