"""``plugin.GRPCBroker``: further connections between a host and its plugin, in either direction.

One end serves under a number and announces where, the other dials that number; announcements travel on one stream that
the host opens. What is served and called there is not known here. Knocks belong to multiplexing, which is not offered.
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
from viewra.transport.endpoint import PeerChannel, Place, dial, listen
from viewra.transport.peer import require_listener
from viewra.transport.threads import ThreadEach, ended

if TYPE_CHECKING:
    from viewra.transport.mtls import Trust

_log = logging.getLogger(__name__)
_MOST_PENDING = 256  # announcements that nobody has dialled yet; a peer that goes on loses the oldest
_DIAL_S = 5.0
_GRACE_S = 1.0
_BACKSTOP_S = 5.0  # after its grace period gRPC ends a server itself
_LONGEST = 4096  # bytes of one announcement
_LOCAL = frozenset({"127.0.0.1", "[::1]", "localhost"})


class Broker:
    """One end of the broker. A host gives it the plugin's channel (``attach``), a plugin its server (``add_to``).

    ``place`` is where this end may listen; with ``trust`` all further connections are encrypted like the first. A host
    gives the plugin's ``peer_pid``: it then dials only what that process or a descendant of it listens on, so that no
    plugin can send the host to somebody else's socket.
    """

    def __init__(self, place: Place, *, trust: Trust | None = None, peer_pid: int | None = None) -> None:
        self._place = place
        self._trust = trust
        self._peer_pid = peer_pid
        self._ids = itertools.count(1)
        self._outgoing: queue.SimpleQueue[ConnInfo | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._pending: dict[int, ConnInfo] = {}
        self._served: set[BrokeredServer] = set()
        self._over = ""
        self._cancel: Callable[[], object] | None = None
        self._thread: threading.Thread | None = None

    def next_id(self) -> int:
        """A number that this end has not yet served under; the caller tells it to the peer in a call of its own."""
        return next(self._ids)

    def attach(self, channel: grpc.Channel) -> None:
        """As a host: open the stream. A plugin without a broker is noticed by ``dial``."""
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
        """As a plugin: serve the stream on a server that is not yet started."""

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
        """Serve what ``add(server)`` adds, under a number, until closed; ``threads`` calls are answered at a time.

        Raises OSError when nothing can be bound, HandshakeError when the broker is closed.
        """
        with self._changed:
            self._require_open()
        pool = ThreadPoolExecutor(threads, thread_name_prefix=f"brokered-{service_id}")
        server = grpc.server(pool, options=options())
        add(server)
        listener = listen(server, self._place, trust=self._trust)
        server.start()
        served = BrokeredServer(server, listener.close, pool, self._served.discard)
        self._served.add(served)
        self._outgoing.put(ConnInfo(service_id=service_id, network=listener.network, address=listener.address))
        return served

    def dial(self, service_id: int, timeout_s: float = _DIAL_S) -> PeerChannel:
        """Connect to what the peer serves under a number, waiting for its announcement; the caller closes the channel.

        Raises HandshakeError (step ``connect``) when none comes in time, or names a place that is not the peer's.
        """
        with self._changed:
            self._changed.wait_for(lambda: service_id in self._pending or self._over, timeout_s)
            info = self._pending.pop(service_id, None)
            if info is None:
                self._require_open()
                raise HandshakeError(f"nothing was announced as {service_id} within {timeout_s:g} s", step="connect")
        if self._peer_pid is not None:
            self._require_peers(info, self._peer_pid)
        return dial(info, trust=self._trust, socket_dir=self._place.socket_dir)

    def close(self) -> None:
        """End the stream and everything served here; closing twice is fine."""
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
                if not info.HasField("knock") and info.ByteSize() <= _LONGEST:
                    self._note(info)
            reason = "the peer closed its broker"
        except grpc.RpcError as error:
            # In a server gRPC raises one without a code, for a client that has gone.
            code = error.code() if hasattr(error, "code") else grpc.StatusCode.CANCELLED
            missing = code is grpc.StatusCode.UNIMPLEMENTED
            reason = "the peer has no broker" if missing else f"the broker's stream broke ({code.name})"
        except Exception as error:  # whatever ends this thread, waits for announcements must end
            _log.exception("the broker's stream cannot be read")
            reason = f"the broker's stream cannot be read ({kind(error)})"
        self._end(reason)
        self._outgoing.put(None)

    def _note(self, info: ConnInfo) -> None:
        with self._changed:
            if len(self._pending) >= _MOST_PENDING:
                dropped = next(iter(self._pending))
                del self._pending[dropped]
                _log.warning("an announcement that nobody dialled was dropped: %d", dropped)
            self._pending[info.service_id] = info
            self._changed.notify_all()

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
        elif self._trust is None or info.address.rpartition(":")[0] not in _LOCAL:
            # A port has no owner that the kernel would tell; only a certificate proves who listens there.
            raise HandshakeError(f"it announced {info.address}, which nothing proves to be its own", step="connect")


class BrokeredServer:
    """What one end serves under a number; ``close`` stops it."""

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
        """Stop it: calls in flight get a second to end. Closing twice is fine."""
        if not self._server.stop(_GRACE_S).wait(_GRACE_S + _BACKSTOP_S):
            _log.error("a brokered server did not stop")
        self._unlisten()
        self._pool.shutdown(wait=False)
        self._forget(self)
