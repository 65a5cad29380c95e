"""Answers the calls that walk through artists, albums and songs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import PurePath

from viewra.types import Artist

from .calls import Answer, Call, answers
from .catalog import ALL
from .folding import folded
from .ids import ALBUM, ARTIST, SONG, id_of, number, read
from .shapes import Shape


@answers("getMusicFolders")
def music_folders(call: Call) -> Answer:
    """The libraries."""
    folders = [{"id": one.id, "name": PurePath(one.path).name or one.path} for one in call.catalog.libraries()]
    return {"musicFolders": {"musicFolder": folders}}


@answers("getIndexes")
def indexes(call: Call) -> Answer:
    """Artists by their first letter, for players that browse folders."""
    changed = {"lastModified": int(time.time() * 1000)}
    return {"indexes": {**changed, **_index(call, call.catalog.artists(call.within))}}


@answers("getArtists")
def artists(call: Call) -> Answer:
    """Artists by their first letter."""
    return {"artists": _index(call, call.catalog.artists(call.within))}


@answers("getArtist")
def artist(call: Call) -> Answer:
    """An artist with the albums."""
    one = call.catalog.artist(number(call.given.required("id"), ARTIST))
    albums = call.shapes.albums(call.catalog.albums(f"artist_id:{one.id} sort:year", 0, ALL))
    (shape,) = call.shapes.artists([one])
    return {"artist": {**shape, "albumCount": len(albums), "album": albums}}


@answers("getAlbum")
def album(call: Call) -> Answer:
    """An album with its songs."""
    one = call.catalog.album(number(call.given.required("id"), ALBUM))
    (shape,) = call.shapes.albums([one])
    songs = call.shapes.songs(call.catalog.songs(f"album_id:{one.id} sort:track", 0, ALL))
    genres = list(dict.fromkeys(genre["name"] for song in songs for genre in song.get("genres", ())))
    more = {"genre": genres[0], "genres": [{"name": genre} for genre in genres]} if genres else {}
    return {"album": {**shape, **more, "song": songs}}


@answers("getSong")
def song(call: Call) -> Answer:
    """A song."""
    (shape,) = call.shapes.songs([call.catalog.song(number(call.given.required("id"), SONG))])
    return {"song": shape}


@answers("getMusicDirectory")
def music_directory(call: Call) -> Answer:
    """What is in an artist or an album, which are folders here."""
    kind, wanted = read(call.given.required("id"), ARTIST, ALBUM)
    catalog, shapes = call.catalog, call.shapes
    if kind == ARTIST:
        one = catalog.artist(wanted)
        children = shapes.albums_as_folders(catalog.albums(f"artist_id:{one.id} sort:year", 0, ALL))
        return {"directory": {"id": id_of(ARTIST, one.id), "name": one.name, "child": children}}
    (shape,) = shapes.albums_as_folders([catalog.album(wanted)])
    kept = {
        name: shape[name] for name in ("id", "parent", "name", "starred", "userRating", "playCount") if name in shape
    }
    return {"directory": {**kept, "child": shapes.songs(catalog.songs(f"album_id:{wanted} sort:track", 0, ALL))}}


@answers("getGenres")
def genres(call: Call) -> Answer:
    """The genres with their numbers of songs and albums."""
    catalog = call.catalog
    rows = [
        {"value": one.name, "songCount": one.files, "albumCount": catalog.albums_of_genre(one.id)}
        for one in catalog.genres()
    ]
    return {"genres": {"genre": rows}}


def _index(call: Call, rows: Sequence[Artist]) -> Shape:
    articles = folded(call.ignored_articles).split()
    groups: dict[str, list[tuple[str, Shape]]] = {}
    for shape in call.shapes.artists(rows):
        key = _sorted_as(shape["name"], articles)
        groups.setdefault(_letter(key), []).append((key, shape))
    letters = sorted(groups, key=lambda letter: (not letter.isalpha(), letter))
    index = [
        {"name": letter, "artist": [shape for _, shape in sorted(groups[letter], key=lambda one: one[0])]}
        for letter in letters
    ]
    return {"ignoredArticles": call.ignored_articles, "index": index}


def _sorted_as(name: str, articles: Sequence[str]) -> str:
    """A name as it is sorted: in small letters without accents, and without an article in front."""
    plain = folded(name)
    first, _, rest = plain.partition(" ")
    return rest if rest and first in articles else plain


def _letter(key: str) -> str:
    first = key[:1].upper()
    return first if first.isalpha() else "#"
