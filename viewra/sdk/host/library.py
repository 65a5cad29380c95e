"""``self.host.library``: what is in the libraries; needs the permission ``library:read``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from viewra.codec.host import library as codec
from viewra.codec.host.method import HostMethod
from viewra.sdk.host.asking import Client
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

_IDS_A_QUERY, _CONDITIONS_A_QUERY = 50, 64


class HostLibrary(Client):
    """The queries of ``host.library``: pages of at most 1,000 rows, ``page.next`` is ``after`` of the page behind.

    Queries are those of ``viewra search``. Raises UsageError for a query that cannot be read.
    """

    def libraries(self) -> tuple[Library, ...]:
        """The folders that are libraries."""
        found: tuple[Library, ...] = self._ask(codec.LIBRARIES, {})
        return found

    def files(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """The files that a query asks for, in its order, else by path."""
        return self._page(codec.FILES, after, limit, query=query)

    def pages(self, query: str = "") -> Iterator[tuple[FileEntry, ...]]:
        """All files that a query asks for, as ``files`` has them, a thousand at a time."""
        after: str | None = None
        while True:
            page = self.files(query, after=after, limit=codec.MAX_ROWS)
            yield page.items
            if page.next is None:
                return
            after = page.next

    def with_ids(self, ids: Sequence[int], query: str = "") -> list[FileEntry]:
        """The files with these ids, those alone that a query asks for as well; not in the order of the ids."""
        found: list[FileEntry] = []
        at_once = max(1, min(_IDS_A_QUERY, _CONDITIONS_A_QUERY - len(query.replace("(", " ").split())))
        for begin in range(0, len(ids), at_once):
            wanted = " OR ".join(f"id:{one}" for one in ids[begin : begin + at_once])
            found += self.files(f"({wanted}) ({query})" if query else wanted, limit=at_once).items
        return found

    def file(self, id_or_path: int | str) -> MediaFile:
        """One file with its metadata, and which plugin says what; raises NotFound."""
        found: MediaFile = self._ask(codec.FILE, {"id_or_path": id_or_path})
        return found

    def metadata(self, ids: Sequence[int], fields: Sequence[str]) -> dict[int, dict[str, Value]]:
        """These fields of files by their ids, as far as they are known: a text each, or several texts as a tuple.

        A file that was forgotten is left out. For many files this is much quicker than ``file`` for each.
        """
        found: dict[int, dict[str, Value]] = {}
        for begin in range(0, len(ids), codec.MAX_ROWS):
            given = {"ids": list(ids[begin : begin + codec.MAX_ROWS]), "fields": list(fields)}
            found.update(self._ask(codec.METADATA, given))
        return found

    def albums(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Album]:
        """The albums that have a file that a query asks for."""
        return self._page(codec.ALBUMS, after, limit, query=query)

    def artists(
        self, query: str = "", *, role: str | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Artist]:
        """The artists of the files that a query asks for; ``role``: only ``"artist"`` or only ``"albumartist"``."""
        return self._page(codec.ARTISTS, after, limit, query=query, role=role)

    def genres(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Genre]:
        """The genres of the files that a query asks for."""
        return self._page(codec.GENRES, after, limit, query=query)

    def series(self, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Series]:
        """The series of the files that a query asks for."""
        return self._page(codec.SERIES, after, limit, query=query)

    def playlists(self, *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """The playlist files."""
        return self._page(codec.PLAYLISTS, after, limit)

    def missing(self, *, after: str | None = None, limit: int = 100) -> Page[FileEntry]:
        """The files that were not there when their folders were last read."""
        return self._page(codec.MISSING, after, limit)

    def match(self, recordings: Sequence[Recording], *, limit: int = 5) -> tuple[tuple[Match, ...], ...]:
        """The files that each recording may be, the best first: at most ``limit`` (1 to 20) of each.

        By identifiers, with scores from 0.96; where no file has one, by title, artist and duration, from 0.6.
        """
        found: tuple[tuple[Match, ...], ...] = ()
        for begin in range(0, len(recordings), codec.MAX_RECORDINGS):
            given = [attrs.asdict(one) for one in recordings[begin : begin + codec.MAX_RECORDINGS]]
            found += self._ask(codec.MATCH, {"recordings": given, "limit": limit})
        return found

    def stats(self) -> LibraryStats:
        """How much there is."""
        found: LibraryStats = self._ask(codec.STATS, {})
        return found

    def fields(self) -> tuple[str, ...]:
        """The fields that a query may name."""
        found: tuple[str, ...] = self._ask(codec.FIELDS, {})
        return found

    def _page(self, method: HostMethod[Page], after: str | None, limit: int, **more: object) -> Page:  # type: ignore[type-arg]
        given = {**more, "after": after, "limit": limit}
        return self._ask(method, {name: value for name, value in given.items() if value is not None})
