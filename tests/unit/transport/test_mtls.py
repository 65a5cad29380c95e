"""AutoMTLS between two ends, by gRPC's own TLS and through the relay: which peers are accepted and refused."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.eventually import eventually
from tests.leftovers import Present
from viewra.errors import HandshakeError
from viewra.transport.channel import Announced, options
from viewra.transport.endpoint import Listener, PeerChannel, Place, dial, listen
from viewra.transport.mtls import Identity, Trust, new_identity, trust

Open = Callable[..., Listener]


def go_identity(issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None) -> Identity:
    """A certificate as Go's side makes it: P-521, self-signed and an authority."""
    identity, *_ = _go_certificate(issuer)
    return identity


def _go_certificate(
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
) -> tuple[Identity, x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP521R1())
    name = x509.Name.from_rfc4514_string("CN=localhost,O=HashiCorp")
    subject = x509.Name.from_rfc4514_string("CN=localhost") if issuer else name
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=30))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(issuer[1] if issuer else key, hashes.SHA512())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return Identity(certificate.public_bytes(serialization.Encoding.DER), pem), certificate, key


MAKERS = {"our own": new_identity, "go's": go_identity}


@pytest.fixture(params=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Callable[[], Identity]:
    return MAKERS[request.param]


@pytest.fixture(params=["unix", "tcp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.param, ports=(20_000, 40_000))


@pytest.fixture
def open_server() -> Iterator[Open]:
    """Start an echo server at a place; stopped at the end."""
    servers: list[tuple[grpc.Server, Listener, ThreadPoolExecutor]] = []

    def open_server(place: Place, trusted: Trust | None) -> Listener:
        pool = ThreadPoolExecutor(4)
        server = grpc.server(pool, options=options())
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
            lambda request, context: request
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("t", {"Echo": handler})])
        listener = listen(server, place, trust=trusted)
        server.start()
        servers.append((server, listener, pool))
        return listener

    yield open_server
    for server, listener, pool in servers:
        server.stop(None).wait(30)
        listener.close()
        pool.shutdown()


@pytest.fixture
def call() -> Iterator[Callable[..., bytes]]:
    """Connect and echo something; connections are closed at the end."""
    connections: list[PeerChannel] = []

    def call(listener: Announced, data: bytes = b"hello", **how: Any) -> bytes:
        connections.append(dial(listener, **how))
        echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = connections[-1].channel.unary_unary("/t/Echo")
        return echo(data, timeout=30)

    yield call
    for connection in connections:
        connection.close()


def test_both_ends_trust_each_other(
    make: Callable[[], Identity], place: Place, open_server: Open, call: Callable[..., bytes]
) -> None:
    host, plugin = make(), make()
    listener = open_server(place, trust(plugin, host.cert_pem))
    trusted = trust(host, plugin.cert)
    assert trusted.needs_bridge == (make is go_identity)
    assert call(listener, trust=trusted, socket_dir=place.socket_dir) == b"hello"


def test_large_messages_and_many_at_once(
    make: Callable[[], Identity], tmp_path: Path, open_server: Open, call: Callable[..., bytes]
) -> None:
    host, plugin = make(), make()
    listener = open_server(Place(tmp_path), trust(plugin, host.cert))
    data = os.urandom(8_000_000)
    how = {"trust": trust(host, plugin.cert), "socket_dir": tmp_path}
    assert call(listener, data, **how) == data
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda size: call(listener, data[:size], **how), range(0, 400_000, 20_000))) == [
            data[:size] for size in range(0, 400_000, 20_000)
        ]


def test_a_stranger_is_refused_by_either_end(
    make: Callable[[], Identity], tmp_path: Path, open_server: Open, call: Callable[..., bytes]
) -> None:
    host, plugin, stranger = make(), make(), make()
    listener = open_server(Place(tmp_path), trust(plugin, host.cert))
    for own, expected in ((stranger, plugin), (host, stranger)):
        with pytest.raises(grpc.RpcError) as caught:
            call(listener, trust=trust(own, expected.cert), socket_dir=tmp_path)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_no_end_speaks_plaintext_to_one_that_speaks_tls(
    make: Callable[[], Identity], tmp_path: Path, open_server: Open, call: Callable[..., bytes]
) -> None:
    host, plugin = make(), make()
    with pytest.raises(grpc.RpcError):
        call(open_server(Place(tmp_path), trust(plugin, host.cert)))
    with pytest.raises(grpc.RpcError):
        call(open_server(Place(tmp_path), None), trust=trust(host, plugin.cert), socket_dir=tmp_path)


def test_a_certificate_that_the_pinned_one_signed_is_not_the_pinned_one(tmp_path: Path, open_server: Open) -> None:
    plugin, certificate, key = _go_certificate()
    signed = go_identity((certificate, key))
    host = go_identity()
    listener = open_server(Place(tmp_path), trust(signed, host.cert))
    connection = dial(listener, trust=trust(host, plugin.cert), socket_dir=tmp_path)
    try:
        echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = connection.channel.unary_unary("/t/Echo")
        with pytest.raises(grpc.RpcError):
            echo(b"x", timeout=30)
        assert "the peer's certificate differs" in connection.failure
    finally:
        connection.close()


def test_the_reason_of_a_refusal_is_in_the_message(
    make: Callable[[], Identity], tmp_path: Path, open_server: Open
) -> None:
    host, plugin, stranger = make(), make(), make()
    listener = open_server(Place(tmp_path), trust(plugin, host.cert))
    connection = dial(listener, trust=trust(host, stranger.cert), socket_dir=tmp_path)
    try:
        with pytest.raises(HandshakeError, match=r"(?i)certificate.verify.failed") as caught:
            connection.wait_ready(30, socket=listener.address)
        assert caught.value.step == "connect"
    finally:
        connection.close()


def test_our_own_certificate_signs_for_nobody() -> None:
    certificate = x509.load_der_x509_certificate(new_identity().cert)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_nothing_is_left_on_the_disk(
    make: Callable[[], Identity], tmp_path: Path, open_server: Open, call: Callable[..., bytes]
) -> None:
    host, plugin = make(), make()
    listener = open_server(Place(tmp_path), trust(plugin, host.cert))
    connection = dial(listener, trust=trust(host, plugin.cert), socket_dir=tmp_path)
    echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = connection.channel.unary_unary("/t/Echo")
    echo(b"x", timeout=30)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == []
    connection.close()


def test_sockets_go_when_everything_is_closed(make: Callable[[], Identity], tmp_path: Path) -> None:
    host, plugin = make(), make()
    before = Present()
    server = grpc.server(ThreadPoolExecutor(1))
    listener = listen(server, Place(tmp_path), trust=trust(plugin, host.cert))
    connection = dial(listener, trust=trust(host, plugin.cert), socket_dir=tmp_path)
    connection.close()
    connection.close()
    server.stop(None).wait(30)
    listener.close()
    listener.close()
    assert list(tmp_path.iterdir()) == []
    eventually(lambda: not before.threads())


CONNECT = """
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1))
"""


@pytest.mark.process
def test_the_relay_turns_another_process_away(tmp_path: Path, open_server: Open) -> None:
    host, plugin = go_identity(), go_identity()
    listener = open_server(Place(tmp_path), trust(plugin, host.cert))
    theirs = set(tmp_path.rglob("t"))
    connection = dial(listener, trust=trust(host, plugin.cert), socket_dir=tmp_path)
    try:
        (hidden,) = set(tmp_path.rglob("t")) - theirs
        assert subprocess.check_output([sys.executable, "-c", CONNECT, str(hidden)], timeout=30) == b"b''\n"
        assert "another process" in connection.failure
    finally:
        connection.close()


@pytest.mark.parametrize("shown", [b"nonsense", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_broken_certificate_is_refused(shown: bytes) -> None:
    with pytest.raises(HandshakeError, match="cannot be read") as caught:
        trust(new_identity(), shown)
    assert caught.value.step == "handshake"


def test_no_certificate_is_no_plaintext() -> None:
    with pytest.raises(HandshakeError, match="must be encrypted"):
        trust(new_identity(), b"")


def test_a_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(trust(new_identity(), new_identity().cert))


def test_old_tls_is_refused(tmp_path: Path, open_server: Open) -> None:
    host, plugin = go_identity(), go_identity()
    listener = open_server(Place(tmp_path), trust(plugin, host.cert))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(listener.address)
        with pytest.raises(OSError, match=r"SSL|TLS|reset|alert"):
            context.wrap_socket(raw)
