"""The host's side of the database service; its mirror image is viewra/sdk/servicers/database.py."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Caller
from viewra.codec import database as codec
from viewra.codec.rpc import Rpc
from viewra.errors import ViewraError
from viewra.hookspecs import hookimpl
from viewra.types import Result, SchemaState


class DatabaseClient:
    """One plugin's ``DatabaseService``; each method raises a PluginError."""

    def __init__(self, endpoint: Caller) -> None:
        self._endpoint = endpoint

    def get_models(self) -> tuple[str, ...]:
        """The names of its tables."""
        return self._endpoint.call(codec.GET_MODELS)

    def migrate(self, connection_string: str = "") -> None:
        """Migrate its database (by default its own) to the newest version."""
        self._endpoint.call(codec.MIGRATE, connection_string or self._endpoint.database_url)

    def rollback(self, connection_string: str = "") -> None:
        """Roll its database (by default its own) back one version."""
        self._endpoint.call(codec.ROLLBACK, connection_string or self._endpoint.database_url)

    def describe(self, connection_string: str = "") -> SchemaState | None:
        """The schema version of its database (by default its own); None if it cannot report that or does not run."""
        if not self._endpoint.serves(codec.DESCRIBE):
            return None
        return self._endpoint.call(codec.DESCRIBE, connection_string or self._endpoint.database_url)


class DatabaseAdapter(ServiceAdapter):
    """One plugin behind the hooks of the database service."""

    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def get_models(self) -> Generator[None, list[Result[tuple[str, ...]]], list[Result[tuple[str, ...]]]]:
        """Ask for the names of its tables."""
        pending = self._begin(codec.GET_MODELS)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def migrate(
        self, connection_string: str | None, plugin_id: str | None
    ) -> Generator[None, list[Result[None]], list[Result[None]]]:
        """Migrate its own database to the newest version."""
        pending = self._move(codec.MIGRATE, connection_string, plugin_id)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def rollback(
        self, connection_string: str | None, plugin_id: str | None
    ) -> Generator[None, list[Result[None]], list[Result[None]]]:
        """Roll its own database back one version."""
        pending = self._move(codec.ROLLBACK, connection_string, plugin_id)
        return self._add((yield), pending)

    def _move(self, rpc: Rpc[[str], None], connection_string: str | None, plugin_id: str | None) -> Future[None] | None:
        if plugin_id not in {None, self._endpoint.plugin_id} or not self._endpoint.offers(self.capability):
            return None
        if connection_string and plugin_id is None:
            return self._refuse("one connection string is for one plugin: give plugin_id too", rpc.method)
        try:
            return self._begin(rpc, connection_string or self._endpoint.database_url)
        except ViewraError as error:  # the location of its database is unknown
            return self._refuse(str(error), rpc.method)
