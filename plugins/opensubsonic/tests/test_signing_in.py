"""Who a player is: by token, password and key; what guessing costs; and what every answer looks like."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from viewra_plugins.opensubsonic.service.accounts import Accounts
from viewra_plugins.opensubsonic.service.failures import Failure
from viewra_plugins.opensubsonic.service.parameters import Parameters
from viewra_plugins.opensubsonic.service.rendering import Form
from viewra_plugins.opensubsonic.service.shapes import number as amount

from viewra.testing import ask_http

from .conftest import Player

ACCOUNTS = {"ann": "annspassword"}


def token(password: str, salt: str = "salt") -> dict[str, str]:
    return {"t": hashlib.md5((password + salt).encode()).hexdigest(), "s": salt}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tried(accounts: Accounts, address: str = "192.0.2.1", **given: str) -> str | int:
    """The user's name, or the code of the failure."""
    try:
        return accounts.user(Parameters(list(given.items())), address)
    except Failure as failure:
        return failure.code


def test_each_way_to_sign_in() -> None:
    accounts = Accounts(ACCOUNTS, {"ann": "0123456789abcdef", "gone": "fedcba9876543210"})
    assert tried(accounts, u="ann", **token("annspassword")) == "ann"
    assert tried(accounts, u="Ann", t=token("annspassword")["t"].upper(), s="salt") == "ann"
    assert tried(accounts, u="ann", p="annspassword") == "ann"
    assert tried(accounts, u="ann", p="enc:" + b"annspassword".hex()) == "ann"
    assert tried(accounts, apiKey="0123456789abcdef") == "ann"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"u": "ann", **token("wrong")}, 40),
        ({"u": "ann", "t": "é", "s": "salt"}, 40),
        ({"u": "ann", "p": "wrong"}, 40),
        ({"u": "ann", "p": "enc:xyz"}, 40),
        ({"u": "ann", "p": ""}, 40),
        ({"u": "who", "p": "nobody has this password"}, 40),
        ({"u": "who", **token("nobody has this password")}, 40),
        ({"apiKey": "wrong"}, 44),
        ({"apiKey": ""}, 44),
        ({"apiKey": "fedcba9876543210"}, 44),  # of a user who has no password any more
        ({"u": "ann", "apiKey": "0123456789abcdef"}, 43),
        ({"u": "ann", "p": "annspassword", **token("annspassword")}, 43),
        ({"u": "ann"}, 10),
        ({"u": "ann", "t": "x"}, 10),
        ({}, 10),
    ],
)
def test_nobody_else_signs_in(given: dict[str, str], code: int) -> None:
    accounts = Accounts(ACCOUNTS, {"ann": "0123456789abcdef", "gone": "fedcba9876543210"})
    assert tried(accounts, **given) == code


def test_who_guesses_has_to_wait() -> None:
    clock = Clock()
    accounts = Accounts({**ACCOUNTS, "ben": "benspassword"}, {}, clock)
    for _ in range(5):
        assert tried(accounts, u="ann", p="wrong") == 40
    assert tried(accounts, u="ann", p="annspassword") == 40, "in the wait, the right password tells nothing"
    assert tried(accounts, "192.0.2.2", u="ann", p="annspassword") == "ann", "others are not held up"
    assert tried(accounts, u="ben", p="benspassword") == "ben", "nor is another user at this address"
    clock.now += 2.1
    assert tried(accounts, u="ann", p="wrong") == 40
    clock.now += 2.1
    assert tried(accounts, u="ann", p="annspassword") == 40, "the wait is longer now"
    clock.now += 4
    assert tried(accounts, u="ann", p="annspassword") == "ann"
    assert tried(accounts, u="ann", p="annspassword") == "ann"


def test_an_address_that_tries_many_names_has_to_wait_a_little() -> None:
    clock = Clock()
    accounts = Accounts(ACCOUNTS, {}, clock)
    for number in range(30):
        tried(accounts, "2001:db8::1", u=f"name{number}", p="wrong")
    assert tried(accounts, "2001:db8::2", u="ann", p="annspassword") == 40
    clock.now += 5.1
    assert tried(accounts, "2001:db8::2", u="ann", p="annspassword") == "ann"


def test_the_same_answer_as_json_xml_and_jsonp(player: Player) -> None:
    said = {"status": "ok", "version": "1.16.1", "type": "viewra", "serverVersion": "0.1.0", "openSubsonic": True}
    assert player("ping.view") == said
    xml = player.ask("getGenres", f="xml")
    root = ET.fromstring(xml.text)
    assert root.attrib["status"] == "ok"
    space = "{http://subsonic.org/restapi}"
    genres = [(one.text, one.attrib) for one in root.iterfind(f"{space}genres/{space}genre")]
    assert ("Piano", {"songCount": "2", "albumCount": "1"}) in genres
    script = player.ask("ping", f="jsonp", callback="parent.call")
    assert script.text.startswith('/**/parent.call({"subsonic-response":')
    assert "<error" in player.ask("ping", f="jsonp", callback="alert(1)//").text
    assert player.ask("ping", f="yaml").headers["content-type"] == "text/xml; charset=utf-8"


def test_texts_that_xml_cannot_carry_are_left_out() -> None:
    body = Form().answer({"song": {"title": 'a\x00\ud800 <b> & "c"', "isDir": False, "isrc": ["x\x1b", "y"]}}).body
    song = ET.fromstring(bytes(body))[0]  # type: ignore[arg-type]
    assert (song.attrib, [one.text for one in song]) == ({"title": 'a <b> & "c"', "isDir": "false"}, ["x", "y"])


@pytest.mark.parametrize("form", [Form("json"), Form("jsonp", "call")])
def test_names_of_files_that_are_not_utf8_do_not_break_the_others(form: Form) -> None:
    body = bytes(form.answer({"song": {"path": "caf\udce9"}}).body).decode()  # type: ignore[arg-type]
    assert '"song":{"path":"caf\ufffd"}' in body


def test_numbers_that_players_cannot_read_are_left_out() -> None:
    said = {"a": "nan", "b": "inf dB", "c": "1e300", "d": "-6.48 dB", "e": "x", "f": "", "g": ["44100", "1"]}
    assert [amount(said, name) for name in "abcdefgh"] == [None, None, None, -6, None, None, 44100, None]


def test_guesses_with_long_names_do_not_fill_the_memory() -> None:
    accounts = Accounts(ACCOUNTS, {})
    for number in range(3):
        assert tried(accounts, u=f"{number}".rjust(100_000, "x"), p="wrong") == 40
    assert max(len(name) for _, name in accounts._failures) < 100


def test_parameters_come_in_a_form_as_well(player: Player) -> None:
    body = urlencode({"u": "ann", "p": "annspassword", "f": "json"}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert ask_http(player.plugin, "POST", "/rest/ping", headers=headers, body=body, scope="public").json
    assert ask_http(player.plugin, "POST", "/rest/ping", headers=headers, body=b"\xff", scope="public").status == 400


def test_without_a_user_only_the_extensions_are_shown(player: Player) -> None:
    answer = ask_http(player.plugin, "GET", "/rest/getOpenSubsonicExtensions", query="f=json", scope="public")
    names = [one["name"] for one in answer.json["subsonic-response"]["openSubsonicExtensions"]]
    assert "apiKeyAuthentication" in names
    for name in ("ping", "getAlbumList2", "stream", "getCoverArt", "nothing"):
        asked = ask_http(player.plugin, "GET", f"/rest/{name}", query="f=json&id=tr-1", scope="public")
        assert (asked.json["subsonic-response"]["error"]["code"], asked.media_file_id, asked.artwork) == (10, 0, None)


def test_a_call_that_is_not_there(player: Player) -> None:
    answer = player.ask("jukeboxControl")
    assert (answer.status, answer.json["subsonic-response"]["error"]["code"]) == (404, 0)
