"""A library in memory, and an archive with the covers of one release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from viewra_plugins.artwork.service import Artwork

from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, PluginUnderTest, in_process
from viewra.types import FileEntry, MediaFile, MetadataValue, ScanEvent, ScanEventKind, Task, TaskState

RELEASE, GROUP = "a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468", "db9fe74e-c014-5fc6-8b90-3b6deb1dba39"

URL = "https://coverartarchive.org"

OF_RELEASE, OF_GROUP = f"{URL}/release/{RELEASE}/front-1200", f"{URL}/release-group/{GROUP}/front-1200"

IDS: dict[str, Any] = {"musicbrainz_albumid": RELEASE, "musicbrainz_releasegroupid": GROUP}

JPEG, PNG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64), b"\x89PNG\r\n\x1a\n" + bytes(64)

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/music/Clara Schumann/Drei Romanzen, op. 21"


@attrs.define
class World:
    folder: Path
    library: FakeLibrary
    fetch: FakeFetch
    host: FakeHostServices
    plugin: Artwork
    running: PluginUnderTest

    def put(self, number: int, album: int | None = 7, /, path: str = "", **said: Any) -> None:
        path = path or str(self.folder / f"{number}.flac")
        self.library.file_entries.append(FileEntry(number, 1, path, "audio/flac", 1, 0, "audio", album_id=album))
        metadata = {field: MetadataValue(value, "audio_tags") for field, value in said.items()}
        self.library.media_files.append(MediaFile(number, 1, path, "audio/flac", 1, 0, metadata))

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.plugin._settings = type(self.plugin.settings)({**self.plugin.settings, **settings})

    def scan(self) -> list[dict[str, str]]:
        """Tell that all files were read; which covers are linked with album 7 by then."""
        ids = [one.id for one in self.library.file_entries]
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=number) for number in ids])
        return self.work()

    def work(self) -> list[dict[str, str]]:
        self.host.tasks_queue.pass_time(self.plugin.settle_s)
        self.host.tasks_queue.run(self.plugin)
        return self.links(album_id=7)

    def links(self, **target: int) -> list[dict[str, str]]:
        return [{"kind": one.kind, **one.metadata} for one in self.host.assets.links(**target)]

    def ask(self, name: str, **data: object) -> list[dict[str, str]]:
        """As the operator does by hand."""
        self.plugin.execute_task(Task(1, name, data))
        return self.links(album_id=7)

    @property
    def asked(self) -> list[str]:
        return [one.url for one in self.fetch.requests]

    @property
    def states(self) -> list[tuple[TaskState, str]]:
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    library, fetch, plugin = FakeLibrary(), FakeFetch({OF_RELEASE: JPEG, OF_GROUP: PNG}), Artwork()
    host = FakeHostServices(library, fetch=fetch)
    with in_process(plugin, host=host) as running:
        yield World(tmp_path, library, fetch, host, plugin, running)


ONLINE = {"kind": "front", "source": "archive"}
