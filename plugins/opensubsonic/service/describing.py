"""Answers the calls about what is known of songs and artists beyond their tags, and what is empty here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from viewra.types import Recording

from .calls import Answer, Call, answers
from .ids import ALBUM, ARTIST, SONG, number, read
from .shapes import Shape, texts

_LINE = re.compile(r"\[(\d{2,4}):(\d\d)\.(\d{3})\](?: (.*))?")
"""A line of the form ``lrc`` of docs/vocabulary.md."""


@answers("getLyrics")
def lyrics(call: Call) -> Answer:
    """The words of the song with this artist and title."""
    artist, title = call.given.text("artist"), call.given.text("title")
    matches = call.catalog.library.match([Recording(title=title, artist=artist)], limit=5)[0] if title else ()
    library = call.catalog.library
    for match in matches:
        said = library.metadata([match.media_file_id], ["lyrics"]).get(match.media_file_id, {})
        if words := texts(said, "lyrics"):
            return {"lyrics": {"artist": artist, "title": title, "value": "\n".join(words)}}
    return {"lyrics": {"value": ""}}


@answers("getLyricsBySongId")
def lyrics_by_song(call: Call) -> Answer:
    """The words of a song, with times where they are known."""
    song = call.catalog.song(number(call.given.required("id"), SONG))
    said = call.catalog.library.metadata([song.id], ["lyrics", "timed_lyrics", "language"]).get(song.id, {})
    language = (texts(said, "language") or ["und"])[0]
    common = {"displayArtist": song.artist, "displayTitle": song.title, "lang": language}
    found = [{**common, "synced": True, "line": _timed(one)} for one in texts(said, "timed_lyrics")]
    found += [{**common, "synced": False, "line": _plain(one)} for one in texts(said, "lyrics")]
    return {"lyricsList": {"structuredLyrics": found}}


def _plain(words: str) -> list[Shape]:
    return [{"value": line} for line in words.split("\n")]


def _timed(words: str) -> list[Shape]:
    """Lines with their starts in milliseconds."""
    matches = map(_LINE.fullmatch, words.split("\n"))
    return [
        {"start": (int(one[1]) * 60 + int(one[2])) * 1000 + int(one[3]), "value": one[4] or ""}
        for one in matches
        if one is not None
    ]


@answers("getArtistInfo")
def artist_info(call: Call) -> Answer:
    """What is known of an artist: the MusicBrainz id."""
    return {"artistInfo": _artist_info(call)}


@answers("getArtistInfo2")
def artist_info2(call: Call) -> Answer:
    """What is known of an artist: the MusicBrainz id."""
    return {"artistInfo2": _artist_info(call)}


def _artist_info(call: Call) -> Shape:
    kind, wanted = read(call.given.required("id"), ARTIST, ALBUM, SONG)
    if kind != ARTIST:
        return {}
    known = call.catalog.artist(wanted).musicbrainz_id
    return {"musicBrainzId": known} if known else {}


@answers("getAlbumInfo", "getAlbumInfo2")
def album_info(call: Call) -> Answer:
    """What is known of an album: the MusicBrainz id."""
    known = call.catalog.album(number(call.given.required("id"), ALBUM)).musicbrainz_id
    return {"albumInfo": {"musicBrainzId": known} if known else {}}


@answers("getTopSongs")
def top_songs(call: Call) -> Answer:
    """The songs of an artist that the user played most often."""
    wanted = call.catalog.artist_id(call.given.required("artist"))
    songs = call.catalog.songs(f"artist_id:{wanted}", 0, 1000) if wanted is not None else []
    marks = call.marks.of(call.user, SONG, [one.id for one in songs])
    played = sorted(
        (one for one in songs if one.id in marks and marks[one.id].plays), key=lambda one: -marks[one.id].plays
    )
    return {"topSongs": {"song": call.shapes.songs(played[: call.given.whole("count", 50, most=500)])}}


EMPTY: dict[str, Sequence[str]] = {
    "getSimilarSongs": ("similarSongs",),
    "getSimilarSongs2": ("similarSongs2",),
    "getVideos": ("videos",),
    "getPodcasts": ("podcasts",),
    "getNewestPodcasts": ("newestPodcasts",),
    "getInternetRadioStations": ("internetRadioStations",),
    "getBookmarks": ("bookmarks",),
    "getShares": ("shares",),
    "getPlayQueue": (),
}
"""Calls that players make when they start, with the empty answer of a server that has nothing of the kind."""


def _empty(name: str) -> None:
    content: dict[str, Any] = {key: {} for key in EMPTY[name]}
    answers(name)(lambda _: dict(content))


for _name in EMPTY:
    _empty(_name)
