"""Operations on the databases of a host and its plugins: what ``viewra db`` does; and on what its machine has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from viewra.errors import PluginError, UsageError
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.database.migrations import PluginDatabase
from viewra.host.plugin import Plugin
from viewra.host.scanning import Scanning
from viewra.process.sandbox.machine import Mechanism, machine
from viewra.services import TABLES
from viewra.types import PluginState, SchemaState

HOST = "host"


@attrs.frozen
class DatabaseStatus:
    """A database's schema version. What is not known is None, and ``reason`` says why."""

    owner: str
    revision: str | None
    head: str | None
    up_to_date: bool | None
    reason: str = ""


@attrs.frozen
class DatabaseRevision:
    """A revision of a database. ``additive``: its migration only adds tables and columns."""

    revision: str
    message: str
    additive: bool
    applied: bool


@attrs.frozen
class Backup:
    """A copy of a SQLite database: its ``path`` on the host, and its ``size`` in bytes."""

    path: Path
    size: int
    created_at: float


@attrs.frozen
class DatabaseDetails:
    """A database's schema version with all revisions, oldest first, and its backups, newest first.

    ``is_copied``: viewra backs it up before a migration that may lose data; PostgreSQL it does not. ``differences`` are
    those of the host's tables from its code; there should be none.
    """

    owner: str
    revision: str | None
    head: str | None
    up_to_date: bool | None
    reason: str
    is_copied: bool
    revisions: tuple[DatabaseRevision, ...]
    backups: tuple[Backup, ...]
    differences: tuple[str, ...]


@operation(changes=False)
def db_current(host: Scanning) -> list[DatabaseStatus]:
    """The schema versions of the host's database and those of plugins that may run; may start these."""
    from viewra.db import manage  # imports Alembic

    own = manage.describe(_url(host))
    stopped = {PluginState.INVALID, PluginState.DISABLED}
    plugins = [one for one in host.plugins.values() if TABLES in one.services and one.state not in stopped]
    return [_status(HOST, own), *map(_of_plugin, plugins)]


@operation(changes=False)
def db_get(host: Scanning, owner: str) -> DatabaseDetails:
    """One database with its revisions and backups; ``host`` is the host's own; may start a plugin."""
    if owner != HOST:
        own = find_plugin(host.plugins, owner).own_database
        state = own.state()
        status = _unknown(owner) if state is None else _status(owner, state)
        return _details(status, state, own.is_copied, own.backups())
    from viewra.db import backup, manage  # imports Alembic

    url = _url(host)
    state = manage.describe(url)
    is_copied = manage.is_copied(url)
    kept = backup.backups(_folder(host), Path(host.engine.url.database or "").stem) if is_copied else []
    return _details(_status(HOST, state), state, is_copied, kept, tuple(manage.differences(url)))


@operation(changes=True)
def db_back_up(host: Scanning, owner: str) -> Backup:
    """Copy a SQLite database, which may be in use; the five newest copies are kept."""
    from viewra.db import backup, manage  # imports Alembic

    if owner != HOST:
        own = find_plugin(host.plugins, owner).own_database
        _require_copied(own.is_copied)
        copy = own.back_up()
        if copy is None:
            raise UsageError(f"plugin {owner} has made no database yet", hint="there is nothing to back up")
        return _backup(copy)
    url = _url(host)
    _require_copied(manage.is_copied(url))
    return _backup(backup.back_up(Path(host.engine.url.database or ""), _folder(host), manage.describe(url).current))


@operation(changes=True)
def db_upgrade(host: Scanning, plugin_id: str, without_backup: bool = False) -> DatabaseDetails:
    """Upgrade a plugin's database to its newest revision, after a backup unless the migrations only add."""
    own = find_plugin(host.plugins, plugin_id).own_database
    _require_backup(own, plugin_id, without_backup)
    own.upgrade()
    return db_get(host, plugin_id)


@operation(changes=True)
def db_downgrade(
    host: Scanning, plugin_id: str, revision: str | None = None, without_backup: bool = False
) -> DatabaseDetails:
    """Downgrade a plugin's database to a revision ("": to none), by default the previous one, after a backup.

    The plugin's next start upgrades it again, so disable the plugin or install an older version first.
    """
    own = find_plugin(host.plugins, plugin_id).own_database
    _require_backup(own, plugin_id, without_backup)
    own.downgrade(revision)
    return db_get(host, plugin_id)


@operation(changes=False)
def doctor(host: Scanning) -> list[Mechanism]:
    """This machine's sandboxing mechanisms, and why some are missing."""
    del host
    return list(machine().mechanisms())


def _of_plugin(plugin: Plugin) -> DatabaseStatus:
    try:
        state = plugin.own_database.state()
    except PluginError as error:
        return DatabaseStatus(plugin.id, None, None, None, error.message)
    if state is None:
        return _unknown(plugin.id)
    return _status(plugin.id, state)


def _status(owner: str, state: SchemaState) -> DatabaseStatus:
    return DatabaseStatus(owner, state.current or None, state.head or None, state.pending == ())


def _unknown(owner: str) -> DatabaseStatus:
    return DatabaseStatus(owner, None, None, None, "it cannot list its revisions")


def _details(
    status: DatabaseStatus,
    state: SchemaState | None,
    is_copied: bool,
    backups: Sequence[Path],
    differences: tuple[str, ...] = (),
) -> DatabaseDetails:
    waiting = {one.id for one in (state.pending or ())} if state is not None else set()
    revisions = tuple(
        DatabaseRevision(one.id, one.message, one.additive, one.id not in waiting)
        for one in (state.revisions if state is not None else ())
    )
    kept = tuple(map(_backup, backups))
    known = (status.owner, status.revision, status.head, status.up_to_date, status.reason)
    return DatabaseDetails(*known, is_copied, revisions, kept, differences)


def _backup(copy: Path) -> Backup:
    status = copy.stat()
    return Backup(copy, status.st_size, status.st_mtime)


def _folder(host: Scanning) -> Path:
    return host.plugins.data_dir / "backups" / "host"


def _url(host: Scanning) -> str:
    return host.engine.url.render_as_string(hide_password=False)


def _require_copied(is_copied: bool) -> None:
    if not is_copied:
        raise UsageError("viewra does not back up PostgreSQL", hint="make a backup with pg_dump")


def _require_backup(own: PluginDatabase, plugin_id: str, without_backup: bool) -> None:
    """Raise UsageError for a migration that may lose data, of a database of which viewra makes no copy."""
    if not (own.is_copied or without_backup):
        what = f"viewra does not back up PostgreSQL, where plugin {plugin_id} has its database"
        raise UsageError(what, hint="make a backup with pg_dump, then pass without_backup")
