"""Operations on what is in a host's libraries: what ``viewra ls``, ``show``, ``search`` and ``stats`` do."""

from __future__ import annotations

import attrs

from viewra import library
from viewra.errors import UsageError
from viewra.host.admin.operation import operation
from viewra.host.scanning import Scanning
from viewra.library import KnownFailure
from viewra.library.listing.paging import check_limit
from viewra.types import (
    Album,
    Artist,
    FileEntry,
    Genre,
    LibraryStats,
    MediaFile,
    Page,
    SearchHit,
    Season,
    Series,
    Year,
)

MAX_OFFSET = 1_000_000
"""Hits that a page of a search may leave out: nobody reads on until there."""


@attrs.frozen
class Found:
    """A page of a search, as ``SearchPage``. ``errors`` say which plugins could not be searched, and why."""

    total: int
    has_more: bool
    did_you_mean: str | None
    results: tuple[SearchHit, ...]
    errors: tuple[str, ...]


@operation(changes=False)
def files(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[FileEntry]:
    """Files that a query asks for, in its order, else by path."""
    return host.library.files(q, after=after, limit=limit)


@operation(changes=False)
def file(host: Scanning, media_file_id: int) -> MediaFile:
    """One file with its metadata: which plugin gave it, and why its value counts."""
    return host.library.file(media_file_id)


@operation(changes=False)
def file_failures(host: Scanning, media_file_id: int) -> list[KnownFailure]:
    """Which plugins could not read a file, and why."""
    host.library.file(media_file_id)
    return library.failures_of(host.engine, media_file_id, set(host.plugins))


@operation(changes=False)
def albums(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[Album]:
    """Albums with a file that a query asks for."""
    return host.library.albums(q, after=after, limit=limit)


@operation(changes=False)
def album(host: Scanning, album_id: int) -> Album:
    """One album; its files are those of the query ``album_id:ID sort:track``."""
    return host.library.album(album_id)


@operation(changes=False)
def artists(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[Artist]:
    """Artists of the files that a query asks for."""
    return host.library.artists(q, after=after, limit=limit)


@operation(changes=False)
def artist(host: Scanning, artist_id: int) -> Artist:
    """One artist; the albums are those of the query ``artist_id:ID``."""
    return host.library.artist(artist_id)


@operation(changes=False)
def genres(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[Genre]:
    """Genres of the files that a query asks for."""
    return host.library.genres(q, after=after, limit=limit)


@operation(changes=False)
def years(host: Scanning, after: str | None = None, limit: int = 100) -> Page[Year]:
    """Years that files are of, the last first."""
    return host.library.years(after=after, limit=limit)


@operation(changes=False)
def series(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[Series]:
    """Series of the files that a query asks for."""
    return host.library.series(q, after=after, limit=limit)


@operation(changes=False)
def seasons(host: Scanning, series_id: int) -> list[Season]:
    """The seasons of a series."""
    return list(host.library.seasons(series_id))


@operation(changes=False)
def playlists(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[FileEntry]:
    """Playlist files that a query asks for, by title."""
    return host.library.playlists(q, after=after, limit=limit)


@operation(changes=False)
def films(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[FileEntry]:
    """Videos that a query asks for and that are no episode of a series, by title."""
    return host.library.films(q, after=after, limit=limit)


@operation(changes=False)
def photos(host: Scanning, q: str = "", after: str | None = None, limit: int = 100) -> Page[FileEntry]:
    """Pictures that a query asks for, by path."""
    return host.library.photos(q, after=after, limit=limit)


@operation(changes=False)
def search(host: Scanning, q: str, limit: int = 20, offset: int = 0, plugins: bool = True) -> Found:
    """Search the library, and the plugins' own sources unless ``plugins`` is false."""
    check_limit(limit)
    if not 0 <= offset <= MAX_OFFSET:
        raise UsageError(f"a search cannot begin behind {offset} hits", hint=f"offset is 0 to {MAX_OFFSET:,}")
    page = host.search(q, limit=limit, offset=offset, plugins=plugins)
    return Found(page.total, page.has_more, page.did_you_mean, page.results, tuple(map(str, page.errors)))


@operation(changes=False)
def library_stats(host: Scanning) -> LibraryStats:
    """How much the library has."""
    return host.library.stats()
