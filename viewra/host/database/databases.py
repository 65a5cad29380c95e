"""Assigns each plugin its own database: a SQLite file, or a schema of the host's PostgreSQL with a login.

``viewra/db/plugin_schema.py`` names the schema and its roles; the supervisor decides when a plugin gets its database.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa

from viewra.db import plugin_provision, plugin_schema
from viewra.db.plugin_schema import PluginSchema, Server
from viewra.errors import UsageError, ViewraError
from viewra.host.installed.secrets import SecretBox, write_once

log = logging.getLogger("viewra.host")

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ID_NAME = "host.id"
"""The file in the data directory that identifies a host among those that share a database."""


class PluginDatabases:
    """The databases of one host's plugins. Thread-safe. ``engine`` is the host's own, None for plugins without a host.

    A plugin's ``engines`` are the databases that its manifest lists.
    """

    def __init__(self, data_dir: Path, engine: sa.Engine | None = None) -> None:
        self._data_dir = data_dir
        self._box = SecretBox(data_dir)
        self._engine = engine if engine is not None and engine.dialect.name == POSTGRESQL else None

    def url(self, plugin_id: str, engines: Collection[str] = (SQLITE,)) -> str:
        """The URL of a plugin's own database; creates nothing.

        A SQLite file has its absolute path, which Go plugins need. Raises ViewraError if the host's key cannot be read
        or created.
        """
        if self._engine is None or POSTGRESQL not in engines:
            return f"sqlite:///{self._file(plugin_id)}"
        place = self._place(plugin_id)
        return plugin_schema.url_for(self._server, place, self._password(place))

    def prepare(self, plugin_id: str, engines: Collection[str] = (SQLITE,)) -> None:
        """Make a plugin's database usable, before each of its starts; creates schema and roles in PostgreSQL.

        Raises ViewraError, whose message includes the remedy, since it becomes the reason why the plugin does not run.
        """
        if self._engine is None and SQLITE in engines:
            return  # the plugin makes its file
        try:
            self._prepare(plugin_id, engines)
        except ViewraError as error:
            raise ViewraError(f"{error}; {error.hint}" if error.hint else str(error)) from error

    def _prepare(self, plugin_id: str, engines: Collection[str]) -> None:
        if self._engine is None:
            raise UsageError(
                "it keeps its tables in PostgreSQL only, and viewra's own data is in SQLite",
                hint="give viewra a PostgreSQL database: --database postgresql://user:password@host/database",
            )
        if POSTGRESQL not in engines:
            return
        place = self._place(plugin_id)
        if self._file(plugin_id).exists() and not plugin_schema.exists(self._engine, place):
            log.warning(
                "plugin %s: its tables are in PostgreSQL from now on, empty at first; %s stays unchanged",
                plugin_id,
                self._file(plugin_id),
            )
        plugin_provision.provide(self._engine, place, self._password(place))
        plugin_schema.prove(self._server, place, self._password(place))

    def drop(self, plugin_id: str) -> None:
        """Drop a plugin's schema with its contents, and its roles; files are not touched. Raises DatabaseError."""
        if self._engine is not None:
            plugin_provision.drop(self._engine, self._place(plugin_id))

    def _file(self, plugin_id: str) -> Path:
        return self._data_dir / "plugins" / plugin_id / "data.db"

    def _place(self, plugin_id: str) -> PluginSchema:
        return plugin_schema.names_for(self._server, plugin_id, self._host_id)

    def _password(self, place: PluginSchema) -> str:
        """A password derived from the host's key, so that none is stored; a new key changes it at the next start."""
        return self._box.derive(f"PostgreSQL role {place.login}")

    @functools.cached_property
    def _server(self) -> Server:
        assert self._engine is not None  # noqa: S101 - only asked for with PostgreSQL
        return plugin_schema.server_of(self._engine)

    @functools.cached_property
    def _host_id(self) -> str:
        file = self._data_dir / ID_NAME
        try:
            return write_once(file, secrets.token_hex(16).encode()).decode()
        except OSError as error:
            raise ViewraError(f"{file}: {error.strerror}", hint="make the data directory writable") from error
