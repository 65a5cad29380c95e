"""Attacks on ``self.host.fetch``: by a plugin that wants to reach more, and by servers that answer wrongly."""

from __future__ import annotations

import gzip
import ipaddress
import threading
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.eventually import eventually
from tests.unit.bridge.fetch.conftest import Rig
from tests.unit.bridge.fetch.serving import Said
from viewra.addresses import is_inside
from viewra.bridge.call import HostCall
from viewra.bridge.fetch.encoding import decoded
from viewra.errors import (
    FetchFailed,
    HostTimeout,
    HostUnavailable,
    PermissionDenied,
    QuotaExceeded,
    UsageError,
)
from viewra.hosts import host_name, parse_host

# ---- where it goes ----


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2606:4700::5efe:10.0.0.1",
    ],
)
def test_inside_addresses(address: str) -> None:
    assert is_inside(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.63.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::", "2606:4700::1111"]
)
def test_public_addresses(address: str) -> None:
    assert not is_inside(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
        "1.2.3",
        "a..b",
        "-a",
        "a-",
        "*.x",
        "..",
    ],
)
def test_what_only_looks_like_a_name(host: str) -> None:
    with pytest.raises(ValueError, match="neither the name"):
        host_name(host)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_patterns_are_read_or_refused(text: str) -> None:
    try:
        found = parse_host(text)
    except ValueError:
        return
    assert found.name == "" or host_name(found.name) == found.name
    assert not found.below or found.address is None
    assert found.words


def test_only_granted_hosts_and_ports(rig: Rig) -> None:
    rig.hosts[:] = ["api.example.org", "*.example.net:8080"]
    fetch = rig.plugin()
    for url in (
        "https://example.org/",
        "https://api.example.org.evil.com/",
        "https://evilapi.example.org/",
        "https://api.example.org:8443/",
        "http://example.net:8080/",
        "http://x.example.net/",
        "http://xexample.net:8080/",
        "https://api.example.org%2eevil.com/",
        "https://api.example.org@evil.com/",
        "https://evil.com#@api.example.org/",
        "https://evil.com\\@api.example.org/",
        rig.server.url("/"),
    ):
        with pytest.raises((PermissionDenied, UsageError)):
            fetch.get(url)
    for url in ("https://API.Example.org./", "http://a.b.example.net:8080/"):
        with pytest.raises(FetchFailed, match="cannot be resolved"):  # it went as far as to look for the address
            fetch.get(url, retries=0)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "localhost", "[::1]", "nas"])
def test_any_host_is_any_public_one(rig: Rig, address: str) -> None:
    rig.hosts[:] = [f"*:{rig.server.port}"]
    rig.names.update({"localhost": ["127.0.0.1", "::1"], "nas": ["192.168.1.1"]})
    host = f"[{address}]" if address.startswith("::") else address
    with pytest.raises(PermissionDenied, match="not one of the public internet"):
        rig.plugin().get(rig.server.url("/", host))


def test_a_name_that_resolves_twice_differently(rig: Rig) -> None:
    """What is checked is connected to: the name is resolved once for a connection, and each new one is checked."""
    rig.hosts[:] = [f"rebinds.example.org:{rig.server.port}"]
    rig.names["rebinds.example.org"] = ["127.0.0.1"]
    url = rig.server.url("/", "rebinds.example.org")
    with pytest.raises(PermissionDenied, match=r"127\.0\.0\.1"):
        rig.plugin().get(url)
    rig.names["rebinds.example.org"] = ["127.0.0.1", "::1", "169.254.169.254"]
    with pytest.raises(PermissionDenied):
        rig.plugin().get(url)
    assert not rig.server.asked


def test_a_connection_inside_is_not_used_for_another_permission(rig: Rig) -> None:
    rig.server.answers["/"] = Said(body=b"inside")
    rig.hosts[:] = [f"localhost:{rig.server.port}"]
    rig.names["localhost"] = ["127.0.0.1"]
    assert rig.plugin().get(rig.server.url("/", "localhost")).body == b"inside"
    rig.hosts[:] = [f"*:{rig.server.port}"]
    with pytest.raises(PermissionDenied):
        rig.plugin().get(rig.server.url("/", "localhost"))


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "file:///etc/passwd", "//evil.com/",
     "http://2852039166/", "gopher://127.0.0.1/", "http://\u0000/", "http://[/"],
)  # fmt: skip
def test_redirects_lead_nowhere_else(rig: Rig, location: str) -> None:
    raw = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    rig.server.answers["/away"] = Said(raw=raw)
    with pytest.raises((PermissionDenied, UsageError, FetchFailed), match=r"redirects|header"):
        rig.plugin().get(rig.server.url("/away"), retries=0)


# ---- servers that answer as they should not ----


def test_a_few_bytes_that_become_many(rig: Rig) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    assert len(bomb) < 30_000
    rig.server.answers["/bomb"] = Said(body=bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(QuotaExceeded, match="more than 1,000,000 bytes"):
        rig.plugin().get(rig.server.url("/bomb"), max_bytes=1_000_000)
    pieces = list(decoded([bomb], "gzip"))
    assert max(map(len, pieces)) <= 65_536
    assert sum(map(len, pieces)) == 20_000_000


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (b"plain", "gzip", "is not gzip"),
        (gzip.compress(b"cut off", mtime=0)[:-5], "gzip", "ends within"),
        (zlib.compress(b"x"), "deflate", "which was not asked for"),
        (b"x", "br", "which was not asked for"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip, gzip", "which was not asked for"),
    ],
)
def test_bodies_that_are_not_what_they_say(body: bytes, encoding: str, says: str) -> None:
    with pytest.raises(FetchFailed, match=says):
        list(decoded([body], encoding))
    assert b"".join(decoded([gzip.compress(b"a", mtime=0) + gzip.compress(b"b")], "x-gzip")) == b"ab"


def test_a_body_without_end(rig: Rig) -> None:
    rig.server.answers["/endless"] = Said(endless=b"x" * 65_536)
    with pytest.raises(QuotaExceeded):
        rig.plugin().get(rig.server.url("/endless"))


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_sends_a_byte_at_a_time(rig: Rig, head: bytes) -> None:
    """Each byte comes in time, and the whole does not: the deadline is the call's."""
    rig.server.answers["/slow"] = Said(raw=head, dripping=True)
    with pytest.raises(HostTimeout, match="longer than the call allows"):
        rig.plugin().get(rig.server.url("/slow"), timeout_s=0.4)


def test_headers_without_end(rig: Rig) -> None:
    rig.server.answers["/heads"] = Said(
        raw=b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(200))
    )
    with pytest.raises(FetchFailed):
        rig.plugin().get(rig.server.url("/heads"), retries=0)


def test_a_call_that_is_cancelled_ends_at_once(rig: Rig) -> None:
    rig.server.answers["/slow"] = Said(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", dripping=True)
    rig.plugin()
    call, failed = HostCall(rig.rights(), 300), []

    def fetch() -> None:
        try:
            rig.plugins["one"].request(
                method="GET", url=rig.server.url("/slow"), headers={}, timeout_s=300.0, retries=0, max_bytes=10**6,
                data=b"", call=call,
            )  # fmt: skip
        except HostUnavailable as error:
            failed.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    eventually(lambda: bool(rig.server.asked))
    call.cancel()
    thread.join(60)
    assert failed
