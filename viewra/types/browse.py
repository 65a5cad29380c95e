"""Rows of a library's listings: files, albums, artists, genres, years and series."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """A part of a listing. ``next`` is the cursor of the following page, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


@attrs.frozen(weakref_slot=False)  # as ``library.listing.filling`` needs it
class FileEntry:
    """A file of the library as a row of a listing.

    ``kind`` is audio, video, image, playlist or other. ``size`` is in bytes, times are in microseconds since the epoch.
    An unknown text is ``""``, an unknown number None.
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


@attrs.frozen(weakref_slot=False)  # as FileEntry
class Album:
    """An album with the values that most of its files have. ``year`` is that of its oldest file.

    ``added_at`` is in microseconds since the epoch.
    """

    id: int
    album: str
    albumartist: str
    year: int | None
    files: int
    duration_s: float
    musicbrainz_id: str
    added_at: int


@attrs.frozen(weakref_slot=False)  # as FileEntry
class Artist:
    """An artist who is credited for ``files`` files, or is the album artist of files on ``albums`` albums."""

    id: int
    name: str
    files: int
    albums: int
    musicbrainz_id: str


@attrs.frozen(weakref_slot=False)  # as FileEntry
class Genre:
    """A genre of ``files`` files."""

    id: int
    name: str
    files: int


@attrs.frozen(weakref_slot=False)  # as FileEntry
class Year:
    """A year of ``files`` files."""

    year: int
    files: int


@attrs.frozen(weakref_slot=False)  # as FileEntry
class Series:
    """A series with ``episodes`` files in ``seasons`` seasons."""

    id: int
    title: str
    seasons: int
    episodes: int


@attrs.frozen
class Season:
    """A season with ``episodes`` files; ``number`` is None for files without a season, 0 for specials."""

    series_id: int
    number: int | None
    episodes: int


@attrs.frozen
class LibraryStats:
    """Totals of the library. ``size`` in bytes, ``duration_s`` in seconds; ``kinds``: kind → number of files."""

    files: int
    missing: int
    size: int
    duration_s: float
    albums: int
    artists: int
    genres: int
    series: int
    kinds: dict[str, int]
