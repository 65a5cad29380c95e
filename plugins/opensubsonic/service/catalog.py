"""``Catalog``: what is in the library, as the handlers of the API ask for it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import attrs

from viewra.types import Album, Artist, FileEntry, Genre, Library, LibraryStats, Page

from .failures import not_found
from .ids import ALBUM, ARTIST, SONG
from .paging import MOST, Listing, Pager

if TYPE_CHECKING:
    from viewra.sdk.host.library import HostLibrary

T = TypeVar("T")

LOOK_S, NAMES_S = 60.0, 900.0
"""Seconds after which the numbers in the library are compared, and after which names are read again in any case."""
_IDS_A_QUERY = 50  # a query has at most 64 conditions
_DRAWS = 20
ALL = 10**9


@attrs.frozen
class Names:
    """Artists by id and by name, genres by name.

    ``of_albums`` are the artists that players show, as the album artist or, where files name none, as the artist.
    ``only_audio`` is a condition where the library has more than audio, else "": without it the host has less to do.
    """

    artists: dict[int, Artist]
    artist_ids: dict[str, int]
    of_albums: list[Artist]
    genres: dict[str, Genre]
    only_audio: str
    totals: LibraryStats
    genre_albums: dict[int, int] = attrs.field(factory=dict)  # as far as they were counted


class Catalog:
    """The library, with its names kept. ``clock`` gives seconds; any thread may use it."""

    def __init__(self, library: HostLibrary, clock: Callable[[], float] = time.monotonic) -> None:
        self.library = library
        self._clock = clock
        self._pager = Pager(clock)
        self._lock = threading.Lock()
        self._names: Names | None = None
        self._read_at = self._looked_at = 0.0

    # ---- listings by offset ----

    def songs(self, query: str, offset: int, count: int) -> list[FileEntry]:
        """Songs that a query asks for."""
        whole = f"kind:audio {query}"
        return self._rows(
            ("files", whole), lambda after, limit: self.library.files(whole, after=after, limit=limit), offset, count
        )

    def albums(self, query: str, offset: int, count: int) -> list[Album]:
        """Albums with a song that a query asks for."""
        whole = f"{self.names().only_audio} {query}"
        return self._rows(
            ("albums", whole), lambda after, limit: self.library.albums(whole, after=after, limit=limit), offset, count
        )

    def artists(self, condition: str = "") -> list[Artist]:
        """The artists of albums, those of a condition such as ``library_id:1`` only."""
        known = self.names().of_albums
        if not condition:
            return known
        there = {one.id for one in _all(lambda after: self.library.artists(condition, after=after, limit=MOST))}
        return [one for one in known if one.id in there]

    def _rows(self, key: object, listing: Listing[T], offset: int, count: int) -> list[T]:
        return self._pager.rows(key, listing, offset, count)

    def libraries(self) -> tuple[Library, ...]:
        """The folders that are libraries."""
        return self.library.libraries()

    def genres(self) -> list[Genre]:
        """The genres of songs."""
        return list(self.names().genres.values())

    def albums_of_genre(self, number: int) -> int:
        """How many albums have a song of a genre: counted once for the names, as it takes reading all of them."""
        counts = self.names().genre_albums
        if number not in counts:
            counts[number] = len(self.albums(f"genre_id:{number}", 0, ALL))
        return counts[number]

    # ---- one of them ----

    def song(self, number: int) -> FileEntry:
        """A song. Raises Failure."""
        return _only(self.songs_by_id([number]), "song")

    def album(self, number: int) -> Album:
        """An album. Raises Failure."""
        return _only(self.albums_by_id([number]), "album")

    def artist(self, number: int) -> Artist:
        """An artist, of an album or of a song. Raises Failure."""
        found = self.names().artists.get(number)
        if found is None:
            raise not_found("artist")
        return found

    def genre_query(self, name: str) -> str:
        """The condition that a song is of this genre."""
        genre = self.names().genres.get(name.casefold())
        return f"genre_id:{genre.id}" if genre is not None else "id:0"

    # ---- by their ids ----

    def songs_by_id(self, numbers: Sequence[int]) -> list[FileEntry]:
        """Songs in the order of their ids here; those that are not there are left out."""
        return self._by_id(numbers, "id", lambda query: self.library.files(f"kind:audio {query}"))

    def albums_by_id(self, numbers: Sequence[int]) -> list[Album]:
        """Albums in the order of their ids here; those that are not there are left out."""
        return self._by_id(numbers, "album_id", self.library.albums)

    def artists_by_id(self, numbers: Sequence[int]) -> list[Artist]:
        """Artists in the order of their ids here; those that are not there are left out."""
        known = self.names().artists
        return [known[number] for number in numbers if number in known]

    def by_id(self, kind: str, numbers: Sequence[int]) -> Sequence[object]:
        """Songs, albums or artists, which ``kind`` says, in the order of their ids here, as far as they are there."""
        listed: dict[str, Callable[[Sequence[int]], Sequence[object]]] = {
            SONG: self.songs_by_id,
            ALBUM: self.albums_by_id,
            ARTIST: self.artists_by_id,
        }
        return listed[kind](numbers)

    def _by_id(self, numbers: Sequence[int], field: str, listing: Callable[[str], Page[T]]) -> list[T]:
        wanted = list(dict.fromkeys(numbers))
        found: dict[int, T] = {}
        for begin in range(0, len(wanted), _IDS_A_QUERY):
            some = wanted[begin : begin + _IDS_A_QUERY]
            query = " OR ".join(f"{field}:{number}" for number in some)
            found.update((one.id, one) for one in listing(f"({query})").items)  # type: ignore[attr-defined]
        return [found[number] for number in numbers if number in found]

    # ---- some at random ----

    def random_songs(self, query: str, count: int) -> list[FileEntry]:
        """Songs that a query asks for, at random."""
        newest = self.library.files("kind:audio sort:-id", limit=1).items
        return self._random(
            newest[0].id if newest else 0,
            count,
            lambda: self.songs(query, 0, MOST),
            lambda some: self.library.files(f"kind:audio {query} ({some})"),
            "id",
        )

    def random_albums(self, query: str, count: int) -> list[Album]:
        """Albums with a song that a query asks for, at random."""
        newest = self.library.albums("sort:-id", limit=1).items
        return self._random(
            newest[0].id if newest else 0,
            count,
            lambda: self.albums(query, 0, MOST),
            lambda some: self.library.albums(f"{self.names().only_audio} {query} ({some})"),
            "album_id",
        )

    def _random(
        self,
        highest: int,
        count: int,
        first: Callable[[], list[T]],
        among: Callable[[str], Page[T]],
        field: str,
    ) -> list[T]:
        """Rows at random: of the first thousand if there are no more, else those whose ids are drawn."""
        rows = first()
        if len(rows) < MOST:
            return random.sample(rows, min(count, len(rows)))
        found: dict[int, T] = {}
        for _ in range(_DRAWS):
            draw = random.sample(range(1, highest + 1), min(_IDS_A_QUERY, highest))
            query = " OR ".join(f"{field}:{number}" for number in draw)
            drawn = among(query).items
            found.update((one.id, one) for one in drawn)  # type: ignore[attr-defined]
            if len(found) >= count:
                break
        else:  # what is asked for is rare
            found.update((one.id, one) for one in random.sample(rows, min(count, len(rows))))  # type: ignore[attr-defined]
        drawn_rows = list(found.values())
        random.shuffle(drawn_rows)
        return drawn_rows[:count]

    # ---- names ----

    def artist_id(self, name: str) -> int | None:
        """The id of the artist with this name, or with the first of several."""
        ids = self.names().artist_ids
        return ids.get(name.casefold(), ids.get(name.partition("; ")[0].casefold()))

    def names(self) -> Names:
        """The names, read again when they are old."""
        with self._lock:
            now = self._clock()
            if self._names is None or now - self._looked_at > LOOK_S:
                totals = self.library.stats()
                if self._names is None or totals != self._names.totals or now - self._read_at > NAMES_S:
                    self._names, self._read_at = self._read_names(totals), now
                self._looked_at = now
            return self._names

    def _read_names(self, totals: LibraryStats) -> Names:
        only_audio = "kind:audio" if totals.kinds.get("video") or totals.kinds.get("image") else ""
        artists = list(_all(lambda after: self.library.artists(only_audio, after=after, limit=MOST)))
        alone = f"{only_audio} -albumartist:*"
        shown = {one.id: one for one in artists if one.albums}
        for one in _all(lambda after: self.library.artists(alone, role="artist", after=after, limit=MOST)):
            shown.setdefault(one.id, attrs.evolve(one, albums=1))  # at least
        return Names(
            {one.id: one for one in artists},
            {one.name.casefold(): one.id for one in reversed(artists)},
            list(shown.values()),
            {
                one.name.casefold(): one
                for one in _all(lambda after: self.library.genres(only_audio, after=after, limit=MOST))
            },
            only_audio,
            totals,
        )


def _all(listing: Callable[[str | None], Page[T]]) -> Iterator[T]:
    after: str | None = None
    while True:
        page = listing(after)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _only(rows: Iterable[T], what: str) -> T:
    for row in rows:
        return row
    raise not_found(what)
