"""Which plugins the operator enabled, by id and path, with links unresolved."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

from viewra.db import enabled_plugins, set_enabled
from viewra.host.installed.discovery import Found


class Match(enum.IntEnum):
    """How well a stored choice matches a plugin that was found."""

    NONE = 0
    SAME_FOLDER = 1  # another path that leads to the same folder
    SAME_PATH = 2


class Enabled:
    """The stored choices at one moment. Reading them raises DatabaseError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._rows: dict[tuple[str, str], bool] = enabled_plugins(engine)

    @property
    def rows(self) -> Mapping[tuple[str, str], bool]:
        """``(plugin id, path)`` of each plugin seen so far → whether it is enabled."""
        return self._rows

    def ids(self) -> dict[str, str]:
        """The last id of the plugin at a path, for unreadable manifests."""
        return {path: plugin_id for (plugin_id, path), enabled in sorted(self._rows.items(), key=lambda row: row[1])}

    def astray(self, directories: Iterable[Path]) -> list[tuple[str, Path]]:
        """Id and path of each enabled plugin that is a link, directly in one of these, with a missing target."""
        links = [(plugin_id, Path(path)) for (plugin_id, path), enabled in sorted(self._rows.items()) if enabled]
        parents = {directory.absolute() for directory in directories}
        return [(i, link) for i, link in links if link.parent in parents and link.is_symlink() and not link.exists()]

    def known(self, found: Found) -> bool | None:
        """Whether a plugin is enabled; None if it is new."""
        row = self._row(found)
        return self._rows[row] if row is not None else None

    def match(self, found: Found) -> Match:
        """How certain it is that the operator enabled this plugin."""
        row = self._row(found)
        if row is None or not self._rows[row]:
            return Match.NONE
        return Match.SAME_PATH if row == found.key else Match.SAME_FOLDER

    def remember(self, found: Found, enabled: bool) -> None:
        """Store whether it is enabled, also under every other path to the same folder."""
        for key in {found.key, *self._others(found)}:
            set_enabled(self._engine, *key, enabled)
            self._rows[key] = enabled

    def _row(self, found: Found) -> tuple[str, str] | None:
        return found.key if found.key in self._rows else next(iter(self._others(found)), None)

    def _others(self, found: Found) -> list[tuple[str, str]]:
        """Rows of the same id whose path leads to the same folder."""
        return [
            (plugin_id, path)
            for plugin_id, path in self._rows
            if plugin_id == found.plugin_id and os.path.realpath(path) == str(found.directory)
        ]
