"""A library in memory, with the plugin that looks through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from viewra_plugins.duplicates.service import Duplicates

from viewra.testing import FakeHostServices, FakeLibrary, PluginUnderTest, ask_http, in_process
from viewra.types import (
    FileEntry,
    MediaFile,
    MetadataValue,
    ScanEvent,
    ScanEventKind,
)


@attrs.define
class World:
    folder: Path
    library: FakeLibrary
    host: FakeHostServices
    plugin: Duplicates
    running: PluginUnderTest
    ids: int = 0

    def put(self, name: str, content: bytes = b"x", duration_s: float | None = None, **said: str) -> int:
        """A file in the library."""
        path = self.folder / name
        path.write_bytes(content)
        self.ids += 1
        kind = "image" if path.suffix in {".png", ".jpg"} else "audio"
        title, artist = said.pop("title", ""), said.pop("artist", "")
        self.library.file_entries.append(
            FileEntry(self.ids, 1, str(path), f"{kind}/x", len(content), 0, kind, title, artist, duration_s=duration_s)
        )
        metadata = {name: MetadataValue(value, "tags") for name, value in said.items()}
        self.library.media_files.append(MediaFile(self.ids, 1, str(path), f"{kind}/x", len(content), 0, metadata))
        return self.ids

    def scan(self, *ids: int) -> None:
        """Tell of a scan of these files, and do what follows."""
        file = ScanEventKind.FILE
        events = [ScanEvent(file, 1, 1, media_file_id=one, file_path="/x") for one in ids or range(1, self.ids + 1)]
        self.plugin.on_scan_events([*events, ScanEvent(ScanEventKind.COMPLETED, 1, 1)])
        self.work()

    def work(self) -> None:
        self.host.tasks_queue.run(self.plugin)
        assert self.host.tasks_queue.queued == ()

    def groups(self, kind: str) -> list[list[str]]:
        """The names of the files of each group."""
        answer = ask_http(self.running, "GET", "/groups", query=f"kind={kind}").json
        return [[Path(one["path"]).name for one in group["files"]] for group in answer["groups"]]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Duplicates, FakeHostServices, FakeLibrary, PluginUnderTest]]:
    library, plugin = FakeLibrary(), Duplicates()
    host = FakeHostServices(library)
    plugin.bind(host=host)
    with in_process(plugin, host=host) as running:
        yield plugin, host, library, running


@pytest.fixture
def world(running: tuple[Duplicates, FakeHostServices, FakeLibrary, PluginUnderTest], tmp_path: Path) -> World:
    plugin, host, library, under_test = running
    host.tasks_queue.run(plugin)
    with plugin._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM files")
    library.file_entries.clear()
    library.media_files.clear()
    return World(tmp_path, library, host, plugin, under_test)
