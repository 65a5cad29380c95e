"""Answers the calls that list albums and songs by one order or another, and those that search."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from viewra.types import Album

from .calls import Answer, Call, answers
from .failures import GENERIC, Failure
from .folding import matches, symbols_of
from .ids import ALBUM
from .shapes import Shape

MOST = 500
"""The most that one listing has, by the specification."""
MOST_WORDS = 12
"""Words of a search that count."""
Chosen = Callable[[Call, int, int], list[Album]]


def _by_marks(choose: str) -> Chosen:
    def chosen(call: Call, offset: int, count: int) -> list[Album]:
        return call.catalog.albums_by_id(getattr(call.marks, choose)(call.user, ALBUM, offset, count))

    return chosen


def _in_order(query: str) -> Chosen:
    return lambda call, offset, count: call.catalog.albums(f"{call.within} {query}", offset, count)


def _by_year(call: Call, offset: int, count: int) -> list[Album]:
    call.given.required("fromYear")
    call.given.required("toYear")
    first, last = call.given.whole("fromYear", 0, most=9999), call.given.whole("toYear", 0, most=9999)
    order = "sort:year" if first <= last else "sort:-year"
    query = f"{call.within} year:{min(first, last)}..{max(first, last)} {order}"
    return call.catalog.albums(query, offset, count)


def _by_genre(call: Call, offset: int, count: int) -> list[Album]:
    query = call.catalog.genre_query(call.given.required("genre"))
    return call.catalog.albums(f"{call.within} {query} sort:album", offset, count)


_TYPES: Mapping[str, Chosen] = {
    "random": lambda call, _, count: call.catalog.random_albums(call.within, count),
    "newest": _in_order("sort:-added"),
    "highest": _by_marks("rated"),
    "frequent": _by_marks("most_played"),
    "recent": _by_marks("last_played"),
    "starred": _by_marks("starred"),
    "alphabeticalByName": _in_order("sort:album"),
    "alphabeticalByArtist": _in_order("sort:artist"),
    "byYear": _by_year,
    "byGenre": _by_genre,
}


@answers("getAlbumList")
def album_list(call: Call) -> Answer:
    """Albums as folders."""
    return {"albumList": {"album": call.shapes.albums_as_folders(_chosen(call))}}


@answers("getAlbumList2")
def album_list2(call: Call) -> Answer:
    """Albums."""
    return {"albumList2": {"album": call.shapes.albums(_chosen(call))}}


def _chosen(call: Call) -> list[Album]:
    wanted = call.given.required("type")
    choose = _TYPES.get(wanted)
    if choose is None:
        raise Failure(GENERIC, f"the type must be one of {', '.join(_TYPES)}")
    return choose(call, call.given.whole("offset", 0), call.given.whole("size", 10, most=MOST))


@answers("getSongsByGenre")
def songs_by_genre(call: Call) -> Answer:
    """Songs of a genre."""
    query = call.catalog.genre_query(call.given.required("genre"))
    offset, count = call.given.whole("offset", 0), call.given.whole("count", 10, most=MOST)
    return {"songsByGenre": {"song": call.shapes.songs(call.catalog.songs(f"{call.within} {query}", offset, count))}}


@answers("getRandomSongs")
def random_songs(call: Call) -> Answer:
    """Songs at random."""
    query = call.within
    if genre := call.given.text("genre"):
        query += f" {call.catalog.genre_query(genre)}"
    if "fromYear" in call.given or "toYear" in call.given:
        query += f" year:{call.given.whole('fromYear', 1, most=9999)}..{call.given.whole('toYear', 9999, most=9999)}"
    songs = call.catalog.random_songs(query, call.given.whole("size", 10, most=MOST))
    return {"randomSongs": {"song": call.shapes.songs(songs)}}


@answers("search2")
def search2(call: Call) -> Answer:
    """Artists, albums as folders, and songs that have all words."""
    return {"searchResult2": _search(call, folders=True)}


@answers("search3")
def search3(call: Call) -> Answer:
    """Artists, albums and songs that have all words; without a word all of them, page after page."""
    call.given.required("query")
    return {"searchResult3": _search(call, folders=False)}


def _search(call: Call, *, folders: bool) -> Shape:
    typed = call.given.text("query")
    words = _conditions(typed)
    catalog, shapes, within = call.catalog, call.shapes, call.within
    offset, count = _part(call, "artist")
    artists = [one for one in catalog.artists(within) if matches(one.name, typed)]
    in_albums = " ".join(f"(album:{word} OR albumartist:{word})" for word in words)
    albums = catalog.albums(f"{within} {in_albums}", *_part(call, "album"))
    songs = catalog.songs(f"{within} {' '.join(words)}", *_part(call, "song"))
    return {
        "artist": shapes.artists(artists[offset : offset + count]),
        "album": shapes.albums_as_folders(albums) if folders else shapes.albums(albums),
        "song": shapes.songs(songs),
    }


def _part(call: Call, what: str) -> tuple[int, int]:
    return call.given.whole(f"{what}Offset", 0), call.given.whole(f"{what}Count", 20, most=10_000)


def _conditions(typed: str) -> list[str]:
    """The conditions of viewra's query language for what somebody typed: each word may go on; nothing else counts."""
    words = re.findall(r"\w+", typed)[:MOST_WORDS]
    symbols = symbols_of(typed)[:100]
    return [f'"{symbols}"'] if symbols else [f"{word.lower()}*" for word in words]
