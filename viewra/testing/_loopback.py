"""Runs a plugin in the test's process and calls it directly, or over a real gRPC connection with a host's clients."""

from __future__ import annotations

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
from viewra.sdk.host import HostServices
from viewra.sdk.host.uplink import Uplink
from viewra.sdk.log import Logger, to_logging
from viewra.sdk.server import PluginServer
from viewra.services import SERVICES, Implementation, SchemaService, Services
from viewra.testing._host import FakeHostServices
from viewra.testing._manifest import config_of
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Listener, Place, dial
from viewra.transport.multiplexed import SERVICE as MULTIPLEXER
from viewra.transport.multiplexed import MultiplexedWire
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
    manifest: str | Path | None = None,
    host: FakeHostServices | None = None,
) -> Iterator[PluginUnderTest]:
    """Run a plugin object in this process: initialize, start, call directly, stop.

    ``settings`` are values as an operator sets them, by dotted key; the plugin's manifest checks and completes them.
    ``manifest`` is the manifest or its directory, by default the nearest one at or above the module of the plugin's
    class; without any the settings are passed as they are. ``plugin_id`` is its id in the host; ``services`` are those
    that the host knows, ``host`` the host services, by default empty ones in memory. Raises ManifestError if the
    manifest or a setting is invalid.
    """
    with _context(plugin_id, config_of(plugin, settings, manifest)) as context:
        bind = getattr(plugin, "bind", None)
        if bind is not None:
            bind(context=context, log=_logger(plugin_id), host=host or FakeHostServices(plugin_id=plugin_id))
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
    manifest: str | Path | None = None,
    host: FakeHostServices | None = None,
) -> Iterator[PluginUnderTest]:
    """Run a plugin object behind a real gRPC server and call it over a real channel, all in this process.

    The arguments are those of ``in_process``; ``services`` are those that both sides know.
    """
    with _context(plugin_id, config_of(plugin, settings, manifest)) as context:
        place = Place(Path(context.base_path))
        uplink = Uplink()
        bind = getattr(plugin, "bind", None)
        if bind is not None:
            bind(host=HostServices(uplink))
        server = PluginServer(
            plugin,
            log=_logger(plugin_id),
            on_shutdown=threading.Event().set,
            broker=Broker(place),
            services=services,
            uplink=uplink,
        )
        listener = server.listen(place)
        server.start()
        link = _LoopbackLink(listener, context, services, host or FakeHostServices(plugin_id=plugin_id))
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
    running, processes = True, 1
    code_hash = "loopback"
    priority: Mapping[str, int] = MappingProxyType({})
    known = True
    limits = Limits()

    def __init__(self, listener: Listener, context: PluginContext, services: Services, host: FakeHostServices) -> None:
        self.plugin_id = context.plugin_id
        self.database_url = context.database_url
        self._peer = dial(listener)
        self._peer.wait_ready(CALL_S)
        wire = MultiplexedWire(self._peer.wire)
        self._connection = Connection(wire)
        self._wire_services = list_services(self._peer.channel, CALL_S) or set()
        if MULTIPLEXER in self._wire_services:
            wire.multiplex(self.plugin_id, self.limits.message_bytes)
        self._services = services.offered(self._wire_services)
        self._attachment = host.hosted.attach(self._connection.streaming, host.rights, limits=self.limits)

    def close(self) -> None:
        self._attachment.close()
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
def _context(plugin_id: str, config: Mapping[str, str]) -> Iterator[PluginContext]:
    directory = tempfile.mkdtemp(prefix="viewra-")  # short: the path of a socket is limited
    try:
        yield PluginContext(
            plugin_id=plugin_id,
            config=config,
            database_url=f"sqlite:///{directory}/data.db",
            base_path=directory,
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _logger(plugin_id: str) -> Logger:
    return Logger(to_logging(f"viewra.plugin.{plugin_id}"), level="debug")
