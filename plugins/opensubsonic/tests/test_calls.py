"""The calls of the API on a real library: what players are shown, and what they change."""

from __future__ import annotations

from typing import Any, cast

import attrs
import pytest

from viewra.types import Artwork, Event

from .conftest import Player


def names(rows: list[dict[str, Any]], key: str = "name") -> list[str]:
    return [one[key] for one in rows]


def test_artists_albums_and_songs(player: Player) -> None:
    index = player("getArtists")["artists"]["index"]
    assert [(one["name"], names(one["artist"])) for one in index] == [
        ("B", ["The Beat"]), ("G", ["Grieg"]), ("S", ["Satie"]),
    ]  # fmt: skip
    artist = player("getArtist", id=index[2]["artist"][0]["id"])["artist"]
    assert (artist["albumCount"], names(artist["album"])) == (1, ["Gymnopédies"])
    album = player("getAlbum", id=artist["album"][0]["id"])["album"]
    assert (album["songCount"], album["duration"], album["artistId"]) == (2, 122, artist["id"])
    assert names(album["song"], "title") == ["Lent et triste", "Lent et grave"]
    song = album["song"][1]
    wanted = {
        "isDir": False, "album": "Gymnopédies", "artist": "Satie", "track": 2, "year": 1888, "genre": "Piano",
        "duration": 61, "bitRate": 800, "suffix": "flac", "contentType": "audio/flac", "type": "music",
        "albumId": album["id"], "artistId": artist["id"], "replayGain": {"trackGain": -6.48}, "parent": album["id"],
        "genres": [{"name": "Piano"}, {"name": "Slow"}], "path": "Satie/Gymnopédies/2.flac",
    }  # fmt: skip
    assert {name: song.get(name) for name in wanted} == wanted
    assert player("getSong", id=song["id"])["song"] == song


def test_folders_are_artists_and_albums(player: Player) -> None:
    folder = player("getMusicFolders")["musicFolders"]["musicFolder"][0]
    index = player("getIndexes", musicFolderId=folder["id"])["indexes"]["index"]
    assert player("getIndexes", musicFolderId=77)["indexes"]["index"] == []
    artist = player("getMusicDirectory", id=index[0]["artist"][0]["id"])["directory"]
    (album,) = artist["child"]
    assert (album["isDir"], album["title"], album["parent"]) == (True, "Hits", artist["id"])
    inside = player("getMusicDirectory", id=album["id"])["directory"]
    assert (inside["parent"], names(inside["child"], "title")) == (artist["id"], ['Start "now"'])


def data(event: Event) -> dict[str, Any]:
    return cast("dict[str, Any]", event.data)


@pytest.mark.parametrize(
    ("given", "albums"),
    [
        ({"type": "alphabeticalByName"}, ["Gymnopédies", "Hits", "Peer Gynt"]),
        ({"type": "alphabeticalByName", "size": 1, "offset": 1}, ["Hits"]),
        ({"type": "alphabeticalByName", "offset": 9}, []),
        ({"type": "alphabeticalByArtist"}, ["Peer Gynt", "Gymnopédies", "Hits"]),
        ({"type": "byYear", "fromYear": 1800, "toYear": 1900}, ["Peer Gynt", "Gymnopédies"]),
        ({"type": "byYear", "fromYear": 2000, "toYear": 1880}, ["Hits", "Gymnopédies"]),
        ({"type": "byGenre", "genre": "piano"}, ["Gymnopédies"]),
        ({"type": "byGenre", "genre": "none"}, []),
        ({"type": "starred"}, []),
    ],
)
def test_lists_of_albums(player: Player, given: dict[str, object], albums: list[str]) -> None:
    assert names(player("getAlbumList2", **given)["albumList2"]["album"]) == albums
    assert names(player("getAlbumList", **given)["albumList"]["album"], "title") == albums


def test_random_and_newest(player: Player) -> None:
    for kind in ("random", "newest"):
        found = names(player("getAlbumList2", type=kind)["albumList2"]["album"])
        assert sorted(found) == ["Gymnopédies", "Hits", "Peer Gynt"]
    assert len(player("getRandomSongs", size=3)["randomSongs"]["song"]) == 3
    drawn = player("getRandomSongs", genre="Piano", fromYear=1880)["randomSongs"]["song"]
    assert sorted(names(drawn, "title")) == ["Lent et grave", "Lent et triste"]
    assert names(player("getSongsByGenre", genre="Slow")["songsByGenre"]["song"], "title") == ["Lent et grave"]


@pytest.mark.parametrize(
    ("query", "artists", "albums", "songs"),
    [
        ("sat", ["Satie"], ["Gymnopédies"], 2),
        ("gymnopedies", [], ["Gymnopédies"], 2),
        ("satie gym", [], ["Gymnopédies"], 2),
        ('start "now', [], [], 1),
        ("OR", [], [], 0),
        ("kind:video", [], [], 0),
        ("sort:-added)", [], [], 0),
        ("!!!", [], [], 0),
        ("", ["The Beat", "Grieg", "Satie"], ["Peer Gynt", "Gymnopédies", "Hits"], 4),
        ('""', ["The Beat", "Grieg", "Satie"], ["Peer Gynt", "Gymnopédies", "Hits"], 4),
    ],
)
def test_search(player: Player, query: str, artists: list[str], albums: list[str], songs: int) -> None:
    found = player("search3", query=query)["searchResult3"]
    assert sorted(names(found["artist"])) == sorted(artists)
    assert (names(found["album"]), len(found["song"])) == (albums, songs)
    folders = player("search2", query=query)["searchResult2"]
    assert names(folders["album"], "title") == albums


def test_all_songs_page_by_page(player: Player) -> None:
    def page(offset: int) -> list[str]:
        none = {"artistCount": 0, "albumCount": 0}
        found = player("search3", query="", songCount=3, songOffset=offset, **none)["searchResult3"]
        assert (found["artist"], found["album"]) == ([], [])
        return names(found["song"], "id")

    pages = page(0), page(3), page(6)
    assert [len(one) for one in pages] == [3, 1, 0]
    assert len({song for one in pages for song in one}) == 4
    assert page(1)[:2] == pages[0][1:], "from a place where no page began"


def test_bytes_are_the_hosts(player: Player) -> None:
    song, album = player.song("Morgenstimmung"), player.album("Gymnopédies")
    number = int(song["id"].partition("-")[2])
    assert player.ask("stream", id=song["id"], maxBitRate=64).media_file_id == number
    saved = player.ask("download", id=song["id"])
    assert (saved.media_file_id, saved.headers["content-disposition"]) == (number, "attachment; filename*=UTF-8''1.mp3")
    cover = player.ask("getCoverArt", id=album["id"], size=300).artwork
    assert cover == Artwork("album", int(album["id"].partition("-")[2]), 300)
    assert player.ask("getCoverArt", id=song["coverArt"], size=99999).artwork == Artwork("file", number, 4096)


def test_what_is_no_song_is_not_sent(player: Player) -> None:
    everything = player.host.library.files("").items
    film = next(one for one in everything if one.path.endswith(".mp4"))
    for wanted in (f"tr-{film.id}", "tr-999", "tr-0", "tr-", "al-1", "7", "tr-" + "9" * 30, "tr-١"):
        for name in ("stream", "download", "getSong"):
            answer = player.ask(name, id=wanted)
            assert (answer.json["subsonic-response"]["error"]["code"], answer.media_file_id) == (70, 0)


def test_favourites_and_ratings_are_a_users_own(player: Player) -> None:
    song, album = player.song("Lent et grave"), player.album("Hits")
    player("star", ("id", song["id"]), ("id", album["artistId"]), albumId=album["id"])
    player("star", id=song["id"])
    starred = player("getStarred2")["starred2"]
    assert [names(starred[kind], "id") for kind in ("song", "album", "artist")] == [
        [song["id"]], [album["id"]], [album["artistId"]],
    ]  # fmt: skip
    assert starred["song"][0]["starred"].endswith("Z")
    ben = attrs.evolve(player, user="ben")
    assert ben("getStarred")["starred"] == {"artist": [], "album": [], "song": []}
    player("unstar", ("id", song["id"]), albumId=album["id"], artistId=album["artistId"])
    assert player("getStarred2")["starred2"] == {"artist": [], "album": [], "song": []}
    player("setRating", id=album["id"], rating=4)
    player("setRating", id=song["id"], rating=5)
    assert player("getAlbumList2", type="highest")["albumList2"]["album"][0]["userRating"] == 4
    assert [(one.name, data(one)["rating"]) for one in player.host.published] == [("playback.rated", 5)]
    player("setRating", id=album["id"], rating=0)
    assert player("getAlbumList2", type="highest")["albumList2"]["album"] == []
    assert [player.error("setRating", id=song["id"], rating=wrong) for wrong in (6, -1, "x")] == [0, 0, 0]


def test_what_is_played(player: Player) -> None:
    song = player.song("Lent et triste")
    number = int(song["id"].partition("-")[2])
    player("scrobble", id=song["id"], submission="false")
    (playing,) = player("getNowPlaying")["nowPlaying"]["entry"]
    assert (playing["id"], playing["username"], playing["playerName"]) == (song["id"], "ann", "test")
    player("scrobble", ("id", "tr-99"), id=song["id"], time=1_600_000_000_000)
    assert player("getNowPlaying")["nowPlaying"]["entry"] == []
    assert [(one.name, data(one)["file"], data(one)["user"]) for one in player.host.published] == [
        ("playback.started", number, "ann"), ("playback.ended", number, "ann"),
    ]  # fmt: skip
    assert data(player.host.published[1])["at"] == 1_600_000_000
    for kind in ("recent", "frequent"):
        (album,) = player("getAlbumList2", type=kind)["albumList2"]["album"]
        assert (album["name"], album["playCount"], album["played"]) == ("Gymnopédies", 1, "2020-09-13T12:26:40.000Z")
    assert names(player("getTopSongs", artist="Satie")["topSongs"]["song"], "id") == [song["id"]]
    player.host.granted = {"library:read"}
    player("scrobble", id=song["id"])
    assert player("getSong", id=song["id"])["song"]["playCount"] == 2, "counted, though others are not told"


def test_playlists(player: Player) -> None:
    slow, quick = player.song("Lent et grave")["id"], player.song("Morgenstimmung")["id"]
    songs = [("songId", slow), ("songId", quick), ("songId", slow)]
    made = player("createPlaylist", *songs, name="Mine")["playlist"]
    assert (made["songCount"], made["duration"], names(made["entry"], "id")) == (3, 183, [slow, quick, slow])
    change = [("songIndexToRemove", 0), ("songIndexToRemove", 1), ("songIdToAdd", quick)]
    player("updatePlaylist", *change, playlistId=made["id"], name="Ours", comment="c")
    ben = attrs.evolve(player, user="ben")
    assert ben.error("getPlaylist", id=made["id"]) == 70
    player("updatePlaylist", playlistId=made["id"], public="true")
    seen = ben("getPlaylist", id=made["id"])["playlist"]
    assert (seen["name"], seen["comment"], seen["owner"], names(seen["entry"], "id")) == (
        "Ours", "c", "ann", [slow, quick],
    )  # fmt: skip
    assert ben.error("deletePlaylist", id=made["id"]) == 50
    assert ben.error("updatePlaylist", playlistId=made["id"], name="x") == 50
    player("createPlaylist", playlistId=made["id"], songId=quick)
    listed = player("getPlaylists")["playlists"]["playlist"]
    assert [(one["name"], one["songCount"], one["duration"]) for one in listed] == [("Ours", 1, 61), ("Evening", 2, 0)]
    assert player.ask("getCoverArt", id=made["id"]).artwork == Artwork("file", int(quick.partition("-")[2]))
    player("deletePlaylist", id=made["id"])
    assert player.error("getPlaylist", id=made["id"]) == 70


def test_playlist_files_show_and_do_not_change(player: Player) -> None:
    (listed,) = player("getPlaylists")["playlists"]["playlist"]
    whole = player("getPlaylist", id=listed["id"])["playlist"]
    assert (whole["readonly"], names(whole["entry"], "title")) == (True, ["Lent et grave"])
    assert player.error("deletePlaylist", id=listed["id"]) == 50


def test_words_of_songs(player: Player) -> None:
    song = player.song("Lent et grave")
    timed, words = player("getLyricsBySongId", id=song["id"])["lyricsList"]["structuredLyrics"]
    lines = [{"start": 1500, "value": "la"}, {"start": 62_000, "value": ""}, {"start": 63_000, "value": "la la"}]
    assert (timed["synced"], timed["line"]) == (True, lines)
    assert (words["synced"], words["line"]) == (False, [{"value": "la"}, {"value": "la la"}])
    assert player("getLyrics", artist="Satie", title="Lent et grave")["lyrics"]["value"] == "la\nla la"
    assert player("getLyrics", title="Nothing")["lyrics"]["value"] == ""


def test_the_rest(player: Player) -> None:
    album = player.album("Gymnopédies")
    assert player("getLicense")["license"] == {"valid": True}
    assert player("getUser", username="ann")["user"]["adminRole"] is False
    assert (player.error("getUser", username="ben"), player.error("startScan")) == (50, 50)
    assert player("getScanStatus")["scanStatus"] == {"scanning": False, "count": 4}
    assert player("getArtistInfo2", id=album["artistId"])["artistInfo2"] == {}
    assert player("getAlbumInfo2", id=album["id"])["albumInfo"] == {}
    for name, key in (
        ("getSimilarSongs2", "similarSongs2"),
        ("getPodcasts", "podcasts"),
        ("getBookmarks", "bookmarks"),
    ):
        assert player(name)[key] == {}
    player("getPlayQueue")
    assert player.error("getAlbumList2", type="best") == 0
    assert player.error("getAlbumList2") == 10
    assert player.error("getAlbumList2", type="newest", size="x") == 0


def test_a_library_that_is_not_granted_is_an_error(player: Player) -> None:
    player.host.granted = set()
    assert player.error("getAlbumList2", type="newest") == 0
