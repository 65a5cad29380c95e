"""The files of a plugin that is uninstalled: which ones viewra may remove, and how they go."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from viewra.errors import UsageError
from viewra.host.installed.discovery import Found, Place
from viewra.host.logs.file import by_age, log_path

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


def hidden_name(path: Path) -> Path:
    """Where a package is while it is deleted: nobody finds it there, whatever is left of it."""
    return path.with_name(f"{_REMOVED}{path.name}")


def remove_package(path: Path, *, hidden: Callable[[], object]) -> None:
    """Delete a plugin's folder; ``hidden`` is called once it has another name. Raises OSError.

    One that has the other name already, from an attempt that was interrupted, is deleted from there: what is at
    ``path`` then was installed since.
    """
    away = hidden_name(path)
    if not _is_there(away):
        with contextlib.suppress(FileNotFoundError):
            path.rename(away)
    hidden()
    delete(away)


def data_of(data_dir: Path, plugin_id: str) -> list[Path]:
    """Where a plugin's own files are: its private directory, the backups of its database, its log."""
    logs = by_age(log_path(data_dir, plugin_id))
    return [data_dir / "plugins" / plugin_id, data_dir / "backups" / "plugins" / plugin_id, *logs]


def has_data(data_dir: Path, plugin_id: str) -> bool:
    """Whether there is any of it; never for what cannot be an id."""
    plain = plugin_id not in {"", ".", ".."} and "/" not in plugin_id and "\0" not in plugin_id
    return plain and any(map(_is_there, data_of(data_dir, plugin_id)))


def delete(path: Path) -> None:
    """Delete a file, a folder with all that is in it, or a link, but not what the link leads to. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
