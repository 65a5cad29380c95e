"""Derives a file's entry in the catalogue from its metadata: its album, artists, genres and series.

Files belong to one album if they name the same MusicBrainz release. A file that names none belongs to the album with
the same album title, album artist and folder. A disc's folder (``CD 2``) counts as its parent folder; a disc number
after an album's title is ignored. An album without an album artist whose files name several artists is a compilation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from viewra.library.catalogue.keys import SEPARATOR, bounded, key_of, sort_key
from viewra.library.folding import fold
from viewra.types.values import Value

FIELDS = (
    "title", "titlesort", "artist", "artists", "artistsort", "album", "albumsort", "albumartist", "albumartistsort",
    "genre", "date", "originaldate", "originalyear", "duration", "tracknumber", "discnumber", "compilation", "show",
    "season", "episode", "sidecar_format", "musicbrainz_albumid", "musicbrainz_artistid", "musicbrainz_albumartistid",
)  # fmt: skip
"""The metadata fields from which an entry is derived."""

PLAYLISTS = frozenset({"m3u", "pls", "xspf"})

VARIOUS_ARTISTS = "Various Artists"

_DISC_FOLDER = re.compile(
    r"(cd|dis[ck]|dvd|vinyl|lp|side|part|vol(ume)?|cd-?rom)[\s._#-]*(\d{1,3}|[a-d]|[ivx]+)\b.*", re.IGNORECASE
)
_DISC_BEHIND = re.compile(
    r"\s*[-,:]?\s*[(\[]?\s*\b(cd|dis[ck])\s*(\d{1,2}|one|two|three|four)\b\s*(:[^)\]]*)?[)\]]?\s*$", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")
_remembered = lru_cache(maxsize=512)
"""For what most files share with those around them."""
_MUSICBRAINZ_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Name(NamedTuple):
    """An artist as a file names it; ``musicbrainz_id`` is ``""`` if the file states none."""

    name: str
    sort: str
    musicbrainz_id: str = ""

    @property
    def key(self) -> str:
        """The key for comparing artists."""
        return key_of(self.name)


class Album(NamedTuple):
    """The album that a file belongs to; ``folder`` is the part of the key that changes when its folder is renamed."""

    title: str
    sort_title: str
    musicbrainz_id: str
    library_id: int
    identity: str
    """What it is compared by wherever it is: its artist and title."""
    folder: str

    @property
    def key(self) -> str:
        """The key for comparing albums without a MusicBrainz id."""
        return self.key_in(self.library_id)

    @property
    def key_anywhere(self) -> str:
        """The part of the key that does not change when the folder is renamed."""
        return f"{self.library_id}{SEPARATOR}{self.identity}{SEPARATOR}"

    def key_in(self, library_id: int) -> str:
        """Return the key that it has when its folder lies in another library."""
        return f"{library_id}{SEPARATOR}{self.identity}{SEPARATOR}{bounded(self.folder)}"


class Entry(NamedTuple):
    """A file's entry in the catalogue. Durations are milliseconds; an unknown number is 0 or None.

    The fields to ``episode`` are columns of the table.
    """

    media_file_id: int
    kind: str
    title: str
    artist: str
    album_title: str
    album_artist: str
    sort_title: str
    sort_artist: str
    sort_album: str
    year: int
    duration_ms: int
    disc: int
    track: int
    season: int | None
    episode: int | None
    album: Album | None
    series: str
    artists: tuple[Name, ...]
    album_artists: tuple[Name, ...]
    genres: tuple[str, ...]


Said = Mapping[str, tuple[str, ...]]
"""Metadata with the texts of each field, without those that are empty."""


def entry(media_file_id: int, library_id: int, mime_type: str, place: str, said: Said) -> Entry:
    """Make the entry of a file. ``place``: its path relative to its library; ``said``: its merged ``FIELDS``."""
    folder, _, name = place.rpartition("/")
    first = {field: texts[0] for field, texts in said.items() if texts}.get
    artist, album_artist = _joined(said, "artist"), _joined(said, "albumartist")
    kind = _kind(mime_type, first("sidecar_format"))
    title = first("title") or name_without_extension(name)
    album = first("album", "")
    series = first("show", "") if kind == "video" else ""
    sorted_by = _joined(said, "albumartistsort") or album_artist or _joined(said, "artistsort") or artist
    return Entry(
        media_file_id=media_file_id,
        kind=kind,
        title=title,
        artist=artist,
        album_title=album,
        album_artist=album_artist,
        sort_title=sort_key(first("titlesort") or title),
        sort_artist=sort_key(sorted_by),
        sort_album=sort_key(first("albumsort") or album),
        year=_number((first("date") or first("originaldate") or first("originalyear", ""))[:4]) or 0,
        duration_ms=_milliseconds(first("duration", "")),
        disc=_number(first("discnumber", "")) or 0,
        track=_number(first("tracknumber", "")) or 0,
        season=_number(first("season", "")) if series else None,
        episode=_number(first("episode", "")) if series else None,
        album=_album(library_id, folder, said, album_artist) if album and kind == "audio" else None,
        series=series,
        artists=_names(
            said.get("artists") or said.get("artist", ()),
            said.get("artistsort", ()),
            said.get("musicbrainz_artistid", ()),
        ),
        album_artists=_names(
            said.get("albumartist", ()), said.get("albumartistsort", ()), said.get("musicbrainz_albumartistid", ())
        ),
        genres=said.get("genre", ()),
    )


def texts(values: Mapping[str, Value]) -> Said:
    """Return the distinct values of each field."""
    return {field: _distinct(value) for field, value in values.items()}


def several(values: Mapping[str, Value], field: str) -> tuple[str, ...]:
    """Return the distinct values of a field."""
    return _distinct(values.get(field, ()))


def _distinct(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(dict.fromkeys(filter(None, value)))


def name_without_extension(name: str) -> str:
    """Return the name that stands in for a missing title."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _one(said: Said, field: str) -> str:
    """Return the first value of a field, ``""`` where there is none."""
    texts = said.get(field)
    return texts[0] if texts else ""


def _joined(said: Said, field: str) -> str:
    """Return the values of a field as people read them."""
    texts = said.get(field)
    return "; ".join(texts) if texts else ""


def _kind(mime_type: str, sidecar_format: str | None) -> str:
    if sidecar_format in PLAYLISTS:
        return "playlist"
    kind = mime_type.partition("/")[0]
    return kind if kind in {"audio", "video", "image"} and "mpegurl" not in mime_type else "other"


def _album(library_id: int, folder: str, said: Said, artist: str) -> Album:
    names = _album_names(_one(said, "album"), _one(said, "albumsort"), artist)
    title, sort_title, identity = names
    release = _musicbrainz_id(_one(said, "musicbrainz_albumid"))
    return Album(title, sort_title, release, library_id, identity, album_folder(folder))


@_remembered
def _album_names(title: str, sort: str, artist: str) -> tuple[str, str, str]:
    """The title without the disc's number, the key for sorting, and the identity."""
    bare = _DISC_BEHIND.sub("", title) or title
    return bare, sort_key(sort or bare), bounded(fold(artist) + SEPARATOR + fold(bare))


@_remembered
def album_folder(folder: str) -> str:
    """Return the folder of the whole album for the folder of one of its discs."""
    above, _, last = folder.rpartition("/")
    return above if _DISC_FOLDER.fullmatch(last) else folder


@_remembered
def _names(names: tuple[str, ...], sorts: tuple[str, ...], ids: tuple[str, ...]) -> tuple[Name, ...]:
    return tuple(
        Name(
            name,
            sort_key(sorts[place] if len(sorts) == len(names) else name),
            _musicbrainz_id(ids[place]) if len(ids) == len(names) else "",
        )
        for place, name in enumerate(names)
    )


def _musicbrainz_id(text: str) -> str:
    """Return an id in MusicBrainz's form; ``""`` for anything else, which does not identify a release."""
    written = text.strip().lower()
    return written if _MUSICBRAINZ_ID.fullmatch(written) else ""


def _milliseconds(seconds: str) -> int:
    try:
        return min(max(round(float(seconds) * 1000), 0), 2**53) if seconds else 0
    except (ValueError, OverflowError):
        return 0


def _number(text: str) -> int | None:
    """Return the first number in a text: 1 for ``A1`` and ``1/12``."""
    found = _NUMBER.search(text) if text else None
    return int(found.group()[:9]) if found else None
