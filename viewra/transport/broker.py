"""``plugin.GRPCBroker``: further connections between a host and its plugin, in either direction.

One end starts a server, gives it an id and announces its address; the other end dials that id. Announcements travel on
one stream, which the host opens. This module does not know which services are served. go-plugin's "knock" messages
belong to multiplexing, which viewra does not support.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc

from viewra.errors import HandshakeError
from viewra.pb.grpc_broker_pb2 import ConnInfo
from viewra.text import kind
from viewra.transport.channel import options
from viewra.transport.endpoint import Listener, PeerChannel, Place, dial, listen
from viewra.transport.peer import require_listener
from viewra.transport.threads import ThreadEach, ended

if TYPE_CHECKING:
    from viewra.transport.mtls import Trust

_log = logging.getLogger(__name__)
_MOST_PENDING = 256  # announcements not dialled yet; a peer that makes more loses the stream
_DIAL_S = 5.0
_GRACE_S = 1.0
_BACKSTOP_S = 5.0  # gRPC itself stops a server after its grace period
_LONGEST = 4096  # bytes in one announcement
_LOCAL = frozenset({"127.0.0.1", "[::1]", "localhost"})


class Broker:
    """One end of the broker. A host gives the plugin's channel to ``attach``, a plugin gives its server to ``add_to``.

    ``place`` is where this end may listen; with ``trust`` all further connections are encrypted like the first. A host
    passes the plugin's ``peer_pid``: the broker then dials only sockets on which that process or one of its descendants
    listens, so that a plugin cannot direct the host to another program's socket.
    """

    def __init__(self, place: Place, *, trust: Trust | None = None, peer_pid: int | None = None) -> None:
        self._place = place
        self.trust = trust
        self._peer_pid = peer_pid
        self._ids = itertools.count(1)
        self._outgoing: queue.SimpleQueue[ConnInfo | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._pending: dict[int, ConnInfo] = {}
        self._undialled = 0
        self._served: set[BrokeredServer] = set()
        self._over = ""
        self._cancel: Callable[[], object] | None = None
        self._thread: threading.Thread | None = None

    def next_id(self) -> int:
        """A new id for a server of this end. The caller sends it to the peer in a call of the application."""
        return next(self._ids)

    def attach(self, channel: grpc.Channel) -> None:
        """As a host: open the stream. ``dial`` raises when the plugin has no broker."""
        call = channel.stream_stream(
            "/plugin.GRPCBroker/StartStream",
            request_serializer=ConnInfo.SerializeToString,
            response_deserializer=ConnInfo.FromString,
        )
        stream = call(self._announcements())
        self._cancel = stream.cancel
        self._thread = threading.Thread(target=self._receive, args=(stream,), name="broker", daemon=True)
        self._thread.start()

    def add_to(self, server: grpc.Server) -> None:
        """As a plugin: add the stream's service to a server that has not been started."""

        def start_stream(requests: Iterator[ConnInfo], _context: grpc.ServicerContext) -> Iterator[ConnInfo]:
            reader = threading.Thread(target=self._receive, args=(requests,), name="broker", daemon=True)
            reader.start()
            yield from self._announcements()

        start_stream.experimental_thread_pool = ThreadEach("broker")  # type: ignore[attr-defined]
        handler = grpc.stream_stream_rpc_method_handler(start_stream, ConnInfo.FromString, ConnInfo.SerializeToString)
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("plugin.GRPCBroker", {"StartStream": handler})]
        )

    def serve(self, service_id: int, add: Callable[[grpc.Server], object], *, threads: int = 4) -> BrokeredServer:
        """Start a server under this id with the services that ``add(server)`` adds; ``threads`` calls run at a time.

        Raises OSError when no address can be bound, HandshakeError when the broker is closed.
        """
        with self._changed:
            self._require_open()
        pool = ThreadPoolExecutor(threads, thread_name_prefix=f"brokered-{service_id}")
        server = grpc.server(pool, options=options())
        add(server)
        listener = listen(server, self._place, trust=self.trust)
        server.start()
        served = BrokeredServer(server, listener.close, pool, self._served.discard)
        self._served.add(served)
        self.announce(service_id, listener)
        return served

    def announce(self, service_id: int, listener: Listener) -> None:
        """Tell the peer where it can dial this id, one of ``next_id``."""
        self._outgoing.put(ConnInfo(service_id=service_id, network=listener.network, address=listener.address))

    def dial(self, service_id: int, timeout_s: float = _DIAL_S) -> PeerChannel:
        """Wait until the peer announces this id, and connect to its server. The caller closes the channel.

        Raises HandshakeError (step ``connect``) when no announcement comes in time, or the address is not the peer's.
        """
        with self._changed:
            self._changed.wait_for(lambda: service_id in self._pending or self._over, timeout_s)
            info = self._pending.pop(service_id, None)
            if info is not None:
                self._undialled -= 1
            else:
                self._require_open()
                raise HandshakeError(
                    f"it announced no server with id {service_id} within {timeout_s:g} s", step="connect"
                )
        if self._peer_pid is not None:
            self._require_peers(info, self._peer_pid)
        return dial(info, trust=self.trust, socket_dir=self._place.socket_dir)

    def close(self) -> None:
        """End the stream and stop all servers of this end. May be called twice."""
        self._end("the broker is closed")
        self._outgoing.put(None)
        for served in list(self._served):
            served.close()
        if self._cancel is not None:
            self._cancel()
        if self._thread is not None:
            ended(self._thread)

    def _announcements(self) -> Iterator[ConnInfo]:
        while (info := self._outgoing.get()) is not None:
            yield info

    def _receive(self, announcements: Iterator[ConnInfo]) -> None:
        try:
            for info in announcements:
                if not self._note(info):
                    reason = f"the peer announced more than {_MOST_PENDING} servers that were not dialled"
                    break
            else:
                reason = "the peer closed its broker"
        except grpc.RpcError as error:
            # In a server gRPC raises an error without a code when the client has disconnected.
            code = error.code() if hasattr(error, "code") else grpc.StatusCode.CANCELLED
            missing = code is grpc.StatusCode.UNIMPLEMENTED
            reason = "the peer has no broker" if missing else f"the broker's stream broke ({code.name})"
        except Exception as error:  # callers that wait for announcements must not wait on when this thread ends
            _log.exception("the broker's stream cannot be read")
            reason = f"the broker's stream cannot be read ({kind(error)})"
        self._end(reason)
        self._outgoing.put(None)
        if self._cancel is not None:
            self._cancel()

    def _note(self, info: ConnInfo) -> bool:
        """Note an announcement; False if there are too many. All count, so that nobody can send them without end."""
        with self._changed:
            self._undialled += 1
            if self._undialled > _MOST_PENDING:
                return False
            if not info.HasField("knock") and info.ByteSize() <= _LONGEST:
                self._pending[info.service_id] = info
                self._changed.notify_all()
            return True

    def _end(self, reason: str) -> None:
        with self._changed:
            self._over = self._over or reason
            self._changed.notify_all()

    def _require_open(self) -> None:
        if self._over:
            raise HandshakeError(self._over, step="connect")

    def _require_peers(self, info: ConnInfo, pid: int) -> None:
        if info.network == "unix":
            require_listener(info.address, pid)
        elif self.trust is None or info.address.rpartition(":")[0] not in _LOCAL:
            # The kernel does not tell which process listens on a port; only a certificate can prove it.
            raise HandshakeError(
                f"it announced {info.address}; without TLS nothing proves that it listens there", step="connect"
            )


class BrokeredServer:
    """A server that one end started under an id; ``close`` stops it."""

    def __init__(
        self,
        server: grpc.Server,
        unlisten: Callable[[], None],
        pool: ThreadPoolExecutor,
        forget: Callable[[BrokeredServer], None],
    ) -> None:
        self._server = server
        self._unlisten = unlisten
        self._pool = pool
        self._forget = forget

    def close(self) -> None:
        """Stop the server: calls in flight get a second to end. May be called twice."""
        if not self._server.stop(_GRACE_S).wait(_GRACE_S + _BACKSTOP_S):
            _log.error("a brokered server did not stop")
        self._unlisten()
        self._pool.shutdown(wait=False)
        self._forget(self)
