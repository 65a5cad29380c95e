"""What a server may answer: another song, nonsense, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from viewra.errors import PermissionDenied
from viewra.types import Fetched, Task, TaskState

from .conftest import GET, SEARCH, SONG, TIMED, WORDS, World, record

LONG = "Das lange Lied von den sieben Brüdern und ihrer Schwester am Ende der Welt"


@pytest.mark.parametrize(
    ("song", "said"),
    [
        ({}, {"trackName": "Kein Lied"}),
        ({}, {"artistName": "Robert Schumann Trio"}),
        ({}, {"duration": 64}),
        ({}, {"duration": float("nan")}),
        ({}, {"duration": 10**400}),
        ({"title": f"{LONG} in d-Moll"}, {"trackName": f"{LONG} in e-Moll"}),
        ({"title": f"{LONG} in D minor"}, {"trackName": f"{LONG} in D major"}),
        ({"title": f"{LONG}, part one"}, {"trackName": f"{LONG}, part two"}),
        ({}, {"trackName": "Ein Lied (Remastered live in Bonn)"}),
        ({}, {"trackName": "Ein Lied feat. X (Live)"}),
        ({}, {"trackName": "Ein Lied (Live)"}),
        ({}, {"trackName": "Ein Lied, Pt. 2"}),
        ({"title": "Symphonie V"}, {"trackName": "Symphonie IV"}),
        ({"title": "Go"}, {"trackName": "No"}),
        ({"title": LONG}, {"trackName": f"{LONG} (live)"}),
        ({"title": f"{LONG}, Teil 1"}, {"trackName": f"{LONG}, Teil 2"}),
        ({"title": f"{LONG} I"}, {"trackName": f"{LONG} II"}),
        ({"title": "!!!"}, {"trackName": "???"}),
        ({}, {"trackName": None}),
        ({}, {"trackName": "Ein Lied" * 1000}),
        ({}, {"artistName": ["Clara Schumann"]}),
        ({}, {"duration": "61"}),
        ({}, {"duration": True}),
        ({}, {"plainLyrics": 7, "syncedLyrics": {"a": 1}}),
        ({}, {"plainLyrics": "x" * 100_000}),
        ({}, {"plainLyrics": "", "syncedLyrics": ""}),
        ({}, {"plainLyrics": None, "instrumental": "yes"}),
    ],
)
def test_what_may_be_another_song_is_not_taken(world: World, song: dict[str, str], said: dict[str, Any]) -> None:
    world.server.says = {GET: record(**said), SEARCH: [record(**said), None, 7, []]}
    world.put(1, **{**SONG, **song})
    assert world.scan(1) == {}
    assert (world.asked, world.states) == ([GET, SEARCH], [])


@pytest.mark.parametrize(
    ("song", "said"),
    [
        ({"title": "Ein Lied (feat. X)"}, {}),
        ({"title": "ein lied"}, {"trackName": "Ein Lied - 2011 Remaster"}),
        ({"title": "Été"}, {"trackName": "Ete"}),
        ({"title": "Don't Cry"}, {"trackName": "Don’t cry"}),
        ({"title": "!!!"}, {"trackName": "!!!"}),
        ({"artist": "Clara Schumann & Chor"}, {}),
        ({}, {"artistName": "X feat. Clara Schumann"}),
        ({}, {"duration": 63.2}),
        ({}, {"albumName": None}),
    ],
)
def test_the_same_song_written_otherwise_is_taken(world: World, song: dict[str, str], said: dict[str, Any]) -> None:
    world.server.says = {SEARCH: [record(**said)]}
    world.put(1, **{**SONG, **song})
    assert world.scan(1)[1]["lyrics"] == WORDS


def test_equally_good_records_have_to_agree(world: World) -> None:
    world.put(1, **SONG)
    world.server.says = {SEARCH: [record(), record(plainLyrics="quite another text of the same name")]}
    assert world.scan(1) == {}
    world.server.says = {SEARCH: [record(), record(instrumental=True)]}
    world.put(2, **SONG)
    assert world.scan(2) == {}
    world.server.says = {SEARCH: [record(), record(syncedLyrics=TIMED.replace("geweinet", "geweint"))]}
    world.put(3, **SONG)
    assert "timed_lyrics" in world.scan(3)[3]
    world.server.says = {SEARCH: [record(albumName="Other", plainLyrics="quite another text"), record()]}
    world.put(4, **SONG)
    assert world.scan(4)[4]["lyrics"] == WORDS


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>welcome to our hotel</html>", "what is no JSON"),
        (b"\xff\xfe\x00", "what is no JSON"),
        (b"[1]", "no song"),
        (b"7", "no song"),
        (b"x" * 5_000_000, "more than"),
        (Fetched(500, GET, {}), "the status 500"),
        (Fetched(403, GET, {}), "the status 403"),
    ],
)
def test_a_server_that_answers_wrongly_is_asked_again_and_then_set_aside(
    world: World, said: object, reason: str
) -> None:
    world.put(9, **SONG)
    world.scan(9)  # it has answered before
    world.server.says[GET] = said
    world.put(1, **SONG)
    assert world.scan(1) == {}
    ((state, error),) = world.states
    assert (state, reason in error) == (TaskState.SET_ASIDE, True), error  # the fake queue makes one attempt


def test_an_outage_sets_nothing_aside_and_is_told_until_it_is_over(world: World) -> None:
    world.server.says[GET] = Fetched(502, GET, {})
    for number in (1, 2, 3):
        world.put(number, **{**SONG, "album": str(number)})
    world.scan(1, 2, 3)
    assert [state for state, _ in world.states] == [TaskState.DELAYED] * 3
    assert (world.asked, [one.level for one in world.host.notices]) == ([GET], ["warning"])
    world.server.says[GET] = record()
    world.plugin.on_settings_changed()
    for number in (1, 2, 3):
        world.plugin.execute_task(Task(number, "ask", number))
    assert (sorted(world.host.put_metadata), world.host.notices) == ([1, 2, 3], ())


def test_a_server_that_asks_for_patience_gets_it(world: World) -> None:
    world.server.says[GET] = Fetched(429, GET, {"retry-after": "120"})
    for number in (1, 2):
        world.put(number, **{**SONG, "album": str(number)})
    assert world.scan(1, 2) == {}
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == [GET], "the second song is not asked for within that time"


def test_the_operator_is_told_when_nobody_may_be_asked(world: World) -> None:
    world.server.says[GET] = PermissionDenied("lrclib.net is not granted")
    world.put(1, **SONG)
    world.scan(1)
    assert [state for state, _ in world.states] == [TaskState.DELAYED]
    assert [one.text for one in world.host.notices if "lrclib.net is not granted" in one.text]
