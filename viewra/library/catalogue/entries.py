"""Makes a file's entry in the catalogue of its metadata: to which album, artists, genres and series it belongs.

Files are of one album when they name the same MusicBrainz release. A file that names none is of the album with the same
album title, album artist and folder. Folders of discs (``CD 2``) count as the folder above them; the number of a disc
behind an album's title does not count. An album without album artist whose files name several is a compilation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from viewra.library.catalogue.keys import SEPARATOR, bounded, key_of, sort_key
from viewra.library.folding import fold
from viewra.types.values import Value

FIELDS = (
    "title", "titlesort", "artist", "artists", "artistsort", "album", "albumsort", "albumartist", "albumartistsort",
    "genre", "date", "originaldate", "originalyear", "duration", "tracknumber", "discnumber", "compilation", "show",
    "season", "episode", "sidecar_format", "musicbrainz_albumid", "musicbrainz_artistid", "musicbrainz_albumartistid",
)  # fmt: skip
"""The metadata that an entry is made of."""

PLAYLISTS = frozenset({"m3u", "pls", "xspf"})

VARIOUS_ARTISTS = "Various Artists"

_DISC_FOLDER = re.compile(
    r"(cd|dis[ck]|dvd|vinyl|lp|side|part|vol(ume)?|cd-?rom)[\s._#-]*(\d{1,3}|[a-d]|[ivx]+)\b.*", re.IGNORECASE
)
_DISC_BEHIND = re.compile(
    r"\s*[-,:]?\s*[(\[]?\s*\b(cd|dis[ck])\s*(\d{1,2}|one|two|three|four)\b\s*(:[^)\]]*)?[)\]]?\s*$", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")
_MUSICBRAINZ_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@attrs.frozen
class Name:
    """An artist as a file names it; ``musicbrainz_id`` is ``""`` where it does not say which one is meant."""

    name: str
    sort: str
    musicbrainz_id: str = ""

    @property
    def key(self) -> str:
        """What artists are compared by."""
        return key_of(self.name)


@attrs.frozen
class Album:
    """The album that a file belongs to; ``folder`` is the part of the key that changes when its folder is renamed."""

    title: str
    sort_title: str
    musicbrainz_id: str
    identity: str
    folder: str

    @property
    def key(self) -> str:
        """What albums are compared by where no MusicBrainz id says more."""
        return bounded(self.identity + SEPARATOR + self.folder)


@attrs.frozen
class Entry:
    """A file's place in the catalogue. Durations are milliseconds; a number that is not known is 0, or None."""

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


def entry(media_file_id: int, library_id: int, mime_type: str, place: str, values: Mapping[str, Value]) -> Entry:
    """Make the entry of a file. ``place``: its path below its library; ``values``: its merged ``FIELDS``."""
    folder, _, name = place.rpartition("/")
    kind = _kind(mime_type, values)
    title = one(values, "title") or name_without_extension(name)
    series = one(values, "show") if kind == "video" else ""
    return Entry(
        media_file_id=media_file_id,
        kind=kind,
        title=title,
        artist=joined(values, "artist"),
        album_title=one(values, "album"),
        album_artist=joined(values, "albumartist"),
        sort_title=sort_key(one(values, "titlesort") or title),
        sort_artist=sort_key(_artist_to_sort_by(values)),
        sort_album=sort_key(one(values, "albumsort") or one(values, "album")),
        year=_year(values) or 0,
        duration_ms=_milliseconds(one(values, "duration")),
        disc=_number(one(values, "discnumber")) or 0,
        track=_number(one(values, "tracknumber")) or 0,
        season=_number(one(values, "season")) if series else None,
        episode=_number(one(values, "episode")) if series else None,
        album=_album(library_id, folder, values) if kind == "audio" else None,
        series=series,
        artists=_names(several(values, "artists") or several(values, "artist"), values, "artist"),
        album_artists=_names(several(values, "albumartist"), values, "albumartist"),
        genres=several(values, "genre"),
    )


def several(values: Mapping[str, Value], field: str) -> tuple[str, ...]:
    """Return the values of a field, each once."""
    value = values.get(field, ())
    return (value,) if isinstance(value, str) and value else tuple(dict.fromkeys(filter(None, value)))


def one(values: Mapping[str, Value], field: str) -> str:
    """Return the first value of a field, ``""`` where there is none."""
    return next(iter(several(values, field)), "")


def joined(values: Mapping[str, Value], field: str) -> str:
    """Return the values of a field as people read them."""
    return "; ".join(several(values, field))


def name_without_extension(name: str) -> str:
    """Return what a file without a title goes by."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _kind(mime_type: str, values: Mapping[str, Value]) -> str:
    if one(values, "sidecar_format") in PLAYLISTS:
        return "playlist"
    kind = mime_type.partition("/")[0]
    return kind if kind in {"audio", "video", "image"} and "mpegurl" not in mime_type else "other"


def _album(library_id: int, folder: str, values: Mapping[str, Value]) -> Album | None:
    title = one(values, "album")
    if not title:
        return None
    bare = _DISC_BEHIND.sub("", title) or title
    sort_title = sort_key(one(values, "albumsort") or bare)
    identity = SEPARATOR.join((str(library_id), fold(joined(values, "albumartist")), fold(bare)))
    return Album(bare, sort_title, _musicbrainz_id(one(values, "musicbrainz_albumid")), identity, album_folder(folder))


def album_folder(folder: str) -> str:
    """Return the folder of the whole album for one of its discs'."""
    above, _, last = folder.rpartition("/")
    return above if _DISC_FOLDER.fullmatch(last) else folder


def _names(names: Sequence[str], values: Mapping[str, Value], field: str) -> tuple[Name, ...]:
    ids = several(values, f"musicbrainz_{field}id")
    sorts = several(values, f"{field}sort")
    return tuple(
        Name(
            name,
            sort_key(sorts[place] if len(sorts) == len(names) else name),
            _musicbrainz_id(ids[place]) if len(ids) == len(names) else "",
        )
        for place, name in enumerate(names)
    )


def _musicbrainz_id(text: str) -> str:
    """Return an id as MusicBrainz writes it; ``""`` for anything else, which says nothing of what belongs together."""
    written = text.strip().lower()
    return written if _MUSICBRAINZ_ID.fullmatch(written) else ""


def _artist_to_sort_by(values: Mapping[str, Value]) -> str:
    fields = ("albumartistsort", "albumartist", "artistsort", "artist")
    return next((name for field in fields if (name := joined(values, field))), "")


def _year(values: Mapping[str, Value]) -> int | None:
    return _number((one(values, "date") or one(values, "originaldate") or one(values, "originalyear"))[:4])


def _milliseconds(seconds: str) -> int:
    try:
        return min(max(round(float(seconds) * 1000), 0), 2**53) if seconds else 0
    except (ValueError, OverflowError):
        return 0


def _number(text: str) -> int | None:
    """Return the number that a text has first: 1 for ``A1`` and ``1/12``."""
    found = _NUMBER.search(text)
    return int(found.group()[:9]) if found else None
