"""Answers the calls by which users say what they like, rate and play."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from viewra.errors import PermissionDenied

from .calls import Answer, Call, answers
from .failures import GENERIC, MISSING_PARAMETER, Failure, not_found
from .ids import ALBUM, ARTIST, SONG, id_of, number, read
from .marks import now
from .parameters import whole
from .shapes import Shape

_STARS = {"id": (SONG, ALBUM, ARTIST), "albumId": (ALBUM,), "artistId": (ARTIST,)}
"""The parameters that name what is starred, with the kinds of their ids: those of folders are of albums or artists."""


@answers("star")
def star(call: Call) -> Answer:
    """Make something a favourite."""
    return _star(call, starred=True)


@answers("unstar")
def unstar(call: Call) -> Answer:
    """Make something no favourite any more."""
    return _star(call, starred=False)


def _star(call: Call, *, starred: bool) -> Answer:
    things = [read(text, *kinds) for name, kinds in _STARS.items() for text in call.given.all(name)]
    if not things:
        raise Failure(MISSING_PARAMETER, "one of the parameters id, albumId and artistId is missing")
    for kind in {kind for kind, _ in things} if starred else ():
        _require(call, kind, {wanted for one, wanted in things if one == kind})
    for kind, wanted in things:
        call.marks.star(call.user, kind, wanted, starred=starred)
    return {}


def _require(call: Call, kind: str, numbers: Collection[int]) -> None:
    """Raise Failure unless all of these are there: a mark would be for what gets its number later."""
    if len(call.catalog.by_id(kind, list(numbers))) < len(numbers):
        raise not_found(kind)


@answers("getStarred")
def starred(call: Call) -> Answer:
    """The favourites, with albums as folders."""
    return {"starred": _starred(call, folders=True)}


@answers("getStarred2")
def starred2(call: Call) -> Answer:
    """The favourites."""
    return {"starred2": _starred(call, folders=False)}


def _starred(call: Call, *, folders: bool) -> Shape:
    shapes, catalog = call.shapes, call.catalog
    albums = catalog.albums_by_id(call.marks.starred(call.user, ALBUM))
    return {
        "artist": shapes.artists(catalog.artists_by_id(call.marks.starred(call.user, ARTIST))),
        "album": shapes.albums_as_folders(albums) if folders else shapes.albums(albums),
        "song": shapes.songs(catalog.songs_by_id(call.marks.starred(call.user, SONG))),
    }


@answers("setRating")
def set_rating(call: Call) -> Answer:
    """Rate something from 1 to 5; 0 removes the rating."""
    kind, wanted = read(call.given.required("id"), SONG, ALBUM, ARTIST)
    rating = whole(call.given.required("rating"), "rating")
    if not 0 <= rating <= 5:
        raise Failure(GENERIC, "the rating must be from 0 to 5")
    if rating:
        _require(call, kind, {wanted})
    call.marks.rate(call.user, kind, wanted, rating)
    if kind == SONG:
        _tell(call, "playback.rated", {"file": wanted, "user": call.user, "rating": rating})
    return {}


@answers("scrobble")
def scrobble(call: Call) -> Answer:
    """A song was played, or with ``submission=false`` begins to be played."""
    times = [min(max(whole(text, "time"), 0) * 1000, now()) for text in call.given.all("time")]
    numbers = [number(text, SONG) for text in call.given.all("id")]
    if not numbers:
        raise Failure(MISSING_PARAMETER, "the parameter id is missing")
    submission = call.given.true("submission", default=True)
    player = call.given.text("c", "player")[:100]
    songs = {one.id: one for one in call.catalog.songs_by_id(numbers)}
    for place, wanted in enumerate(numbers):
        if wanted not in songs:
            continue
        at = times[place] if place < len(times) else now()
        if submission:
            call.marks.play(call.user, SONG, wanted, at)
            if (album := songs[wanted].album_id) is not None:
                call.marks.play(call.user, ALBUM, album, at)
            call.playing.end(call.user, player, wanted)
        else:
            call.playing.begin(call.user, player, wanted)
        data = {"file": wanted, "user": call.user, "player": player, "at": at // 1_000_000}
        _tell(call, "playback.ended" if submission else "playback.started", data)
    return {}


def _tell(call: Call, event: str, data: Shape) -> None:
    with contextlib.suppress(PermissionDenied):  # the operator does not want other plugins to know
        call.host.events.publish(event, data)


@answers("getNowPlaying")
def now_playing(call: Call) -> Answer:
    """What all users play."""
    playing = call.playing.all()
    songs = call.catalog.songs_by_id(list({one.media_file_id for one in playing}))
    shapes = {shape["id"]: shape for shape in call.shapes.songs(songs)}
    entries = [
        {
            **shapes[id_of(SONG, one.media_file_id)],
            "username": one.user,
            "minutesAgo": int(one.ago_s // 60),
            "playerId": place,
            "playerName": one.player,
        }
        for place, one in enumerate(playing, 1)
        if id_of(SONG, one.media_file_id) in shapes
    ]
    return {"nowPlaying": {"entry": entries}}
