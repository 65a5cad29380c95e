"""What people type finds what they mean, in every kind of database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import FakeHook, World
from viewra import library
from viewra.errors import UsageError
from viewra.library.listing.files import list_files
from viewra.types import FileOutcome, FileToRead

Fields = Mapping[str, "str | Sequence[str]"]

FILES: dict[str, Fields] = {
    "a/1.flac": {
        "title": "T.N.T.", "artist": "AC/DC", "album": "High Voltage", "date": "1976", "duration": "215.500",
        "genre": ["Rock", "Hard Rock"], "codec": "flac", "bitrate": "900000", "lyrics": "Oi, oi!\nOi",
        "has_picture": "true", "tracknumber": "A1", "replaygain_track_gain": "-6.48 dB",
    },
    "a/2.mp3": {
        "title": "Don't Cry", "artist": "AC/DC", "album": "High Voltage", "date": "1992-05", "duration": "100.000",
        "codec": "mp3", "bitrate": "320000", "has_picture": "false", "tracknumber": "10",
    },
    "b/3.flac": {"title": "初恋", "artist": "宇多田ヒカル", "album": "初恋", "date": "2018-06-27"},
    "b/4.flac": {"title": "Candy Everybody", "artist": "10,000 Maniacs", "date": "1992"},
    "b/5.flac": {"title": "House", "artist": "!!!", "genre": "Dance"},
    "b/6.flac": {"title": "Øde Æble", "artist": "Łódź", "composer": "ΣΊΣΥΦΟΣ", "album": "Straße ﬁn"},
    "b/7.flac": {"title": "Losing My Religion", "artist": "R.E.M.", "genre": "Rock"},
    "b/8.flac": {"title": "ガールフレンド", "artist": "Simon & Garfunkel", "album": "+/-"},
    "c/A nameless song.mp3": {},
    "d/1.mkv": {
        "title": "Die Reise zum Mond", "director": "Georges Méliès", "original_title": "Le Voyage dans la Lune",
        "actor": ["Bleuette Bernon (Phœbé)", "Georges Méliès (Barbenfouillis)"], "collection": "Star-Film",
    },
}  # fmt: skip

FOUND = {
    "acdc": "1 2", "ac/dc": "1 2", "AC DC": "1 2", "artist:acdc": "1 2", "ac-dc": "1 2", '"ac dc"': "1 2",
    "rem": "7", "r.e.m.": "7", "R.E.M": "7", "10000 maniacs": "4", "10,000": "4", '"10000 maniacs"': "4",
    "dont cry": "2", "don't": "2", "don’t": "2", "tnt": "1", "!!!": "5", "artist:!!!": "5", "+/-": "8",
    "!!! house": "5", "simon & garfunkel": "8", '"simon garfunkel"': "8",
    "初恋": "3", "恋": "3", "初": "3", "ヒカル": "3", "カル": "3", "ひかる": "3", "がーる": "8",
    "ｶﾞｰﾙ": "8", "フレンド": "8",
    "ode aeble": "6", "øde": "6", "lodz": "6", "ŁÓDŹ": "6", "strasse": "6", "fin": "6",
    "σισυφος": "6", "Σισυφοσ": "6", "nameless": "9", "title:nameless": "9", "path:nameless": "9", "los*": "7",
    "méliès": "10", "phoebe": "10", "barbenfouillis mond": "10", "director:melies": "10", "actor:bernon": "10",
    "director:bernon": "", "people:bernon": "10", '"georges melies"': "10", "actor:~^georges": "10", "voyage": "10",
    "conductor:bernon": "", "titles:lune": "10", "original_title:lune": "10", "title:lune": "",
    "-people:melies path:d": "",
    '"phoebe georges"': "", "composer:*": "6", "artist:* -album:*": "4 5 7", 'album:"" artist:*': "4 5 7",
    "lyrics:*": "1", 'artist:""': "9 10", "-artist:*": "9 10", 'genre:"" path:b': "3 4 6 8", "people:*": "10",
    "title:*": "1 2 3 4 5 6 7 8 9 10",
    'title:""': "", "year:* path:b": "3 4", "-track:* year:1992": "4", "duration:*": "1 2", "album_id:*": "1 2 3 6 8",
    "genre_id:*": "1 5 7", "-series_id:* codec:*": "1 2", "kind:* size:* added:* missing:no acdc": "1 2",
    'codec:" "rem': "7",
    "artist:** album:*": "1 2 3 6 8", "-missing:*": "", "(lyrics:* OR director:*)": "1 10", "bitrate:* -lyrics:*": "2",
    "genre:rock": "1 7", "genre:hard": "1", 'genre:"hard rock"': "1", "rock -acdc": "7", "-acdc -path:b": "9 10",
    "acdc OR rem": "1 2 7", "(acdc OR rem) genre:hard": "1", "-(acdc OR rem) genre:rock": "",
    "rock OR dance": "1 5 7", "year:1992": "2 4", "year:1990..1999": "2 4", "year:<1990": "1", "year:>1992": "3",
    "year:..1976": "1", "date:1992-05": "2", "date:>=1992-05": "2 3", "codec:flac": "1", "bitrate:>256000": "1 2",
    "bitrate:>320k": "1", "bitrate:320k..900k": "1 2", "duration:>2:00": "1", "duration:<2:00": "2",
    "duration:215": "1", "lyrics:oi": "1", 'lyrics:"oi oi"': "1", "lyrics:nothing": "",
    "has_picture:no": "2 3 4 5 6 7 8 9 10", "has_picture:yes": "1", "track:1": "1", "track:>5": "2",
    "replaygain_track_gain:<-6": "1", "title:~^t.n": "1", 'title:~"^don.t cry$"': "2", "codec:~mp": "2",
    "added:<7d": "1 2 3 4 5 6 7 8 9 10", "added:>7d": "", "-added:<1h": "", "kind:audio year:1992": "2 4",
    "kind:video": "10", "type:mpeg": "2 9", "type:audio": "1 2 3 4 5 6 7 8 9", "missing:yes": "",
    "missing:no acdc": "1 2", "codec:mp3 OR rem": "2 7", "acdc (codec:mp3 OR lyrics:oi)": "1 2",
    "-codec:flac acdc": "2", "sort:-year year:>0": "3 4 2 1", "sort:title acdc": "2 1", "sort:-title acdc": "1 2",
    "year:5000000000": "", "year:>1975.5": "1 2 3 4", "track:1.5": "", "modified:>5000-01-01": "", "modified:<1600": "",
    "year:-5..1999": "1 2 4", "size:>-1 year:1992": "2 4", "id:-1": "", "added:<" + "9" * 5000 + "d acdc": "1 2",
    "bitrate:>" + "9" * 5000: "",
    "title:nameless missing:no": "9", "path:music missing:no": "", "path:~^a/": "1 2", "missing:no year:1992": "2 4",
    "size:>1M": "", "size:<1k year:1992": "2 4", "": "1 2 3 4 5 6 7 8 9 10", "sort:-id year:1992": "4 2",
}  # fmt: skip
"""What is typed → the numbers of the files that are found, in the order of their paths unless it names another."""

REFUSED = (
    "a sort:year,", "artits:x", "year:abc", "sort:colour", "bitrate:>fast", "kind:song", "missing:maybe",
    "added:yesterday", "title:~(", "year:..", "year:~19", "year:>", "kind:>audio", "artist_id:a..b", "id:x",
    "year:199*", "added:2026*", "kind:aud*", "duration:>" + "9" * 5000 + ":00:00", "duration:" + "9" * 400 + ":00:00",
    "missing:yes year:1990", "missing:yes kind:audio", "size:" + "9" * 5000,
)  # fmt: skip


MEANT: dict[str, str | None] = {
    "manicas": "maniacs", "10000 manicas": "10000 maniacs", "lsoing": "losing", "religon": "religion",
    "losing my religoin": "losing my religion", "Relgion": "religion", '"losing my relgion"': '"losing my religion"',
    "garfunkle": "garfunkel", "artist:Garfunkle": "artist:garfunkel", "simon garfunkl": "simon garfunkel",
    "meleis": "melies", "people:melis": "people:melies", "director:melis": "director:melies", "strase": "strasse",
    "everybodycandy": "everybody candy", "title:candyeverybody": 'title:"candy everybody"', "lodzz": "lodz",
    "candi OR nothing": "candy OR nothing", "(manicas)": "(maniacs)", "voltge -live": "voltage -live",
    "σισιφος": "σισυφοσ", "high voltae year:1976": "high voltage year:1976", "relgion year:1976": None,
    "religion year:1976": None, "zzzz": None, "12346": None, "初々": None, "!?": None, "lyrics:oiii": None,
    "rem maniacs": None, "codec:flca": None, "relig*x": None, "-voltae xq": None,
    "voltge codec:flac": "voltage codec:flac", "voltge codec:ogg": None, "high voltge manicas": None, "ho": None,
    "mond voltage": "mond voyage", "moon": None, "lyrics:oi melis": None, "lyrics:oii OR actor:bernn": None,
    "hard rokc": "hard rock", "path:namless": "path:nameless",
    "volt\0ge": None, "vóltáge dont crry": "vóltáge dont cry",
}  # fmt: skip
"""What is typed and finds nothing → what was meant."""


@pytest.fixture
def filled(world: World, hook: FakeHook) -> World:
    def read(files: Sequence[FileToRead]) -> list[FileOutcome]:
        return [FileOutcome(FILES[str(Path(file.file_path).relative_to(world.folder))]) for file in files]

    hook.add_scraper(behaviour=read).types = ("audio/", "video/")
    for name in FILES:
        world.put(name)
    world.scan()
    return world


def numbers(world: World, query: str) -> str:
    names = [*FILES]
    found = list_files(world.engine, query).items
    return " ".join(str(names.index(str(Path(file.path).relative_to(world.folder))) + 1) for file in found)


def test_finding(filled: World) -> None:
    wrong = {query: found for query, files in FOUND.items() if (found := numbers(filled, query)) != files}
    assert wrong == {}


def test_a_mistake_names_its_place_and_the_remedy(filled: World) -> None:
    for query in REFUSED:
        with pytest.raises(UsageError, match=f"the query, column {query.rfind(' ') + 2}") as caught:
            numbers(filled, query)
        assert caught.value.hint, query
        assert len(caught.value.message) < 250, query


def test_search_finds_the_same(filled: World) -> None:
    for query, files in FOUND.items():
        if query:
            page = library.search(filled.engine, None, query)
            assert page.total == len(page.results) == len(files.split()), query


def test_what_finds_nothing_is_corrected_to_what_finds_something(filled: World) -> None:
    pages = {query: library.search(filled.engine, None, query) for query in MEANT}
    assert {query for query, page in pages.items() if page.total} == set()
    assert {query: page.did_you_mean for query, page in pages.items()} == MEANT
    assert library.search(filled.engine, None, "religion").did_you_mean is None
    for meant in filter(None, MEANT.values()):
        assert library.search(filled.engine, None, meant).total, meant


def test_a_word_of_files_that_are_gone_is_not_suggested(filled: World) -> None:
    (filled.folder / "b/7.flac").unlink()
    filled.scan()
    assert library.search(filled.engine, None, "religoin").did_you_mean is None


def test_pages_are_the_whole_in_parts(filled: World) -> None:
    for query in ("", "sort:-year", "sort:artist", "acdc", "has_picture:no", "sort:title has_picture:no", "year:1992"):
        whole = [file.id for file in list_files(filled.engine, query).items]
        parts: list[int] = []
        after = None
        while True:
            page = list_files(filled.engine, query, after=after, limit=1)
            parts += [file.id for file in page.items]
            after = page.next
            if after is None:
                break
        assert parts == whole, query


def test_files_that_are_missing_are_listed_by_what_is_known_of_them(filled: World) -> None:
    for name in ("a/1.flac", "b/3.flac", "c/A nameless song.mp3"):
        (filled.folder / name).unlink()
    filled.scan()
    asked = {"": "1 3 9", "sort:-path": "9 3 1", "acdc": "1", "title:nameless": "9", "date:1976": "1", "path:music": ""}
    asked |= {"artist:*": "1 3", 'artist:""': "9", "title:*": "1 3 9", "codec:*": "1"}
    assert {query: numbers(filled, f"missing:yes {query}") for query in asked} == asked
    page = list_files(filled.engine, "missing:yes sort:title", limit=2)
    rest = list_files(filled.engine, "missing:yes sort:title", limit=2, after=page.next)
    assert len({file.id for file in (*page.items, *rest.items)}) == 3


@pytest.mark.parametrize("cursor", ["", "x", "W10", "WzFd", "bm90IGpzb24", "é"])
def test_a_cursor_of_something_else_is_refused(filled: World, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        list_files(filled.engine, "sort:title", after=cursor)
