"""Runs a plugin in the test's process and calls it directly, or over a real gRPC connection with a host's clients."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from viewra.adapters import Connection, Endpoint, LocalEndpoint, RemoteEndpoint, ServiceClients
from viewra.codec import lifecycle
from viewra.codec.limits import Limits
from viewra.errors import PluginUnavailable
from viewra.host.database.own import OwnDatabase
from viewra.host.running.lifecycle import begin, unnamed
from viewra.sdk.log import Logger, to_logging
from viewra.sdk.server import PluginServer
from viewra.sdk.settings import JSON_KEY
from viewra.services import SERVICES, Implementation, SchemaService, Services
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Listener, Place, dial
from viewra.transport.reflect import list_services
from viewra.types import Health, PluginContext, PluginInfo

UNDER_TEST = "under_test"
"""The plugin's id if a test sets no other."""
CALL_S = 10.0
"""Deadline of one call in a test."""


class PluginUnderTest(ServiceClients):
    """The clients of a running plugin, and the calls that every plugin answers."""

    def __init__(
        self, endpoint: LocalEndpoint | RemoteEndpoint, context: PluginContext, services: Services = SERVICES
    ) -> None:
        super().__init__(endpoint, services)
        self.endpoint = endpoint
        self.context = context

    def info(self) -> PluginInfo:
        """The plugin's info."""
        return self.endpoint.call(lifecycle.INFO)

    def health(self) -> Health:
        """Report whether the plugin is healthy."""
        return self.endpoint.call(lifecycle.HEALTH)


@contextmanager
def in_process(
    plugin: Implementation,
    *,
    settings: Mapping[str, object] | None = None,
    plugin_id: str = UNDER_TEST,
    services: Services = SERVICES,
) -> Iterator[PluginUnderTest]:
    """Run a plugin object as ``host.register`` does: initialize, start, call directly, stop.

    ``plugin_id`` is its id in the host; ``services`` are those that the host knows.
    """
    with _context(plugin_id, settings) as context:
        bind = getattr(plugin, "bind", None)
        if bind is not None:
            bind(context=context, log=_logger(plugin_id))
        endpoint = LocalEndpoint(
            context.plugin_id,
            plugin,
            database_url=context.database_url,
            deadline_s=lambda _: CALL_S,
            services=services,
        )
        _begin(endpoint, context, plugin)
        endpoint.running = True
        try:
            yield PluginUnderTest(endpoint, context, services)
        finally:
            endpoint.call(lifecycle.STOP)


@contextmanager
def loopback(
    plugin: Implementation,
    *,
    settings: Mapping[str, object] | None = None,
    plugin_id: str = UNDER_TEST,
    services: Services = SERVICES,
) -> Iterator[PluginUnderTest]:
    """Run a plugin object behind a real gRPC server and call it over a real channel, all in this process.

    ``plugin_id`` is its id in the host; ``services`` are those that both sides know.
    """
    with _context(plugin_id, settings) as context:
        place = Place(Path(context.base_path))
        server = PluginServer(
            plugin, log=_logger(plugin_id), on_shutdown=threading.Event().set, broker=Broker(place), services=services
        )
        listener = server.listen(place)
        server.start()
        link = _LoopbackLink(listener, context, services)
        try:
            endpoint = RemoteEndpoint(link)
            _begin(endpoint, context, plugin)
            yield PluginUnderTest(endpoint, context, services)
            endpoint.call(lifecycle.STOP)
        finally:
            link.close()
            server.stop(0)


def _begin(endpoint: Endpoint, context: PluginContext, plugin: Implementation) -> None:
    """Initialize and start it as a host does, with its database."""
    database = plugin.database_service()
    own = OwnDatabase(context.plugin_id, context.database_url, Path(context.base_path, "backups"), "")
    begin(
        endpoint,
        context,
        own if database is not None else None,
        unnamed,
        describes=isinstance(database, SchemaService),
    )


class _LoopbackLink:
    running = True
    code_hash = "loopback"
    priority: Mapping[str, int] = MappingProxyType({})
    known = True
    limits = Limits()

    def __init__(self, listener: Listener, context: PluginContext, services: Services) -> None:
        self.plugin_id = context.plugin_id
        self.database_url = context.database_url
        self._peer = dial(listener)
        self._peer.wait_ready(CALL_S)
        self._connection = Connection(self._peer.wire)
        self._wire_services = list_services(self._peer.channel, CALL_S) or set()
        self._services = services.offered(self._wire_services)

    def close(self) -> None:
        self._peer.close()

    def acquire(self, patience_s: float) -> Connection:
        del patience_s
        return self._connection.enter()

    def recall(self, name: str) -> None:
        """None: a plugin in a test is running and can be asked."""

    def remember(self, name: str, text: str) -> None:
        """Store nothing."""

    def offers(self, capability: str) -> bool:
        return capability == lifecycle.SERVICE or capability in self._services

    def serves(self, wire_service: str) -> bool:
        return wire_service in self._wire_services

    def deadline_s(self, method: str) -> float:
        del method
        return CALL_S

    def loss(self, connection: Connection, call: str) -> PluginUnavailable:
        del connection
        return PluginUnavailable(self.plugin_id, "the connection broke", call=call, in_call=True)


@contextmanager
def _context(plugin_id: str, settings: Mapping[str, object] | None) -> Iterator[PluginContext]:
    directory = tempfile.mkdtemp(prefix="viewra-")  # short: the path of a socket is limited
    try:
        yield PluginContext(
            plugin_id=plugin_id,
            config={JSON_KEY: json.dumps(dict(settings or {}))},
            database_url=f"sqlite:///{directory}/data.db",
            base_path=directory,
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _logger(plugin_id: str) -> Logger:
    return Logger(to_logging(f"viewra.plugin.{plugin_id}"), level="debug")
