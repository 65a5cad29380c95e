"""Uninstalls plugins so that a removal which was interrupted at any moment is finished by the next host or command.

A removal is recorded first, and forgotten last. In between: the plugin's database goes, then what the host's database
has of it, then its folder gets a name under which nobody finds it, then files are deleted.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra import library
from viewra.db import StoredRemoval, forget_removal, read_removals, read_settings, write_removal, write_settings
from viewra.db.plugin_removals import FORGOTTEN, HIDDEN
from viewra.errors import UsageError, ViewraError
from viewra.host.database.databases import PluginDatabases
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.enabled import Enabled
from viewra.host.installed.pins import Pins
from viewra.host.installed.uninstall import data_of, delete, has_data, hidden_name, remove_package, require_removable
from viewra.host.running.remembered import Remembered

log = logging.getLogger("viewra.host")


class Uninstaller:
    """Removes plugins of the user's directory. Its caller sees to it that no two threads use it at once."""

    def __init__(self, engine: sa.Engine, data_dir: Path, databases: PluginDatabases, records: Remembered) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._databases = databases
        self._records = records
        self._finished: dict[str, StoredRemoval] = {}  # by this host, as it opened

    @contextlib.contextmanager
    def begun(self, found: Found, *, keep_data: bool, shared: bool) -> Iterator[None]:
        """Record that a plugin is being removed, and take that back if what follows is refused.

        ``shared``: there is another plugin of the same id. Raises UsageError for one that is not viewra's to remove.
        """
        require_removable(found, self._data_dir)
        if shared and not keep_data:
            raise UsageError(
                f"there is another plugin {found.plugin_id}, whose data this is too",
                hint="viewra plugins list shows where",
            )
        delete(hidden_name(found.path))  # of a plugin that was there before
        write_removal(self._engine, StoredRemoval(found.plugin_id, str(found.path), keep_data))
        try:
            yield
        except BaseException:
            forget_removal(self._engine, found.plugin_id)
            raise

    def drop_database(self, plugin_id: str, *, keep_data: bool) -> None:
        """Remove the plugin's database, where that is no file; raises DatabaseError, and then nothing has changed."""
        if not keep_data:
            self._databases.drop(plugin_id)

    def finish(self) -> None:
        """Finish what an earlier host or command began; what cannot be finished is in the log, and is tried again."""
        for removal in read_removals(self._engine):
            try:
                self._finish(removal)
            except ViewraError as error:
                log.warning("%s; %s", error, error.hint)
            else:
                log.info("plugin %s: its removal, which was interrupted, is finished", removal.plugin_id)
                self._finished[removal.plugin_id] = removal

    def finish_one(self, plugin_id: str) -> None:
        """Finish the removal of a plugin that is stopped and no longer behind the hooks; raises ViewraError."""
        for removal in read_removals(self._engine):
            if removal.plugin_id == plugin_id:
                self._finish(removal)

    def has_left(self, plugin_id: str) -> bool:
        """Whether there is something to remove of a plugin that is not there any more."""
        unfinished = any(removal.plugin_id == plugin_id for removal in read_removals(self._engine))
        return unfinished or plugin_id in self._finished or has_data(self._data_dir, plugin_id)

    def remove_rest(self, plugin_id: str, *, keep_data: bool) -> Path | None:
        """Remove what is left of a plugin that is not there any more; gives the path where it was, if that is known.

        Raises UsageError when nothing is left.
        """
        begun = {one.plugin_id: one for one in read_removals(self._engine)}.get(plugin_id)
        removal = begun or self._finished.pop(plugin_id, None)
        if begun is not None:
            self._finish(attrs.evolve(begun, keep_data=begun.keep_data and keep_data))
        elif not keep_data and has_data(self._data_dir, plugin_id):
            rest = StoredRemoval(plugin_id, "", keep_data)
            write_removal(self._engine, rest)
            self._finish(rest)
        elif removal is None:
            raise UsageError(f"there is no plugin {plugin_id!r} to uninstall", hint="viewra plugins list")
        return Path(removal.path) if removal is not None and removal.path else None

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
            for place in () if removal.keep_data else data_of(self._data_dir, plugin_id):
                delete(place)
        except OSError as error:
            raise ViewraError(
                f"plugin {plugin_id} cannot be removed: {error.filename}: {error.strerror}",
                hint="mend that: the next host, or the same command, removes what is left",
            ) from error
        forget_removal(self._engine, plugin_id)

    def _forget(self, removal: StoredRemoval) -> None:
        """Remove what the host's database has of it, but for what it said of media files."""
        if removal.path:
            directory = Path(removal.path).resolve()
            found = Found(removal.plugin_id, directory, Place.USER, None, path=Path(removal.path))
            Enabled(self._engine).remember(found, enabled=False)
            Pins(self._engine).unpin(found)
            self._records.set_quarantine(found, None)
        library.forget_listener(self._engine, removal.plugin_id)
        if not removal.keep_data:
            write_settings(self._engine, removal.plugin_id, {}, unset=read_settings(self._engine, removal.plugin_id))
