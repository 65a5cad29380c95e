"""``host.library``: what a program asks of the library and does with it, as methods of one object.

Listings are imported with it; what else the library can do, ``viewra.library`` imports when it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from viewra import library
from viewra.db.transactions import reading
from viewra.errors import UsageError
from viewra.library import stored_fields
from viewra.library.listing import albums, files, names, stats
from viewra.library.query.fields import INDEXED, OWN
from viewra.types import (
    Album,
    Artist,
    FileEntry,
    Genre,
    Library,
    LibrarySettings,
    LibraryStats,
    MediaFile,
    MetadataValue,
    MissingFile,
    Page,
    Season,
    Series,
    Year,
)


class LibraryAccess:
    """The library of a host. Any number of threads may call it at the same time.

    Listings are paged: ``page.items`` has the rows, ``page.next`` the cursor for ``after`` of the page behind, None at
    the end. A page takes as long as it is long, however deep it lies. Queries are those of ``viewra search``
    (docs/queries.md). Every method raises ``DatabaseError``, and ``UsageError`` for what it is given and cannot use.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # ---- libraries ----

    def libraries(self) -> list[Library]:
        """Return the folders that are libraries."""
        return library.list_libraries(self._engine)

    def add(self, path: str) -> Library:
        """Make a folder a library, without scanning it."""
        return library.add_library(self._engine, path)

    def remove(self, path: str) -> Library:
        """Forget a library with its files and their metadata; nothing on the disk is touched."""
        return library.remove_library(self._engine, path)

    def move(self, old: str, new: str) -> Library:
        """Follow a library whose folder has moved, so that its files keep their ids."""
        return library.move_library(self._engine, old, new)

    def settings(self, path: str) -> LibrarySettings:
        """Return the settings of the library at ``path``."""
        return library.get_settings(self._engine, path)

    def change_settings(self, path: str, changes: Mapping[str, str]) -> LibrarySettings:
        """Change settings of the library at ``path``, as ``viewra library set`` does."""
        return library.change_settings(self._engine, path, changes)

    # ---- files ----

    def files(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """Return files that a query asks for, in its order, else by path."""
        return files.list_files(self._engine, query, after=after, limit=limit)

    def file(self, id_or_path: int | str) -> MediaFile:
        """Return one file with its metadata: who says what, and why whose word counts."""
        return library.show(self._engine, id_or_path)

    def metadata(self, file_ids: Sequence[int]) -> dict[int, dict[str, MetadataValue]]:
        """Return the metadata of files by their ids, as ``file`` has it; one that was forgotten is left out."""
        return library.metadata_of(self._engine, file_ids)

    def recently_added(self, *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """Return files, those that were added last first."""
        return self.files("sort:-added", after=after, limit=limit)

    def films(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """Return the videos that a query asks for and that are no episode of a series, by title."""
        return self._within("kind:video -series_id:>0 sort:title", query, after, limit)

    def photos(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """Return the pictures that a query asks for, by path."""
        return self._within("kind:image", query, after, limit)

    def playlists(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """Return the playlist files that a query asks for, by title."""
        return self._within("kind:playlist sort:title", query, after, limit)

    def _within(self, all_of: str, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        return files.list_files(self._engine, query, within=all_of, after=after, limit=limit)

    def missing(self, path: str | None = None, *, after: str | None = None, limit: int = 100) -> Page[MissingFile]:
        """Return the files that were not there when their folders were last read, by folder and name.

        ``path``: only those at and below it.
        """
        return library.list_missing(self._engine, path, after=after, limit=limit)

    def failures(
        self,
        path: str | None = None,
        *,
        plugin_id: str | None = None,
        installed: Collection[str] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[library.KnownFailure]:
        """Return what plugins and the system could not read, by folder and name; ``path``: only what is there or below.

        ``plugin_id``: only failures of this plugin. ``installed``: only those of these plugins, and the system's.
        """
        return library.list_failures(
            self._engine, path, plugin_id=plugin_id, installed=installed, after=after, limit=limit
        )

    def fields(self) -> list[str]:
        """Return the fields that a query may name."""
        with reading(self._engine) as connection:
            return sorted({*INDEXED, *OWN, *stored_fields.load(connection)})

    def did_you_mean(self, query: str) -> str | None:
        """Return what was probably meant by a query that finds nothing, None if nothing is near."""
        from viewra.library import suggesting  # light start: only for queries that find nothing

        with reading(self._engine) as connection:
            return suggesting.did_you_mean(connection, query)

    def stored_fields(self) -> set[str]:
        """Return the fields of which plugins have stored a value."""
        with reading(self._engine) as connection:
            return stored_fields.load(connection)

    # ---- what files belong to ----

    def albums(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Album]:
        """Return the albums that have a file that a query asks for, by artist and title unless it names an order."""
        return albums.list_albums(self._engine, query, after=after, limit=limit)

    def album(self, album_id: int) -> Album:
        """Return one album."""
        return albums.get_album(self._engine, album_id)

    def album_files(self, album_id: int, *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """Return the files of an album, by disc and track."""
        return self.files(f"album_id:{_id(album_id)} sort:track", after=after, limit=limit)

    def artists(
        self, query: str = "", *, role: names.ArtistRole | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Artist]:
        """Return the artists of the files that a query asks for, by name.

        ``role`` ``"artist"``: only those who are credited; ``"albumartist"``: only those of albums; None: both.
        """
        return names.list_artists(self._engine, query, role=role, after=after, limit=limit)

    def artist(self, artist_id: int) -> Artist:
        """Return one artist; the albums are ``albums("artist_id:…")``."""
        return names.get_artist(self._engine, artist_id)

    def genres(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Genre]:
        """Return the genres of the files that a query asks for, by name."""
        return names.list_genres(self._engine, query, after=after, limit=limit)

    def years(self, *, after: str | None = None, limit: int = 100) -> Page[Year]:
        """Return the years that files are of, the last first."""
        return names.list_years(self._engine, after=after, limit=limit)

    def series(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Series]:
        """Return the series of the files that a query asks for, by title."""
        return names.list_series(self._engine, query, after=after, limit=limit)

    def seasons(self, series_id: int) -> tuple[Season, ...]:
        """Return the seasons of a series."""
        return names.list_seasons(self._engine, series_id)

    def episodes(
        self, series_id: int, season: int | None = None, *, after: str | None = None, limit: int = 100
    ) -> Page[FileEntry]:
        """Return the episodes of a series, or of one of its seasons, in order."""
        only = f" season:{_id(season)}" if season is not None else ""
        return self.files(f"series_id:{_id(series_id)}{only} sort:episode", after=after, limit=limit)

    def stats(self) -> LibraryStats:
        """Return how much there is."""
        return stats.stats(self._engine)


def _id(number: int) -> int:
    if number < 0:
        raise UsageError(f"{number!r} is no id", hint="ids are whole numbers")
    return number
