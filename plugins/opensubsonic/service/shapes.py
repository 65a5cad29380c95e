"""Gives songs, albums and artists the shape in which the API shows them, with the marks of the user who asks."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from viewra.types import Album, Artist, FileEntry
from viewra.types.values import Value

from .catalog import Catalog
from .ids import ALBUM, ARTIST, SONG, id_of
from .marks import Marks

Shape = dict[str, Any]
FIELDS = (
    "artist", "artists", "albumartist", "genre", "bitrate", "bits_per_sample", "sample_rate", "channels", "bpm",
    "comment", "titlesort", "isrc", "musicbrainz_recordingid", "composer", "mood",
    "replaygain_track_gain", "replaygain_track_peak", "replaygain_album_gain", "replaygain_album_peak",
)  # fmt: skip
"""The metadata of songs that players are shown, by the names of docs/vocabulary.md."""
_MOST = 2**31 - 1
_GAINS = {
    "trackGain": "replaygain_track_gain",
    "trackPeak": "replaygain_track_peak",
    "albumGain": "replaygain_album_gain",
    "albumPeak": "replaygain_album_peak",
}


class Shapes:
    """The shapes that ``user`` gets."""

    def __init__(self, catalog: Catalog, marks: Marks, user: str) -> None:
        self._catalog = catalog
        self._marks = marks
        self._user = user

    def songs(self, entries: Sequence[FileEntry]) -> list[Shape]:
        """Songs as ``Child``."""
        numbers = [one.id for one in entries]
        said = self._catalog.library.metadata(numbers, FIELDS) if numbers else {}
        marks = self._marks.of(self._user, SONG, numbers)
        return [self._song(one, said.get(one.id, {}), marks.get(one.id)) for one in entries]

    def albums(self, rows: Sequence[Album]) -> list[Shape]:
        """Albums as ``AlbumID3``."""
        marks = self._marks.of(self._user, ALBUM, [one.id for one in rows])
        return [self._album(one, marks.get(one.id)) for one in rows]

    def albums_as_folders(self, rows: Sequence[Album]) -> list[Shape]:
        """Albums as ``Child``, for players that browse folders."""
        return [
            {
                **shape,
                "title": shape["name"],
                "album": shape["name"],
                "isDir": True,
                **_parent(shape),
                "mediaType": "album",
            }
            for shape in self.albums(rows)
        ]

    def artists(self, rows: Sequence[Artist]) -> list[Shape]:
        """Artists as ``ArtistID3``."""
        marks = self._marks.of(self._user, ARTIST, [one.id for one in rows])
        return [self._artist(one, marks.get(one.id)) for one in rows]

    def _song(self, entry: FileEntry, said: Mapping[str, Value], mark: Any) -> Shape:
        album = id_of(ALBUM, entry.album_id) if entry.album_id is not None else None
        artists = self._named(texts(said, "artists") or texts(said, "artist"))
        album_artists = self._named(texts(said, "albumartist"))
        genres = texts(said, "genre")
        artist_id = next((one["id"] for one in artists if "id" in one), None)
        path = PurePath(entry.path)
        return _present(
            {
                "id": id_of(SONG, entry.id),
                "parent": album,
                "isDir": False,
                "title": entry.title or path.stem,
                "album": entry.album,
                "artist": entry.artist,
                "track": entry.track,
                "year": entry.year,
                "genre": genres[0] if genres else None,
                "coverArt": id_of(SONG, entry.id),
                "size": entry.size,
                "contentType": entry.mime_type,
                "suffix": path.suffix.removeprefix(".").lower() or _suffix(entry.mime_type),
                "duration": round(entry.duration_s) if entry.duration_s is not None else None,
                "bitRate": number(said, "bitrate", 1000),
                "bitDepth": number(said, "bits_per_sample"),
                "samplingRate": number(said, "sample_rate"),
                "channelCount": number(said, "channels"),
                "path": "/".join(path.parts[-3:]),
                "isVideo": False,
                "type": "music",
                "mediaType": "song",
                "discNumber": entry.disc,
                "created": moment(entry.added_at),
                "albumId": album,
                "artistId": artist_id,
                "bpm": number(said, "bpm"),
                "comment": _first(said, "comment"),
                "sortName": _first(said, "titlesort"),
                "musicBrainzId": _first(said, "musicbrainz_recordingid"),
                "isrc": texts(said, "isrc"),
                "genres": [{"name": one} for one in genres],
                "artists": [one for one in artists if "id" in one],
                "albumArtists": [one for one in album_artists if "id" in one],
                "displayArtist": entry.artist,
                "displayAlbumArtist": entry.albumartist,
                "displayComposer": "; ".join(texts(said, "composer")),
                "moods": texts(said, "mood"),
                "replayGain": _present({name: _decimal(said, field) for name, field in _GAINS.items()}),
                **_marked(mark),
            }
        )

    def _album(self, one: Album, mark: Any) -> Shape:
        artist_id = self._catalog.artist_id(one.albumartist) if one.albumartist else None
        return _present(
            {
                "id": id_of(ALBUM, one.id),
                "name": one.album,
                "artist": one.albumartist,
                "artistId": id_of(ARTIST, artist_id) if artist_id is not None else None,
                "coverArt": id_of(ALBUM, one.id),
                "songCount": one.files,
                "duration": round(one.duration_s),
                "created": moment(one.added_at),
                "year": one.year,
                "musicBrainzId": one.musicbrainz_id,
                "displayArtist": one.albumartist,
                **_marked(mark),
            }
        )

    def _artist(self, one: Artist, mark: Any) -> Shape:
        return _present(
            {
                "id": id_of(ARTIST, one.id),
                "name": one.name,
                "coverArt": id_of(ARTIST, one.id),
                "albumCount": one.albums,
                "musicBrainzId": one.musicbrainz_id,
                **{name: value for name, value in _marked(mark).items() if name in {"starred", "userRating"}},
            }
        )

    def _named(self, names: Sequence[str]) -> list[Shape]:
        found = [(name, self._catalog.artist_id(name)) for name in names]
        return [
            {"id": id_of(ARTIST, number), "name": name} if number is not None else {"name": name}
            for name, number in found
        ]


def moment(microseconds: int) -> str:
    """A time since the epoch in ISO 8601."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def texts(said: Mapping[str, Value], field: str) -> list[str]:
    """The texts of a metadata field, none if it is not known."""
    value = said.get(field, ())
    return [value] if isinstance(value, str) else list(value)


def _first(said: Mapping[str, Value], field: str) -> str | None:
    return next(iter(texts(said, field)), None)


def number(said: Mapping[str, Value], field: str, unit: int = 1) -> int | None:
    """The whole number nearest to that at the beginning of a field, in so many; None if there is none."""
    found = _decimal(said, field)
    return round(found / unit) if found is not None else None


def _decimal(said: Mapping[str, Value], field: str) -> float | None:
    """The number at the beginning of a value, such as ``-6.48 dB``; None for one that players could not read."""
    try:
        found = float((_first(said, field) or "").partition(" ")[0])
    except ValueError:
        return None
    return found if abs(found) <= _MOST else None  # NaN is not


def _suffix(mime_type: str) -> str:
    return (mimetypes.guess_extension(mime_type) or "").removeprefix(".")


def _parent(shape: Shape) -> Shape:
    return {"parent": shape["artistId"]} if "artistId" in shape else {}


def _marked(mark: Any) -> Shape:
    if mark is None:
        return {}
    return {
        "starred": moment(mark.starred_at) if mark.starred_at is not None else None,
        "userRating": mark.rating or None,
        "playCount": mark.plays or None,
        "played": moment(mark.played_at) if mark.played_at else None,
    }


def _present(shape: Shape) -> Shape:
    """Without what is not known."""
    return {name: value for name, value in shape.items() if value is not None and value not in ("", [], {})}
