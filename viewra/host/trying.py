"""Tries a version of a plugin out before it is used: starts it in a host of its own, with no data, and stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from viewra.errors import PluginError, PluginUnavailable, ViewraError
from viewra.host.environments.environment import FOLDER as ENVIRONMENTS
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.discovery import Found
from viewra.host.installed.grants import Grant
from viewra.host.installed.held_folder import held_folder
from viewra.host.packages.staging import FOLDER
from viewra.host.plugin import Plugin


class TrialHost(Protocol):
    """A host on an empty data directory."""

    @property
    def plugins(self) -> Mapping[str, Plugin]:
        """Its plugins by id."""
        ...


OpenHost = Callable[[Path, Path], AbstractContextManager[TrialHost]]
"""Makes a host from a directory of plugins and a data directory."""


def try_out(
    open_host: OpenHost, data_dir: Path, found: Found, values: Mapping[str, object], granted: Sequence[Grant]
) -> None:
    """Start the plugin and stop it again; raises PluginUnavailable, with the reason, if it does not start.

    ``values`` are the operator's settings, ``granted`` the permissions that it has. It gets an empty database, and the
    environment that was built for it in ``data_dir``.
    """
    parent = data_dir.absolute() / PACKAGES / FOLDER
    with held_folder("trial-", parent) as folder:
        plugins, data = folder / "plugins", folder / "data"
        for made in (plugins, data):
            made.mkdir(mode=0o700)
        (plugins / found.plugin_id).symlink_to(found.directory)
        (data / ENVIRONMENTS).symlink_to(data_dir.absolute() / ENVIRONMENTS)
        with open_host(plugins, data) as host:
            plugin = host.plugins.get(found.plugin_id)
            if plugin is None:  # its folder is gone: the command that had unpacked it was killed
                raise PluginUnavailable(
                    found.plugin_id,
                    f"it is not installed: its files went from {found.directory} meanwhile",
                    hint="install it again",
                )
            try:
                plugin.settings.change(values)
                for one in granted:
                    plugin.grant(one.name, hosts=one.hosts if one.withheld else ())
                plugin.enable()
                plugin.load()
            except ViewraError as error:
                reason = error.message if isinstance(error, PluginError) else str(error)
                version = plugin.manifest.version if plugin.manifest is not None else "?"
                raise PluginUnavailable(
                    found.plugin_id,
                    f"version {version} was tried and is not installed: {reason}",
                    hint=error.hint or "to install it all the same: --untried",
                ) from error
