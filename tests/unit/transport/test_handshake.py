"""The handshake line and the environment: both ends of each."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.errors import HandshakeError
from viewra.transport.handshake import Handshake, HandshakeConfig, check_cookie, environment, negotiate

CONFIG = HandshakeConfig("COOKIE", "yes", (1, 2))

handshakes = st.builds(
    Handshake,
    app_version=st.integers(0, 999_999_999),
    network=st.just("unix"),
    address=st.text(st.characters(blacklist_characters="|", blacklist_categories=["C", "Z"])).map(lambda t: f"/{t}"),
    core_version=st.just(1),
    protocol=st.just("grpc"),
    cert=st.one_of(st.just(b""), st.binary(min_size=40, max_size=900)),
    multiplex=st.sampled_from([None, True, False]),
)


@given(handshakes)
def test_a_formatted_line_parses_to_the_same_handshake(handshake: Handshake) -> None:
    assert Handshake.parse(handshake.format() + "\n") == handshake
    assert Handshake.parse(handshake.format().encode() + b"\r\n") == handshake
    assert "=" not in handshake.format().split("|")[5], "Go reads base64 without padding"


@given(st.one_of(st.text(), st.binary(), st.text("01|unixtcp/:grpc=A", max_size=80)))
def test_any_line_parses_or_gives_a_handshake_error(line: str | bytes) -> None:
    with contextlib.suppress(HandshakeError):
        Handshake.parse(line)


@pytest.mark.parametrize(
    "line", ["1|1|unix|/s|grpc", "1|1|unix|/s|grpc|", "1|1|unix|/s|grpc||false", "1|1|unix|/s|grpc|old filler|true|x"]
)
def test_five_six_seven_and_more_fields_are_read(line: str) -> None:
    handshake = Handshake.parse(line)
    assert (handshake.app_version, handshake.network, handshake.address) == (1, "unix", "/s")
    assert handshake.cert == b""


def test_an_address_on_tcp() -> None:
    assert Handshake.parse("1|7|tcp|127.0.0.1:12345|grpc|").address == "127.0.0.1:12345"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hello", "1 of at least 4 fields"),
        ("1|1|unix|/s", "'netrpc'"),
        ("1|1|unix|/s|netrpc", "'netrpc'"),
        ("2|1|unix|/s|grpc", "core protocol version '2'"),
        ("x|1|unix|/s|grpc", "core protocol version 'x'"),
        ("1|one|unix|/s|grpc", "'one', which is not a number"),
        ("1|1|pipe|/s|grpc", "'pipe'"),
        ("1|1|unix||grpc", "not an address"),
        ("1|1|unix|relative|grpc", "not an address"),
        ("1|1|tcp|127.0.0.1|grpc", "not an address"),
        ("1|1|tcp|127.0.0.1:70000|grpc", "not an address"),
        ("1|1|unix|/s|grpc|" + "!" * 60, "not base64"),
        ("1|1|unix|/s|grpc|" + "ä" * 60, "not base64"),
        ("1|1|unix|/a\0b|grpc", "not an address"),
        ("1|1|" + "n" * 60_000 + "|/s|grpc", "bytes in all"),
    ],
)
def test_a_wrong_line_is_named(line: str, says: str) -> None:
    with pytest.raises(HandshakeError, match="handshake line") as caught:
        Handshake.parse(line)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_padded_certificate_is_read_too() -> None:
    assert Handshake.parse("1|1|unix|/s|grpc|" + "QUFB" * 20 + "QQ==").cert == b"A" * 61


@pytest.mark.parametrize("address", ["", "/a|b", "/a\nb"])
def test_an_address_that_a_line_cannot_carry_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        Handshake(1, "unix", address).format()


def test_the_environment_has_what_a_go_plugin_reads() -> None:
    assert environment(CONFIG, socket_dir="/run/x") == {
        "COOKIE": "yes",
        "PLUGIN_MIN_PORT": "10000",
        "PLUGIN_MAX_PORT": "25000",
        "PLUGIN_PROTOCOL_VERSIONS": "1,2",
        "PLUGIN_UNIX_SOCKET_DIR": "/run/x",
    }
    more = environment(CONFIG, socket_dir="/run/x", socket_group="media", client_cert="PEM", min_port=1, max_port=2)
    assert more["PLUGIN_UNIX_SOCKET_GROUP"] == "media"
    assert more["PLUGIN_CLIENT_CERT"] == "PEM"
    assert (more["PLUGIN_MIN_PORT"], more["PLUGIN_MAX_PORT"]) == ("1", "2")


def test_the_cookie_tells_a_host_from_a_person() -> None:
    assert check_cookie(environment(CONFIG, socket_dir="/run/x"), CONFIG)
    assert not check_cookie({}, CONFIG)
    assert not check_cookie({"COOKIE": "no"}, CONFIG)


@pytest.mark.parametrize(
    ("offered", "ours", "agreed"),
    [("1", (1,), 1), ("2,10,1", (1, 2, 10, 11), 10), ("5", (3, 4), 3), ("", (2, 1), 1), ("x, 2,", (1, 2), 2)],
)
def test_the_highest_common_version_else_our_lowest(offered: str, ours: tuple[int, ...], agreed: int) -> None:
    assert negotiate({"PLUGIN_PROTOCOL_VERSIONS": offered}, HandshakeConfig("C", "v", ours)) == agreed


def test_a_host_refuses_a_version_that_it_does_not_speak() -> None:
    Handshake(2, "unix", "/s").require_version(CONFIG)
    with pytest.raises(HandshakeError, match="version 3, this host speaks 1, 2") as caught:
        Handshake(3, "unix", "/s").require_version(CONFIG)
    assert caught.value.step == "handshake"


def test_a_config_needs_a_version() -> None:
    with pytest.raises(ValueError, match="at least one"):
        HandshakeConfig("C", "v", ())
