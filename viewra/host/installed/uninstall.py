"""Takes a plugin out of the user's plugin directory, with its data or without."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import sqlalchemy as sa

from viewra import library
from viewra.db import read_settings, write_settings
from viewra.errors import UsageError, ViewraError
from viewra.host.installed.discovery import Found, Place

PACKAGES = "plugin-packages"
"""The user's plugin directory, in the data directory."""

_REMOVED = ".removed-"  # discovery passes over what begins with a dot


def require_removable(found: Found, data_dir: Path) -> None:
    """Raise UsageError, with the remedy, for a plugin that is not viewra's to remove."""
    packages = (data_dir / PACKAGES).resolve()
    if found.place is Place.SHIPPED:
        raise UsageError(
            f"plugin {found.plugin_id} came with viewra: it cannot be uninstalled",
            hint=f"viewra plugins disable {found.plugin_id}",
        )
    if found.place is not Place.USER or not found.directory.is_relative_to(packages) or found.directory == packages:
        raise UsageError(
            f"plugin {found.plugin_id} is in {found.directory}, which is not viewra's to remove",
            hint=f"remove it there yourself; only what is in {packages} is uninstalled",
        )


def remove(found: Found, engine: sa.Engine, data_dir: Path, *, keep_data: bool) -> None:
    """Remove a plugin that is stopped and disabled; what it said of media files stays in the library.

    Without ``keep_data`` its private directory, its database, the backups of that and its settings go too. A plugin
    that is installed again over kept data finds it as it was. Raises UsageError for one that is not viewra's to remove,
    and ViewraError when files cannot be removed: then the plugin is no longer found, and a second try removes the rest.
    """
    require_removable(found, data_dir)
    try:
        # Out of sight first: a plugin that is half there must not be found.
        hidden = found.directory.with_name(f"{_REMOVED}{found.directory.name}")
        _delete(hidden)
        found.directory.rename(hidden)
        _delete(hidden)
        if not keep_data:
            _delete(data_dir / "plugins" / found.plugin_id)
            _delete(data_dir / "backups" / "plugins" / found.plugin_id)
    except OSError as error:
        raise ViewraError(
            f"plugin {found.plugin_id} cannot be removed: {error.filename}: {error.strerror}",
            hint="mend that, and remove what is left by hand",
        ) from error
    library.forget_listener(engine, found.plugin_id)
    if not keep_data:
        write_settings(engine, found.plugin_id, {}, unset=read_settings(engine, found.plugin_id))


def _delete(directory: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(directory)
