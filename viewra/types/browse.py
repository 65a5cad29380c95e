"""What a library is browsed by: its files, albums, artists, genres, years and series as rows of listings."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """A part of a listing. ``next`` is the cursor of the page behind it, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


@attrs.frozen
class FileEntry:
    """A file of the library as a row of a listing.

    ``kind`` is audio, video, image, playlist or other. ``size`` is in bytes, times are in microseconds since the epoch.
    Text that is not known is ``""``; numbers are None.
    """

    id: int
    library_id: int
    path: str
    mime_type: str
    size: int
    added_at: int
    kind: str = "other"
    title: str = ""
    artist: str = ""
    album: str = ""
    albumartist: str = ""
    album_id: int | None = None
    year: int | None = None
    duration_s: float | None = None
    disc: int | None = None
    track: int | None = None
    series_id: int | None = None
    season: int | None = None
    episode: int | None = None
    missing_since: int | None = None


@attrs.frozen
class Album:
    """An album with what most of its files say. ``year`` is that of its oldest file; ``added_at`` in microseconds."""

    id: int
    album: str
    albumartist: str
    year: int | None
    files: int
    duration_s: float
    musicbrainz_id: str
    added_at: int


@attrs.frozen
class Artist:
    """An artist who is credited for ``files`` files, or is the album artist of files on ``albums`` albums."""

    id: int
    name: str
    files: int
    albums: int
    musicbrainz_id: str


@attrs.frozen
class Genre:
    """A genre that ``files`` files name."""

    id: int
    name: str
    files: int


@attrs.frozen
class Year:
    """A year that ``files`` files are of."""

    year: int
    files: int


@attrs.frozen
class Series:
    """A series of which ``episodes`` files in ``seasons`` seasons are there."""

    id: int
    title: str
    seasons: int
    episodes: int


@attrs.frozen
class Season:
    """A season with ``episodes`` files; ``number`` is None for files that name none, 0 for specials."""

    series_id: int
    number: int | None
    episodes: int


@attrs.frozen
class LibraryStats:
    """How much there is. ``size`` in bytes, ``duration_s`` in seconds; ``kinds``: kind → number of files."""

    files: int
    missing: int
    size: int
    duration_s: float
    albums: int
    artists: int
    genres: int
    series: int
    kinds: dict[str, int]
