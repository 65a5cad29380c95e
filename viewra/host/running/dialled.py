"""``Dialled``: the host services for a process that connects to them itself, since it does not serve ``HostBridge``.

The sandbox allows a plugin to connect to sockets in its process's own folder, and the folder says who asks.
"""

from __future__ import annotations

from viewra.bridge import HostedPlugin, Rights
from viewra.bridge.single_calls import MESSAGE_BYTES, THREADS
from viewra.codec.limits import Limits
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Place
from viewra.transport.unary import UnaryServer


class Dialled:
    """One process's server, at ``address`` and, with a ``broker``, under ``broker_id``. Raises OSError."""

    def __init__(
        self,
        plugin_id: str,
        hosted: HostedPlugin,
        rights: Rights,
        *,
        limits: Limits,
        place: Place,
        broker: Broker | None,
    ) -> None:
        self._broker = broker
        self._calls = hosted.single_calls(rights, limits=limits)
        try:
            self._server = UnaryServer(
                place,
                self._calls.methods,
                message_bytes=MESSAGE_BYTES,
                threads=THREADS,
                name=f"host-{plugin_id}",
                broker=broker,
            )
        except BaseException:
            self._calls.close()
            if broker is not None:
                broker.close()
            raise
        self.address = self._server.address
        self.broker_id = self._server.broker_id

    def announce(self) -> None:
        """Tell go-plugin's broker in the process where its id is; it waits five seconds for the plugin to dial."""
        self._server.announce()

    def close(self) -> None:
        """End the calls and the server."""
        if self._broker is not None:
            self._broker.close()
        self._calls.close()
        self._server.close()
