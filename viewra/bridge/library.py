"""``library``: the queries of ``host.library``, for a plugin that was granted ``library:read``."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.errors import NotFound
from viewra.library.access import LibraryAccess
from viewra.library.listing.names import ArtistRole
from viewra.library.matching import match
from viewra.types import (
    Album,
    Artist,
    FileEntry,
    Genre,
    Library,
    LibraryStats,
    Match,
    MediaFile,
    Page,
    Recording,
    Series,
)
from viewra.types.values import Value


class LibraryService:
    """The library, read-only: it has no method that changes anything."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._library = LibraryAccess(engine)

    def libraries(self) -> list[Library]:
        """The folders that are libraries."""
        return self._library.libraries()

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        """A page of files."""
        return self._library.files(query, after=after, limit=limit)

    def file(self, id_or_path: int | str) -> MediaFile:
        """One file with its metadata."""
        try:
            return self._library.file(id_or_path)
        except NotFound as error:  # its hint tells what else there is on the disk
            raise NotFound(error.message) from error

    def metadata(self, ids: list[int], fields: list[str]) -> dict[int, dict[str, Value]]:
        """These fields of files, by id."""
        known = self._library.metadata(ids)
        return {number: {name: said[name].value for name in fields if name in said} for number, said in known.items()}

    def albums(self, query: str, after: str | None, limit: int) -> Page[Album]:
        """A page of albums."""
        return self._library.albums(query, after=after, limit=limit)

    def artists(self, query: str, role: ArtistRole | None, after: str | None, limit: int) -> Page[Artist]:
        """A page of artists."""
        return self._library.artists(query, role=role, after=after, limit=limit)

    def genres(self, query: str, after: str | None, limit: int) -> Page[Genre]:
        """A page of genres."""
        return self._library.genres(query, after=after, limit=limit)

    def series(self, query: str, after: str | None, limit: int) -> Page[Series]:
        """A page of series."""
        return self._library.series(query, after=after, limit=limit)

    def playlists(self, after: str | None, limit: int) -> Page[FileEntry]:
        """A page of playlists."""
        return self._library.playlists(after=after, limit=limit)

    def missing(self, after: str | None, limit: int) -> Page[FileEntry]:
        """A page of missing files."""
        return self._library.files("missing:yes", after=after, limit=limit)

    def match(self, recordings: list[Recording], limit: int) -> list[tuple[Match, ...]]:
        """The files that recordings may be."""
        return match(self._engine, recordings, limit)

    def stats(self) -> LibraryStats:
        """Totals."""
        return self._library.stats()

    def fields(self) -> list[str]:
        """The fields that a query may name."""
        return self._library.fields()
