"""Relays bytes between a plain socket and a TLS socket, for peers whose certificates gRPC's own TLS cannot verify.

Go peers sign with P-521, which OpenSSL supports and grpcio does not. gRPC at this end uses the plain side, a unix
socket in a private directory (mode 0700). Imported only when a peer needs it.
"""

from __future__ import annotations

import hmac
import logging
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from viewra.transport.threads import ended

if TYPE_CHECKING:
    from viewra.transport.mtls import Trust

_log = logging.getLogger(__name__)
_CHUNK = 64 * 1024
_ENOUGH = 256 * 1024  # bytes buffered in one direction; the relay reads no more until some are delivered


def tls_context(trust: Trust, *, server: bool) -> ssl.SSLContext:
    """A TLS context that accepts only the peer's pinned certificate; the relay compares its bytes once more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False  # the certificate is pinned, so its name does not matter
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=trust.peer_pem.decode("ascii"))
    context.set_alpn_protocols(["h2"])  # newer Go peers refuse a connection without ALPN
    descriptor = os.memfd_create("identity")  # OpenSSL reads keys from files only; this file exists only in memory
    try:
        os.write(descriptor, trust.own.cert_pem + trust.own.key_pem)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    return context


class Bridge:
    """Accepts sockets on ``listener``, opens a second one for each with ``connect``, and relays bytes until ``close``.

    With ``server`` the accepted socket speaks TLS (a plugin's end), otherwise the connected socket does (a host's end).
    ``admit`` may refuse an accepted socket. ``failure`` is the reason of the last refused connection.
    """

    def __init__(
        self,
        listener: socket.socket,
        connect: Callable[[], socket.socket],
        trust: Trust,
        *,
        server: bool,
        admit: Callable[[socket.socket], bool] = lambda _socket: True,
    ) -> None:
        self.failure = ""
        self._listener = listener
        self._connect = connect
        self._server = server
        self._admit = admit
        self._peer = trust.peer
        self._context = tls_context(trust, server=server)
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="bridge", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close all connections and end the thread. May be called twice."""
        self._wake.close()
        ended(self._thread)

    def _run(self) -> None:
        pairs: set[_Pair] = set()
        while True:
            touched: dict[_Pair, set[object]] = {}
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    self._end(pairs)
                    return
                if key.fileobj is self._listener:
                    touched.update((pair, set()) for pair in self._accept())
                else:
                    touched.setdefault(key.data, set()).add(key.fileobj)
            for pair, ready in touched.items():
                pairs.add(pair)
                if not self._advance(pair, ready):
                    pair.close(self._selector)
                    pairs.discard(pair)

    def _end(self, pairs: set[_Pair]) -> None:
        for pair in pairs:
            pair.close(self._selector)
        self._selector.close()
        self._listener.close()
        self._woken.close()

    def _accept(self) -> list[_Pair]:
        accepted = None
        try:
            accepted, _ = self._listener.accept()
            if not self._admit(accepted):
                raise ConnectionRefusedError("another process connected to the relay")
            connected = self._connect()
        except OSError as error:
            self._refuse(error)
            if accepted is not None:
                accepted.close()
            return []
        plain, other = (connected, accepted) if self._server else (accepted, connected)
        for end in (plain, other):
            end.setblocking(False)
            if end.family != socket.AF_UNIX:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = self._context.wrap_socket(
            other, server_side=self._server, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )
        pair = _Pair(plain, tls)
        return [pair]

    def _advance(self, pair: _Pair, ready: set[object]) -> bool:
        """Relay the bytes that are ready; False when the connection has ended."""
        try:
            if not pair.ready and pair.handshake():
                shown = pair.tls.getpeercert(binary_form=True) or b""
                if not hmac.compare_digest(shown, self._peer):
                    raise ssl.SSLError("the peer's certificate differs from the one in the handshake")
                pair.ready = True
            if pair.ready and not pair.carry(ready):
                return False
        except OSError as error:
            if not pair.ready:  # after the handshake an error only means that one end closed
                self._refuse(error)
            return False
        pair.watch(self._selector)
        return True

    def _refuse(self, error: OSError) -> None:
        self.failure = str(error)
        _log.info("a connection was refused: %s", error)


class _Pair:
    """One connection: its two sockets, and the bytes buffered between them."""

    def __init__(self, plain: socket.socket, tls: ssl.SSLSocket) -> None:
        self.plain = plain
        self.tls = tls
        self.ready = False
        self._to_tls = bytearray()
        self._to_plain = bytearray()
        self._wants_write = False  # the TLS handshake
        self._ended = False

    def handshake(self) -> bool:
        """Continue the TLS handshake. Returns whether it is complete."""
        self._wants_write = False
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._wants_write = True
            return False
        return True

    def carry(self, ready: set[object]) -> bool:
        """Relay bytes from the ready sockets; False when one has ended and the rest is delivered.

        One read per socket is enough: unread bytes make the socket ready again, and a read takes a whole TLS record.
        """
        for source, target, buffer in (
            (self.tls, self.plain, self._to_plain),
            (self.plain, self.tls, self._to_tls),
        ):
            if source in ready:
                self._receive(source, buffer)
            if buffer:
                _send(target, buffer)
        return not self._ended or bool(self._to_plain or self._to_tls)

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register the sockets for the events that this connection waits for."""
        reading = not self._ended
        for end, outgoing, incoming in (
            (self.plain, bool(self._to_plain), reading and self.ready and len(self._to_tls) < _ENOUGH),
            (self.tls, bool(self._to_tls) or self._wants_write, reading and len(self._to_plain) < _ENOUGH),
        ):
            events = (selectors.EVENT_WRITE if outgoing else 0) | (selectors.EVENT_READ if incoming else 0)
            known = end in selector.get_map()
            if events and known:
                selector.modify(end, events, self)
            elif events:
                selector.register(end, events, self)
            elif known:
                selector.unregister(end)

    def close(self, selector: selectors.BaseSelector) -> None:
        """Unregister and close both sockets."""
        for end in (self.plain, self.tls):
            if end in selector.get_map():
                selector.unregister(end)
            end.close()

    def _receive(self, source: socket.socket, buffer: bytearray) -> None:
        if self._ended or len(buffer) >= _ENOUGH:
            return
        try:
            data = source.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        self._ended = not data
        buffer += data


def _send(target: socket.socket, buffer: bytearray) -> None:
    try:
        sent = target.send(buffer)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return
    del buffer[:sent]
