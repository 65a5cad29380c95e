"""Albums, artists, genres and series follow the files: what belongs together, under ids that stay."""

from __future__ import annotations

import pytest

from tests.unit.library.conftest import Shelf
from viewra.errors import UsageError
from viewra.library import verify
from viewra.library.catalogue.entries import album_folder, entry
from viewra.library.listing import groups


def test_files_of_one_folder_album_and_artist_are_an_album(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", albumartist="A", date="1990")
    shelf.put("x/2.mp3", album="one", albumartist="a", date="1989", duration="2.5")
    shelf.put("x/3.mp3", album="Two", albumartist="A")
    shelf.put("y/4.mp3", album="One", albumartist="A")
    shelf.put("y/5.mp3", title="of no album")
    shelf.world.scan()
    found = shelf.access.albums().items
    assert sorted((album.album.lower(), album.files) for album in found) == [("one", 1), ("one", 2), ("two", 1)]
    (both,) = (album for album in found if album.files == 2)
    assert (both.year, both.duration_s) == (1989, 2.5)
    assert [file.path for file in shelf.access.album_files(both.id).items] == [
        str(shelf.world.folder / "x" / name) for name in ("1.mp3", "2.mp3")
    ]


def test_discs_of_an_album_are_one(shelf: Shelf) -> None:
    shelf.put("x/CD1/1.mp3", album="One (Disc 1)", artist="A", discnumber="1", tracknumber="1")
    shelf.put("x/CD 2/2.mp3", album="One [CD 2]", artist="A", discnumber="2", tracknumber="1")
    shelf.put("x/CD1/3.mp3", album="One (Disc 1)", artist="A", discnumber="1", tracknumber="10")
    shelf.world.scan()
    assert shelf.albums() == {"A: One": 3}
    (album,) = shelf.access.albums().items
    tracks = [(file.disc, file.track) for file in shelf.access.album_files(album.id).items]
    assert tracks == [(1, 1), (1, 10), (2, 1)]


def test_an_album_of_several_artists_is_a_compilation(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="Hits", artist="A")
    shelf.put("x/2.mp3", album="Hits", artist="B")
    shelf.world.scan()
    assert shelf.albums() == {"Various Artists: Hits": 2}


def test_files_of_one_release_are_an_album_wherever_they_are(shelf: Shelf) -> None:
    release = "a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468"
    shelf.put("x/1.mp3", album="One", artist="A")
    shelf.put("x/2.mp3", album="One", artist="A", musicbrainz_albumid=release)
    shelf.put("y/3.mp3", album="One, remastered", artist="A", musicbrainz_albumid=release)
    shelf.put("x/4.mp3", album="One", artist="A", musicbrainz_albumid=release.replace("a", "b"))
    shelf.world.scan()
    assert sorted(album.files for album in shelf.access.albums().items) == [1, 3]


RELEASE = "0b2cf4c1-5a1b-4a54-8f5c-111111111111"


@pytest.mark.parametrize(("order", "at_once"), [("abcd", True), ("dcba", False), ("bdac", False)])
def test_files_without_an_id_are_of_the_release_in_their_folder(shelf: Shelf, order: str, at_once: bool) -> None:
    tags: dict[str, tuple[str, dict[str, str]]] = {
        "a": ("x/1.mp3", {"musicbrainz_albumid": RELEASE}),
        "b": ("y/2.mp3", {"musicbrainz_albumid": RELEASE}),
        "c": ("y/3.mp3", {}),
        "d": ("z/4.mp3", {}),
    }
    for name in order:
        place, more = tags[name]
        shelf.put(place, album="One", albumartist="A", **more)
        if not at_once:
            shelf.world.scan()
    shelf.world.scan()
    assert sorted(album.files for album in shelf.access.albums().items) == [1, 3]
    (release,) = (album for album in shelf.access.albums().items if album.files == 3)
    assert release.musicbrainz_id == RELEASE
    ids = shelf.ids()
    assert verify(shelf.world.engine) == []
    shelf.world.scan(full=True)
    assert shelf.ids() == ids
    (shelf.world.folder / "y").rename(shelf.world.folder / "w")
    shelf.world.scan()
    assert shelf.ids() == ids
    assert shelf.access.album(release.id).files == 3
    assert verify(shelf.world.engine) == []


def test_artists_are_told_apart_by_their_musicbrainz_ids(shelf: Shelf) -> None:
    one, other = ("a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468", "b20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468")
    shelf.put("1.mp3", artist="Nirvana")
    shelf.world.scan()
    (first,) = shelf.access.artists().items
    shelf.put("2.mp3", artist="Nirvana", musicbrainz_artistid=one)
    shelf.put("3.mp3", artist="nirvana", musicbrainz_artistid=other)
    shelf.put("4.mp3", artist="NIRVANA")
    shelf.world.scan()
    found = {artist.musicbrainz_id: (artist.id, artist.files) for artist in shelf.access.artists().items}
    assert set(found) == {one, other}
    assert sum(files for _, files in found.values()) == 4
    assert first.id in {number for number, _ in found.values()}


def test_artists_of_albums_and_credited_ones(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="Guest", albumartist="Band", genre="G")
    shelf.put("x/2.mp3", album="One", artist="Band", albumartist="Band")
    shelf.put("y/3.mp3", album="Two", artist="Solo")
    shelf.world.scan()
    names = {
        role: [one.name for one in shelf.access.artists(role=role).items] for role in (None, "artist", "albumartist")
    }
    assert names == {None: ["Band", "Guest", "Solo"], "artist": ["Band", "Guest", "Solo"], "albumartist": ["Band"]}
    assert [one.name for one in shelf.access.artists("genre:g", role="artist").items] == ["Guest"]
    assert [one.name for one in shelf.access.artists("genre:g", role="albumartist").items] == ["Band"]


def test_what_is_asked_of_groups(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A", date="1990", genre="Rock", bitrate="320000")
    shelf.put("y/2.mp3", album="Two", artist="B", date="2000", genre="rock", bitrate="128000")
    shelf.put("s/3.mkv", show="Faust", season="1", episode="2", title="Der Pakt")
    shelf.put("s/4.mkv", show="Faust", season="0", episode="1")
    shelf.put("f/5.mkv", title="Die Reise")
    shelf.world.scan()
    access = shelf.access
    assert [album.album for album in access.albums("year:<1995").items] == ["One"]
    assert [album.album for album in access.albums("bitrate:<200k").items] == ["Two"]
    assert [album.album for album in access.albums("sort:-year").items] == ["Two", "One"]
    assert [artist.name for artist in access.artists("album:two").items] == ["B"]
    (artist,) = access.artists("one").items
    assert [album.album for album in access.albums(f"artist_id:{artist.id}").items] == ["One"]
    assert [(genre.name, genre.files) for genre in access.genres().items] == [("Rock", 2)]
    assert [(year.year, year.files) for year in access.years().items] == [(2000, 1), (1990, 1)]
    (series,) = access.series().items
    assert (series.title, series.seasons, series.episodes) == ("Faust", 2, 2)
    assert [season.number for season in access.seasons(series.id)] == [0, 1]
    assert [file.episode for file in access.episodes(series.id).items] == [1, 2]
    assert [file.title for file in access.episodes(series.id, 1).items] == ["Der Pakt"]
    assert [file.title for file in access.films().items] == ["Die Reise"]
    stats = access.stats()
    assert (stats.files, stats.albums, stats.artists, stats.genres, stats.series) == (5, 2, 2, 1, 1)
    assert stats.kinds == {"audio": 2, "video": 3}
    for wrong in (
        lambda: access.album(99),
        lambda: access.artist(99),
        lambda: access.seasons(99),
        lambda: access.file(99),
    ):
        with pytest.raises(UsageError, match="99"):
            wrong()
    with pytest.raises(UsageError, match="sort albums by"):
        access.albums("sort:size")
    for listing in (access.artists, access.genres, access.series):
        with pytest.raises(UsageError, match=r"column 5: .* one order"):
            listing("one sort:size")
    assert access.file(access.films().items[0].id).metadata["title"].value == "Die Reise"


def test_pages_of_groups_are_the_whole_in_parts(shelf: Shelf) -> None:
    for number in range(7):
        shelf.put(f"{number}.mp3", album=f"Album {number % 5}", artist=f"Artist {number % 3}", bitrate=str(1 + number))
    shelf.world.scan()
    for query in ("", "bitrate:>2", "album:album"):
        whole = [album.id for album in shelf.access.albums(query).items]
        parts: list[int] = []
        after = None
        while True:
            page = shelf.access.albums(query, after=after, limit=2)
            parts += [album.id for album in page.items]
            if (after := page.next) is None:
                break
        assert parts == whole
        assert len(whole) == len(set(whole)) > 2


def test_what_is_no_musicbrainz_id_says_nothing(shelf: Shelf) -> None:
    release = "A20B0C9A-AA27-5D31-8AB0-5F8B0E3BC468"
    shelf.put("x/1.mp3", album="One", artist="A", musicbrainz_albumid="x" * 60_000, musicbrainz_artistid="y" * 60_000)
    shelf.put("x/2.mp3", album="One", artist="A", musicbrainz_albumid="none")
    shelf.put("x/3.mp3", album="Two", artist="B", musicbrainz_albumid=release)
    shelf.put("y/4.mp3", album="Two", artist="B", musicbrainz_albumid=f" {release.lower()} ")
    shelf.world.scan()
    assert shelf.albums() == {"A: One": 2, "B: Two": 2}
    assert {album.musicbrainz_id for album in shelf.access.albums().items} == {"", release.lower()}
    assert {artist.musicbrainz_id for artist in shelf.access.artists().items} == {""}


def test_a_page_of_few_among_many_groups_ends(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GROUPS_A_LOOK", 2)
    for number in range(9):
        shelf.put(f"{number}.mp3", album=f"Album {number}", artist="A", bitrate=str(number % 3))
    shelf.world.scan()
    found: list[str] = []
    page = shelf.access.albums("bitrate:<1", limit=2)
    while True:
        found += [album.album for album in page.items]
        if page.next is None:
            break
        page = shelf.access.albums("bitrate:<1", after=page.next, limit=2)
    assert found == ["Album 0", "Album 3", "Album 6"]


@pytest.mark.parametrize(
    ("folder", "album"),
    [
        ("A/CD1", "A"), ("A/CD 2", "A"), ("A/Disc 01 - Live", "A"), ("A/disk_3", "A"), ("A/DVD 1", "A"),
        ("A/Side B", "A"), ("CD1", ""), ("A/1", "A/1"), ("A/Discovery", "A/Discovery"), ("A/Sides", "A/Sides"),
        ("A/Part of me", "A/Part of me"),
        ("A/Disc", "A/Disc"), ("", ""),
    ],
)  # fmt: skip
def test_folders_of_discs(folder: str, album: str) -> None:
    assert album_folder(folder) == album


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("One (Disc 1)", "One"), ("One [CD2]", "One"), ("One, disc two", "One"), ("One CD 1", "One"), ("CD1", "CD1"),
        ("One (Disc 1: Live)", "One"), ("Abcd 1", "Abcd 1"), ("One 2", "One 2"), ("Disc", "Disc"),
    ],
)  # fmt: skip
def test_titles_of_discs(title: str, bare: str) -> None:
    made = entry(1, 1, "audio/flac", "x/1.flac", {"album": (title,)}).album
    assert made is not None
    assert made.title == bare


def test_one_library_of_several(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A")
    shelf.world.scan()
    (known,) = shelf.access.libraries()
    assert len(shelf.access.files(f"library_id:{known.id}").items) == 1
    assert [one.album for one in shelf.access.albums(f"library_id:{known.id}").items] == ["One"]
    assert shelf.access.albums(f"library_id:{known.id + 1}").items == ()
