"""Uninstalls plugins; the next host or command completes a removal that was interrupted at any moment.

The uninstaller first records the removal and deletes that record last. In between it removes the plugin's database,
then its rows in the host's database, renames its directory to a name that discovery ignores, and deletes the files.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra import bridge, library
from viewra.db import StoredRemoval, forget_removal, read_removals, read_settings, write_removal, write_settings
from viewra.db.plugin_removals import FORGOTTEN, HIDDEN
from viewra.errors import UsageError, ViewraError
from viewra.host.database.databases import PluginDatabases
from viewra.host.environments.environment import FOLDER as ENVIRONMENTS
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.enabled import Enabled
from viewra.host.installed.pins import Pins
from viewra.host.installed.uninstall import data_of, delete, has_data, hidden_name, remove_package, require_removable
from viewra.host.installed.versions import HIDDEN as VERSIONS
from viewra.host.running.remembered import Remembered

log = logging.getLogger("viewra.host")


class Uninstaller:
    """Removes plugins of the user's plugin directory. Not thread-safe: its caller holds a lock."""

    def __init__(self, engine: sa.Engine, data_dir: Path, databases: PluginDatabases, records: Remembered) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._databases = databases
        self._records = records
        self._finished: dict[str, StoredRemoval] = {}  # removals that this host completed when it opened

    @contextlib.contextmanager
    def begun(self, found: Found, *, keep_data: bool, shared: bool) -> Iterator[None]:
        """Record that a plugin is being removed; deletes the record if the block refuses the removal.

        ``shared``: another plugin has the same id. Raises UsageError if viewra may not remove the plugin.
        """
        require_removable(found, self._data_dir)
        if shared and not keep_data:
            raise UsageError(
                f"there is another plugin {found.plugin_id}, whose data this is too",
                hint="viewra plugins list shows where",
            )
        delete(hidden_name(found.path))  # left by an earlier plugin
        write_removal(self._engine, StoredRemoval(found.plugin_id, str(found.path), keep_data))
        try:
            yield
        except BaseException:
            forget_removal(self._engine, found.plugin_id)
            raise

    def drop_database(self, plugin_id: str, *, keep_data: bool) -> None:
        """Remove the plugin's database if it is not a file; raises DatabaseError with nothing changed."""
        if not keep_data:
            self._databases.drop(plugin_id)

    def finish(self) -> None:
        """Complete interrupted removals; logs failures, which the next host tries again."""
        for removal in read_removals(self._engine):
            try:
                self._finish(removal)
            except ViewraError as error:
                log.warning("%s; %s", error, error.hint)
            else:
                log.info("plugin %s: its interrupted removal is complete", removal.plugin_id)
                self._finished[removal.plugin_id] = removal

    def finish_one(self, plugin_id: str) -> None:
        """Complete the removal of a plugin that is stopped and whose hooks are unregistered; raises ViewraError."""
        for removal in read_removals(self._engine):
            if removal.plugin_id == plugin_id:
                self._finish(removal)

    def has_left(self, plugin_id: str) -> bool:
        """Whether a plugin that is no longer installed left something to remove."""
        unfinished = any(removal.plugin_id == plugin_id for removal in read_removals(self._engine))
        return unfinished or plugin_id in self._finished or self._has_data(plugin_id)

    def remove_rest(self, plugin_id: str, *, keep_data: bool) -> Path | None:
        """Remove what a plugin that is no longer installed left; returns its former path, if known.

        Raises UsageError if nothing is left.
        """
        begun = {one.plugin_id: one for one in read_removals(self._engine)}.get(plugin_id)
        removal = begun or self._finished.pop(plugin_id, None)
        if begun is not None:
            self._finish(attrs.evolve(begun, keep_data=begun.keep_data and keep_data))
        elif not keep_data and self._has_data(plugin_id):
            rest = StoredRemoval(plugin_id, "", keep_data)
            write_removal(self._engine, rest)
            self._finish(rest)
        elif removal is None:
            raise UsageError(f"there is no plugin {plugin_id!r} to uninstall", hint="viewra plugins list")
        return Path(removal.path) if removal is not None and removal.path else None

    def _has_data(self, plugin_id: str) -> bool:
        return has_data(self._data_dir, plugin_id) or bridge.has_stored(self._engine, plugin_id)

    def _finish(self, removal: StoredRemoval) -> None:
        plugin_id, path = removal.plugin_id, Path(removal.path)
        if removal.step < FORGOTTEN:
            self.drop_database(plugin_id, keep_data=removal.keep_data)
            self._forget(removal)
            removal = attrs.evolve(removal, step=FORGOTTEN)
            write_removal(self._engine, removal)
        hidden = attrs.evolve(removal, step=HIDDEN)
        try:
            if removal.path and removal.step < HIDDEN:
                remove_package(path, hidden=lambda: write_removal(self._engine, hidden))
            elif removal.path:
                delete(hidden_name(path))
            delete(self._data_dir / "kept-code" / plugin_id)
            delete(self._data_dir / ENVIRONMENTS / plugin_id)
            if removal.path:
                delete(self._data_dir / PACKAGES / VERSIONS / plugin_id)
            for place in () if removal.keep_data else data_of(self._data_dir, plugin_id):
                delete(place)
        except OSError as error:
            raise ViewraError(
                f"plugin {plugin_id} cannot be removed: {error.filename}: {error.strerror}",
                hint="fix that; then the next host, or the same command, removes the rest",
            ) from error
        forget_removal(self._engine, plugin_id)

    def _forget(self, removal: StoredRemoval) -> None:
        """Remove its rows from the host's database, except its metadata of media files."""
        if removal.path:
            directory = Path(removal.path).resolve()
            found = Found(removal.plugin_id, directory, Place.USER, None, path=Path(removal.path))
            Enabled(self._engine).remember(found, enabled=False)
            Pins(self._engine, self._data_dir).unpin(found)
            self._records.set_quarantine(found, None)
        library.forget_listener(self._engine, removal.plugin_id)
        if not removal.keep_data:
            bridge.forget(self._engine, removal.plugin_id)
            write_settings(self._engine, removal.plugin_id, {}, unset=read_settings(self._engine, removal.plugin_id))
