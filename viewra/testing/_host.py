"""``FakeHostServices``: what a plugin has as ``self.host`` in a test, all in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from viewra.bridge.assets import AssetsService
from viewra.bridge.cache import CacheService
from viewra.bridge.events import EventsService
from viewra.bridge.hosted import HostedPlugin
from viewra.bridge.notices import ProgressService
from viewra.bridge.rights import Rights
from viewra.codec.host import events, metadata, notices, tasks
from viewra.codec.host import fetch as fetch_methods
from viewra.codec.host.assets import ALL as ASSETS
from viewra.codec.host.kv import CACHE, KV
from viewra.codec.host.library import ALL as LIBRARY
from viewra.errors import NotFound
from viewra.events import PUBLISH
from viewra.sdk.host import HostServices
from viewra.testing._fetch import FakeFetch
from viewra.testing._tasks import FakeSchedules, FakeTasks
from viewra.types import (
    Album,
    Artist,
    Event,
    FileEntry,
    Genre,
    Library,
    LibraryStats,
    Match,
    MediaFile,
    Page,
    PluginNotice,
    PluginProgress,
    Recording,
    Series,
)
from viewra.types.values import Value


class FakeLibrary:
    """A library whose listings are the attributes, whatever the query; ``queries`` lists those that were asked.

    Of a query for files it understands ``id:``, ``album_id:`` and ``kind:``; what else it says may be true.
    """

    def __init__(
        self,
        *,
        media_files: Sequence[MediaFile] = (),
        file_entries: Sequence[FileEntry] = (),
        albums: Sequence[Album] = (),
        artists: Sequence[Artist] = (),
        genres: Sequence[Genre] = (),
        series: Sequence[Series] = (),
        libraries: Sequence[Library] = (),
    ) -> None:
        self.media_files = list(media_files)
        self.file_entries = list(file_entries)
        self.rows: dict[str, list[Any]] = {
            "albums": list(albums),
            "artists": list(artists),
            "genres": list(genres),
            "series": list(series),
        }
        self.known_libraries = list(libraries)
        self.queries: list[str] = []

    def libraries(self) -> list[Library]:
        """Its folders."""
        return self.known_libraries

    def file(self, id_or_path: int | str) -> MediaFile:
        """The file with this id or path."""
        for one in self.media_files:
            if id_or_path in (one.id, one.path):
                return one
        raise NotFound(f"there is no file {id_or_path!r} in the fake library")

    def metadata(self, ids: list[int], fields: list[str]) -> dict[int, dict[str, Value]]:
        """These fields of the files with these ids."""
        known = {one.id: one.metadata for one in self.media_files if one.id in ids}
        return {key: {name: said[name].value for name in fields if name in said} for key, said in known.items()}

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        """A page of the files that a query names by ids and kinds."""
        from viewra.testing._narrowing import narrowed  # light start: few tests have files

        self.queries.append(query)
        return _page(narrowed(self.file_entries, query), after, limit)

    def albums(self, query: str, after: str | None, limit: int) -> Page[Album]:
        """A page of all albums."""
        return self._listed("albums", query, after, limit)

    def artists(self, query: str, role: str | None, after: str | None, limit: int) -> Page[Artist]:
        """A page of all artists."""
        del role
        return self._listed("artists", query, after, limit)

    def genres(self, query: str, after: str | None, limit: int) -> Page[Genre]:
        """A page of all genres."""
        return self._listed("genres", query, after, limit)

    def series(self, query: str, after: str | None, limit: int) -> Page[Series]:
        """A page of all series."""
        return self._listed("series", query, after, limit)

    def playlists(self, after: str | None, limit: int) -> Page[FileEntry]:
        """A page of the files that are playlists."""
        return _page([one for one in self.file_entries if one.kind == "playlist"], after, limit)

    def missing(self, after: str | None, limit: int) -> Page[FileEntry]:
        """A page of the files that are missing."""
        return _page([one for one in self.file_entries if one.missing_since is not None], after, limit)

    def match(self, recordings: list[Recording], limit: int) -> list[tuple[Match, ...]]:
        """The files whose titles are those of the recordings."""
        return [
            tuple(Match(one.id, one.path, 1.0, "texts") for one in self.file_entries if one.title == wanted.title)[
                :limit
            ]
            for wanted in recordings
        ]

    def stats(self) -> LibraryStats:
        """The numbers of its rows; no sizes."""
        kinds = Counter(one.kind for one in self.file_entries)
        missing = sum(one.missing_since is not None for one in self.file_entries)
        albums, artists, genres, series = (len(self.rows[name]) for name in ("albums", "artists", "genres", "series"))
        return LibraryStats(len(self.file_entries), missing, 0, 0.0, albums, artists, genres, series, dict(kinds))

    def fields(self) -> list[str]:
        """The fields of file rows."""
        return sorted({"album", "artist", "title", "year"})

    def _listed(self, name: str, query: str, after: str | None, limit: int) -> Page:  # type: ignore[type-arg]
        self.queries.append(query)
        return _page(self.rows[name], after, limit)


class FakeHostServices(HostServices):
    """Host services in memory, without a host or network; ``hosted`` is what a host would have for the plugin.

    Everything is granted, or only ``granted``: names of permissions. ``notices`` and ``shown_progress`` are what the
    operator would see, ``assets_store`` has what it stored, ``fetch`` answers its requests,
    ``tasks_queue`` has its tasks, which ``tasks_queue.run(plugin)`` executes, ``put_metadata`` what it put, by file,
    ``published`` the events that it published.
    """

    def __init__(
        self,
        library: FakeLibrary | None = None,
        *,
        granted: Collection[str] | None = None,
        fetch: FakeFetch | None = None,
        plugin_id: str = "under_test",
    ) -> None:
        self.granted = None if granted is None else set(granted)
        self.rights = Rights(self.allows, events=lambda: ("*",) if self.allows(PUBLISH) else ())
        self._notify = _FakeNotices()
        self.tasks_queue = FakeTasks()
        self.put_metadata: dict[int, Mapping[str, Value]] = {}
        self.published: list[Event] = []
        progress, fetching = ProgressService(), fetch or FakeFetch()
        self.assets_store = fetching.assets
        stored = AssetsService(self.assets_store, plugin_id)
        provided = (
            (CacheService(), KV.all),
            (CacheService(), CACHE.all),
            (stored, ASSETS),
            (library or FakeLibrary(), LIBRARY),
            (self.tasks_queue, tasks.ALL),
            (FakeSchedules(), tasks.SCHEDULE),
            (self, metadata.ALL),
            (EventsService(plugin_id, self), events.EVENTS),
            (progress, notices.PROGRESS),
            (self._notify, notices.NOTIFY),
            (fetching, fetch_methods.ALL),
        )
        leaving = (progress.clear, fetching.close, stored.close)
        self.hosted = HostedPlugin(plugin_id, provided, progress, fetching, self._notify.all, leaving=leaving)
        super().__init__(self.hosted.asking(self.rights))

    def put(self, files: Mapping[int, Mapping[str, Value]]) -> None:
        """Keep what the plugin puts, in ``put_metadata``."""
        self.put_metadata.update(files)

    def publish_from(self, source: str, name: str, data: bytes) -> None:
        """Keep what the plugin publishes, in ``published``; no time passes."""
        self.published.append(Event(name, json.loads(data), source))

    def allows(self, permission: str) -> bool:
        """Whether this permission is granted."""
        return self.granted is None or permission in self.granted

    @property
    def notices(self) -> tuple[PluginNotice, ...]:
        """The plugin's messages to the operator, the last one first."""
        return self.hosted.notices

    @property
    def shown_progress(self) -> tuple[PluginProgress, ...]:
        """The progress that the plugin reports."""
        return self.hosted.progress


class _FakeNotices:
    def __init__(self) -> None:
        self._kept: list[PluginNotice] = []

    def send(self, text: str, level: str, key: str) -> None:
        if key:
            self.withdraw(key)
        self._kept.insert(0, PluginNotice(level, text, key, 0.0))

    def withdraw(self, key: str) -> None:
        self._kept = [one for one in self._kept if one.key != key]

    def all(self) -> tuple[PluginNotice, ...]:
        return tuple(self._kept)


def _page(rows: Sequence[object], after: str | None, limit: int) -> Page:  # type: ignore[type-arg]
    begin = int(after or 0)
    end = begin + limit
    return Page(tuple(rows[begin:end]), str(end) if end < len(rows) else None)
