"""Calls with values that no player sends, and of things that are not there."""

from __future__ import annotations

import pytest

from .conftest import Player


def test_one_call_does_not_do_without_end(player: Player) -> None:
    song = player.song("Lent et grave")["id"]
    for call in ("scrobble", "star"):
        answer = player.ask(call, *[("id", song)] * 501).json["subsonic-response"]
        assert (answer["error"]["code"], "500 times" in answer["error"]["message"]) == (0, True)
    assert player("getStarred2")["starred2"]["song"] == []


EVERY = {
    "getArtist": {"id": "ar-1"},
    "getAlbum": {"id": "al-1"},
    "getSong": {"id": "tr-1"},
    "getMusicDirectory": {"id": "ar-1"},
    "getIndexes": {"musicFolderId": "1", "ifModifiedSince": "0"},
    "getAlbumList": {"type": "starred", "size": "10", "offset": "0"},
    "getAlbumList2": {
        "type": "byYear",
        "size": "10",
        "offset": "0",
        "fromYear": "1",
        "toYear": "9",
        "musicFolderId": "1",
    },
    "getSongsByGenre": {"genre": "Pop", "count": "10", "offset": "0"},
    "getRandomSongs": {"size": "10", "fromYear": "1", "toYear": "2000", "genre": "Pop"},
    "search2": {"query": "a", "songCount": "1", "songOffset": "0", "artistCount": "1", "albumOffset": "0"},
    "search3": {"query": "a", "songCount": "1", "songOffset": "0", "artistOffset": "1", "albumCount": "0"},
    "stream": {"id": "tr-1"},
    "download": {"id": "tr-1"},
    "getCoverArt": {"id": "al-1", "size": "64"},
    "getLyrics": {"artist": "Satie", "title": "Lent et grave"},
    "scrobble": {"id": "tr-1", "time": "1", "submission": "true", "c": "player"},
    "star": {"id": "tr-1", "albumId": "al-1", "artistId": "ar-1"},
    "unstar": {"id": "tr-1"},
    "setRating": {"id": "tr-1", "rating": "3"},
    "getTopSongs": {"artist": "Satie", "count": "3"},
    "createPlaylist": {"name": "a", "songId": "tr-1"},
    "updatePlaylist": {"playlistId": "pl-1", "songIdToAdd": "tr-1", "songIndexToRemove": "0", "public": "true"},
    "getPlaylist": {"id": "pf-1"},
    "deletePlaylist": {"id": "pl-1"},
    "getUser": {"username": "ann"},
}

HOSTILE = [
    "",
    "-9999999999999999",
    "9999999999999999",
    "\0\x1b[31m",
    "tr-999999999",
    "al-0",
    "\u0661",
    "NaN",
    '"*\\ OR kind:video (',
]


@pytest.mark.parametrize("call", EVERY)
def test_no_value_of_a_parameter_makes_a_call_fail_without_an_answer(player: Player, call: str) -> None:
    """A failure that the API does not know would be a 502, as if the plugin were broken."""
    song = player.song("Morgenstimmung")
    there = {"tr-1": song["id"], "al-1": song["albumId"], "ar-1": song["artistId"]}
    valid = {name: there.get(value, value) for name, value in EVERY[call].items()}
    for name in valid:
        for value in HOSTILE:
            player.ask(call, **{**valid, name: value})  # raises what the host would be told


def test_what_is_not_there_is_not_marked(player: Player) -> None:
    """A file that gets its number later would be a favourite."""
    assert player.error("star", id="tr-999999") == 70
    assert player.error("star", albumId="al-999999") == 70
    assert player.error("setRating", id="ar-999999", rating=5) == 70
    player("unstar", id="tr-999999")
    player("setRating", id="tr-999999", rating=0)


def test_a_scrobble_with_a_wrong_time_counts_for_none_of_its_songs(player: Player) -> None:
    """A player repeats what has failed."""
    song = player.song("Morgenstimmung")["id"]
    assert player.error("scrobble", ("id", song), ("time", "0"), ("id", song), ("time", "x")) == 0
    assert "playCount" not in player.song("Morgenstimmung")
