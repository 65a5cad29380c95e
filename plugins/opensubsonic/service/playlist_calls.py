"""Answers the calls about playlists: those that users made, and the playlist files of the library, which only show."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from viewra.errors import ViewraError
from viewra.types import FileEntry

from .calls import Answer, Call, answers
from .failures import NOT_AUTHORIZED, Failure, not_found
from .ids import FILE_PLAYLIST, PLAYLIST, SONG, id_of, number, read
from .parameters import whole
from .playlists import MAX_SONGS, Song
from .shapes import Shape, moment, texts
from .shapes import number as amount

MOST_FILES = 1000
"""Playlist files that are shown, and songs of one."""


@answers("getPlaylists")
def playlists(call: Call) -> Answer:
    """The playlists that the user sees."""
    own = [_shape(row) for row in call.playlists.seen_by(call.user)]
    files = call.catalog.library.playlists(limit=MOST_FILES).items
    said = call.catalog.library.metadata([one.id for one in files], ["entry_count"]) if files else {}
    counts = {one.id: amount(said.get(one.id, {}), "entry_count") or 0 for one in files}
    shown = [{**_file_shape(one), "songCount": counts[one.id], "duration": 0} for one in files]
    return {"playlists": {"playlist": [*own, *shown]}}


@answers("getPlaylist")
def playlist(call: Call) -> Answer:
    """A playlist with its songs."""
    kind, wanted = read(call.given.required("id"), PLAYLIST, FILE_PLAYLIST)
    return {"playlist": _whole(call, wanted) if kind == PLAYLIST else _whole_file(call, wanted)}


@answers("createPlaylist")
def create_playlist(call: Call) -> Answer:
    """Make a playlist, or give one other songs."""
    songs = _songs(call, "songId")
    if "playlistId" in call.given:
        wanted = _own(call.given.text("playlistId"))
        call.playlists.replace(call.user, wanted, call.given.text("name")[:200], songs)
    else:
        wanted = call.playlists.create(call.user, call.given.required("name")[:200], songs)
    return {"playlist": _whole(call, wanted)}


@answers("updatePlaylist")
def update_playlist(call: Call) -> Answer:
    """Change a playlist's name, comment, who sees it, and its songs."""
    given = call.given
    changes: dict[str, object] = {}
    if given.text("name"):
        changes["name"] = given.text("name")[:200]
    if "comment" in given:
        changes["comment"] = given.text("comment")[:2000]
    if "public" in given:
        changes["public"] = given.true("public", default=False)
    add = _songs(call, "songIdToAdd")
    remove = {whole(text, "songIndexToRemove") for text in given.all("songIndexToRemove", MAX_SONGS)}
    call.playlists.update(call.user, _own(given.required("playlistId")), changes, add, remove)
    return {}


@answers("deletePlaylist")
def delete_playlist(call: Call) -> Answer:
    """Delete a playlist."""
    call.playlists.delete(call.user, _own(call.given.required("id")))
    return {}


def _songs(call: Call, name: str) -> list[Song]:
    """The songs that a parameter names, as far as they are there."""
    found = call.catalog.songs_by_id([number(text, SONG) for text in call.given.all(name, MAX_SONGS)])
    return [Song(one.id, round((one.duration_s or 0) * 1000)) for one in found]


def _own(text: str) -> int:
    kind, wanted = read(text, PLAYLIST, FILE_PLAYLIST)
    if kind == FILE_PLAYLIST:
        raise Failure(NOT_AUTHORIZED, "this playlist is a file of the library")
    return wanted


def _whole(call: Call, wanted: int) -> Shape:
    row, numbers = call.playlists.get(call.user, wanted)
    return {**_shape(row), **_entries(call, call.catalog.songs_by_id(numbers))}


def _whole_file(call: Call, wanted: int) -> Shape:
    library = call.catalog.library
    found = library.files(f"kind:playlist id:{wanted}").items
    if not found:
        raise not_found("playlist")
    folder = posixpath.dirname(found[0].path)
    numbers = []
    for entry in texts(library.metadata([wanted], ["playlist_entries"]).get(wanted, {}), "playlist_entries")[
        :MOST_FILES
    ]:
        try:
            numbers.append(library.file(posixpath.join(folder, entry.partition(" ")[2])).id)
        except ViewraError:  # it is not in the library
            continue
    return {**_file_shape(found[0]), **_entries(call, call.catalog.songs_by_id(numbers))}


def _entries(call: Call, songs: Sequence[FileEntry]) -> Shape:
    duration = round(sum(one.duration_s or 0 for one in songs))
    return {"songCount": len(songs), "duration": duration, "entry": call.shapes.songs(songs)}


def _shape(row: Any) -> Shape:
    return {
        "id": id_of(PLAYLIST, row.id),
        "name": row.name,
        **({"comment": row.comment} if row.comment else {}),
        "owner": row.owner,
        "public": bool(row.public),
        "songCount": row.song_count,
        "duration": round(row.duration_ms / 1000),
        "created": moment(row.created_at),
        "changed": moment(row.changed_at),
        "coverArt": id_of(PLAYLIST, row.id),
    }


def _file_shape(one: FileEntry) -> Shape:
    at = moment(one.added_at)
    name = one.title or PurePath(one.path).stem
    return {
        "id": id_of(FILE_PLAYLIST, one.id),
        "name": name,
        "public": True,
        "readonly": True,
        "created": at,
        "changed": at,
    }
