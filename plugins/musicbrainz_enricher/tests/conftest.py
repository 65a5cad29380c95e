"""A library in memory, with a plugin that looks it up in a service of the test's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from viewra_plugins.musicbrainz_enricher.service import MusicBrainzEnricher

from tests.musicbrainz import PNG, Service, ServiceFetch, schumann
from viewra.sdk.reach import Reach
from viewra.testing import FakeHostServices, FakeLibrary, PluginUnderTest, ask_http, in_process
from viewra.types import (
    FileEntry,
    MediaFile,
    MetadataValue,
    Page,
    QueuedTask,
    ScanEvent,
    ScanEventKind,
    TaskState,
)

MOLL, DUR = schumann()
TAGS: dict[str, Any] = {
    "title": "Romanze a-Moll",
    "artist": "Clara Schumann",
    "album": "Drei Romanzen, op. 21",
    "duration": "1.000",
}
SET_ASIDE = [("look up", TaskState.SET_ASIDE)]
DELAYED = [("look up", TaskState.DELAYED)]
TABLES = ("matches", "terms", "covers")


class Shelf(FakeLibrary):
    """A library that understands the queries of this plugin; ``own`` has what they find beside ids."""

    def __init__(self) -> None:
        super().__init__()
        self.own: dict[str, list[FileEntry]] = {}

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        self.queries.append(query)
        if found := re.fullmatch(r"id:(\d+)", query):
            return Page(tuple(one for one in self.file_entries if one.id == int(found[1])))
        if query == "kind:audio":
            return Page(tuple(one for one in self.file_entries if one.kind == "audio"))
        return Page(tuple(self.own.get(query, ())))

    def fields(self) -> list[str]:
        return [*super().fields(), "cover_of", "has_picture"] if self.own else super().fields()


@attrs.define
class World:
    """The plugin, its library, and what it asks."""

    folder: Path
    library: Shelf
    host: FakeHostServices
    fetch: ServiceFetch
    plugin: MusicBrainzEnricher
    running: PluginUnderTest
    ids: int = 0

    @property
    def service(self) -> Service:
        return self.fetch.service

    def put(self, name: str = "", **said: Any) -> int:
        """A file of the album 7 in the library, with what its tags say."""
        self.ids += 1
        path = self.folder / (name or f"{self.ids}.flac")
        path.write_bytes(b"music")
        metadata = {field: MetadataValue(value, "audio_tags") for field, value in said.items()}
        kind = "image" if path.suffix == ".jpg" else "audio"
        self.library.file_entries.append(FileEntry(self.ids, 1, str(path), f"{kind}/x", 5, 0, kind, album_id=7))
        self.library.media_files.append(MediaFile(self.ids, 1, str(path), f"{kind}/x", 0, 0, metadata))
        self.read_again(self.ids)
        return self.ids

    def read_again(self, number: int, **said: Any) -> None:
        """Have the library know a file as it is on the disk now, with other tags too if they are given."""
        before = self.library.media_files[number - 1]
        status = Path(before.path).stat()
        metadata = {**before.metadata, **{name: MetadataValue(value, "audio_tags") for name, value in said.items()}}
        self.library.media_files[number - 1] = attrs.evolve(
            before, size=status.st_size, mtime_ns=status.st_mtime_ns, metadata=metadata
        )

    def scan(self, *numbers: int) -> None:
        """Tell of a scan that has found files, by default all, and do what follows."""
        events = [
            ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=one, file_path="/x")
            for one in numbers or range(1, self.ids + 1)
        ]
        self.plugin.on_scan_events([*events, ScanEvent(ScanEventKind.COMPLETED, 1, 1)])
        self.work()

    def work(self) -> list[QueuedTask]:
        """Do what is in the queue; what is left of it."""
        self.host.tasks_queue.run(self.plugin)
        return list(self.host.tasks_queue.queued)

    def left(self) -> list[tuple[str, TaskState]]:
        return [(one.name, one.state) for one in self.host.tasks_queue.queued]

    def match(self, number: int = 1) -> Any:
        """What the plugin says of a file."""
        return ask_http(self.running, "GET", f"/files/{number}").json

    def paths(self) -> list[str]:
        """The paths that were asked, without queries."""
        return [one.partition("?")[0] for one in self.service.asked]


@contextmanager
def world_of(folder: Path, **settings: Any) -> Iterator[World]:
    service, library, plugin = Service(list(schumann())), Shelf(), MusicBrainzEnricher()
    fetch = ServiceFetch(service)
    host = FakeHostServices(library, fetch=fetch)
    plugin.bind(host=host)
    with in_process(plugin, settings=settings, host=host) as running:
        host.tasks_queue.run(plugin)
        host.kv.set("walked", True)
        yield World(folder, library, host, fetch, plugin, running)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(tmp_path_factory.mktemp("music")) as world:
        yield world


@pytest.fixture
def world(running: World, tmp_path: Path) -> World:
    """A world in which nothing has happened; the plugin is the same for all tests of a module."""
    for one in running.host.tasks_queue.queued:
        running.host.tasks.cancel(one.id)
    with running.plugin._engine.begin() as connection:
        for table in TABLES:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    running.library.file_entries.clear()
    running.library.media_files.clear()
    running.library.own.clear()
    running.host.put_metadata.clear()
    running.host.assets_store.linked.clear()
    running.fetch.service = Service(list(schumann()))
    running.fetch.down, running.fetch.key = False, "key"
    running.host.notify.withdraw("servers")
    running.plugin._reach = Reach()
    for server in ("musicbrainz.org", "coverartarchive.org", "api.acoustid.org"):
        running.plugin._reach.answered(server)
    running.plugin._queue._done = running.plugin._queue._left = 0
    for key in running.host.cache.list():
        running.host.cache.delete(key)
    return attrs.evolve(running, folder=tmp_path, ids=0)


def state(world: World, number: int = 1) -> tuple[str, str, str]:
    found = world.match(number)
    return found["state"], found["way"], found["recording_id"]


def with_cover(world: World, **image: Any) -> str:
    """Have a front cover for the record; its path."""
    release_id = MOLL["releases"][0]["id"]
    said = {"id": 829521842, "types": ["Front"], "front": True, "approved": True, **image}
    world.service.covers = {f"release/{release_id}": {"images": [said], "release": f"https://x/release/{release_id}"}}
    world.service.pictures = {f"{release_id}/829521842-1200.jpg": PNG}
    return f"/release/{release_id}/829521842-1200.jpg"
