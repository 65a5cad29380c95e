"""Hooks and sessions as the library sees them, without plugins; a database and a music folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from viewra import library
from viewra.db import open_database, reading
from viewra.errors import PluginError
from viewra.library import LibraryAccess, Notifier, delivery
from viewra.services import ListenerSession, ScraperSession
from viewra.types import FileOutcome, FileToRead, LibraryEvent, Result, ScanEvent, ScanReport, SearchResponse

Answer = FileOutcome | PluginError
Behaviour = Callable[[Sequence[FileToRead]], Sequence[FileOutcome]]


class FakeScraper:
    """A scraper session answered by one thread; ``behaviour`` gives the outcomes of a batch, or raises."""

    def __init__(self, plugin_id: str = "tags", behaviour: Behaviour | None = None) -> None:
        self.plugin_id = plugin_id
        self.code_hash = "v1"
        self.priority: Mapping[str, int] = {}
        self.batch_size = 8
        self.window = 2
        self.types: tuple[str, ...] = ("audio/",)
        self.behaviour = behaviour or self.titles
        self.batches: list[tuple[str, ...]] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1)

    def wants(self, mime_type: str) -> bool:
        return mime_type.startswith(self.types)

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        self.batches.append(tuple(file.file_path for file in files))
        return self._pool.submit(self._answer, files)

    def _answer(self, files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        try:
            return self.behaviour(files)
        finally:
            with self._lock:
                self._in_flight -= 1

    def titles(self, files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        """The usual behaviour: the file's name without extension, and who says so."""
        return [
            FileOutcome({"title": Path(file.file_path).stem, "artist": f"Artist of {self.plugin_id}"}) for file in files
        ]

    @property
    def names(self) -> list[str]:
        """The names of all files handed over, in order."""
        return [Path(path).name for batch in self.batches for path in batch]

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class FakeListener:
    """A listener session that keeps what it hears; ``behaviour`` may block or raise first."""

    def __init__(
        self, plugin_id: str = "ears", behaviour: Callable[[ScanEvent | LibraryEvent], object] | None = None
    ) -> None:
        self.plugin_id = plugin_id
        self.behaviour = behaviour
        self.heard: list[ScanEvent | LibraryEvent] = []

    def deliver(self, event: ScanEvent | LibraryEvent) -> None:
        if self.behaviour is not None:
            self.behaviour(event)
        self.heard.append(event)

    @property
    def scans(self) -> list[ScanEvent]:
        return [event for event in self.heard if isinstance(event, ScanEvent)]

    @property
    def kinds(self) -> list[str]:
        return [str(event.kind) for event in self.heard]


class FakeHook:
    """The hooks that the library calls."""

    def __init__(self) -> None:
        self.scrapers: list[Result[ScraperSession]] = []
        self.listeners: list[Result[ListenerSession]] = []
        self.answers: list[Result[SearchResponse]] = []
        self.searches: list[tuple[Mapping[str, str], int, int]] = []
        self._fakes: list[FakeScraper] = []

    def add_scraper(self, plugin_id: str = "tags", behaviour: Behaviour | None = None) -> FakeScraper:
        scraper = FakeScraper(plugin_id, behaviour)
        self._fakes.append(scraper)
        self.scrapers.append(Result(plugin_id, scraper))
        return scraper

    def add_listener(
        self, plugin_id: str = "ears", behaviour: Callable[[ScanEvent | LibraryEvent], object] | None = None
    ) -> FakeListener:
        listener = FakeListener(plugin_id, behaviour)
        self.listeners.append(Result(plugin_id, listener))
        return listener

    def open_scraper(self) -> list[Result[ScraperSession]]:
        return self.scrapers

    def open_listener(self) -> list[Result[ListenerSession]]:
        return self.listeners

    def search(self, *, query: Mapping[str, str], limit: int, offset: int) -> list[Result[SearchResponse]]:
        self.searches.append((query, limit, offset))
        return self.answers

    def close(self) -> None:
        for fake in self._fakes:
            fake.close()


class World:
    """A music folder, a database and the hooks, with what tests do to them."""

    def __init__(self, tmp_path: Path, database_url: str, hook: FakeHook) -> None:
        self.folder = tmp_path / "music"
        self.folder.mkdir()
        self.url = database_url
        self.engine = open_database(database_url)
        self.hook = hook

    def put(self, name: str, content: bytes | None = None, folder: Path | None = None) -> Path:
        """Make a file; its content is its name when none is given."""
        path = (folder or self.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode("utf-8", "surrogateescape") if content is None else content)
        return path

    def scan(self, path: Path | None = None, **options: object) -> ScanReport:
        return library.scan(self.engine, self.hook, str(path or self.folder), **options)  # type: ignore[arg-type]

    def rows(self, statement: str) -> list[sa.Row[Any]]:
        with reading(self.engine) as connection:
            return list(connection.execute(sa.text(statement)).all())

    def ids(self) -> dict[str, int]:
        """The id of each media file that is there by its path as text."""
        there = "SELECT id, path_text FROM media_files WHERE missing_since IS NULL"
        return {row.path_text: row.id for row in self.rows(there)}

    def check_consistent(self) -> None:
        """The database holds together: index, rows and keys agree, and the file is sound."""
        if self.engine.dialect.name == "sqlite":
            assert self.rows("PRAGMA foreign_key_check") == []
            assert self.rows("PRAGMA integrity_check")[0][0] == "ok"
        indexed = {row[0] for row in self.rows("SELECT rowid FROM media_search")}
        files = {row[0] for row in self.rows("SELECT id FROM media_files WHERE missing_since IS NULL")}
        assert indexed == files
        self._check_catalogue(files)

    def _check_catalogue(self, files: set[int]) -> None:
        """The catalogue has the files that are there, and says of albums what a recount of their files says."""
        rows = self.rows("SELECT * FROM catalogue")
        assert {row.media_file_id for row in rows} == files
        of_album: dict[int, list[sa.Row[Any]]] = {}
        for row in rows:
            if row.album_id is not None:
                of_album.setdefault(row.album_id, []).append(row)
        albums = {row.id: row for row in self.rows("SELECT * FROM albums")}
        assert set(of_album) <= set(albums)
        for album_id, album in albums.items():
            tracks = of_album.get(album_id, [])
            years = [track.year for track in tracks if track.year]
            counted = len(tracks), sum(track.duration_ms for track in tracks), min(years, default=0)
            assert (album.files, album.duration_ms, album.year) == counted
            credited = {track.albumartist for track in tracks} - {""} or {track.artist for track in tracks} - {""}
            assert album.artist in credited | {"Various Artists"} if credited else album.artist == ""
        for table in ("file_artists", "file_genres"):
            assert {row[0] for row in self.rows(f"SELECT media_file_id FROM {table}")} <= files
        with_album = {row.media_file_id for row in rows if row.kind == "audio" and row.album}
        assert with_album == {row.media_file_id for row in rows if row.album_id is not None}


@pytest.fixture
def hook() -> Iterator[FakeHook]:
    fake = FakeHook()
    yield fake
    fake.close()


@pytest.fixture
def world(tmp_path: Path, migrated_url: str, hook: FakeHook) -> Iterator[World]:
    made = World(tmp_path, migrated_url, hook)
    yield made
    made.engine.dispose()


@pytest.fixture
def notifier(world: World) -> Iterator[Notifier]:
    made = Notifier(world.engine, world.hook)
    yield made
    made.close(60)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(delivery, "PAUSE_S", 0.001)


Fields = Mapping[str, "str | Sequence[str]"]


class Shelf:
    """A library whose files have the tags that a test gives them."""

    def __init__(self, world: World, hook: FakeHook) -> None:
        self.world = world
        self.tags: dict[str, Fields] = {}
        self.access = LibraryAccess(world.engine)
        self.scraper = hook.add_scraper(behaviour=self._read)
        self.scraper.types = ("audio/", "video/")

    def put(self, place: str, **tags: str | Sequence[str]) -> None:
        path = self.world.put(place)
        self.tags[path.name] = tags

    def albums(self) -> dict[str, int]:
        """Artist and title of each album, with how many files it has."""
        return {f"{album.albumartist}: {album.album}": album.files for album in self.access.albums().items}

    def ids(self) -> list[int]:
        return [album.id for album in self.access.albums("sort:id").items]

    def _read(self, files: Sequence[FileToRead]) -> list[FileOutcome]:
        return [FileOutcome(self.tags[Path(file.file_path).name]) for file in files]


@pytest.fixture
def shelf(world: World, hook: FakeHook) -> Shelf:
    return Shelf(world, hook)
