"""The files of an uninstalled plugin: which ones viewra may remove, and how."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from viewra.errors import UsageError
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.discovery import Found, Place
from viewra.host.logs.file import by_age, log_path

_REMOVED = ".removed-"  # discovery skips names that begin with a dot


def require_removable(found: Found, data_dir: Path) -> None:
    """Raise UsageError, with the remedy, for a plugin that viewra may not remove."""
    packages = (data_dir / PACKAGES).resolve()
    if found.place is Place.SHIPPED:
        raise UsageError(
            f"plugin {found.plugin_id} is shipped with viewra and cannot be uninstalled",
            hint=f"viewra plugins disable {found.plugin_id}",
        )
    if found.place is not Place.USER or not found.directory.is_relative_to(packages) or found.directory == packages:
        raise UsageError(
            f"plugin {found.plugin_id} is in {found.directory}, outside viewra's plugin directory",
            hint=f"remove it there yourself; viewra uninstalls only from {packages}",
        )


def hidden_name(path: Path) -> Path:
    """The name of a folder during its deletion, under which no host discovers it."""
    return path.with_name(f"{_REMOVED}{path.name}")


def remove_package(path: Path, *, hidden: Callable[[], object]) -> None:
    """Delete a plugin's folder; ``hidden`` is called once it is renamed. Raises OSError.

    A folder that was already renamed by an interrupted attempt is deleted; one at ``path`` was installed since.
    """
    away = hidden_name(path)
    if not _is_there(away):
        with contextlib.suppress(FileNotFoundError):
            path.rename(away)
    hidden()
    delete(away)


def data_of(data_dir: Path, plugin_id: str) -> list[Path]:
    """The places of a plugin's own files: its private directory, the backups of its database, its log."""
    logs = by_age(log_path(data_dir, plugin_id))
    return [data_dir / "plugins" / plugin_id, data_dir / "backups" / "plugins" / plugin_id, *logs]


def has_data(data_dir: Path, plugin_id: str) -> bool:
    """Whether any of them exists; never for an invalid id."""
    plain = plugin_id not in {"", ".", ".."} and "/" not in plugin_id and "\0" not in plugin_id
    return plain and any(map(_is_there, data_of(data_dir, plugin_id)))


def delete(path: Path) -> None:
    """Delete a file, a folder with its contents, or a link, but not the link's target. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
