"""A library in memory, and a server of words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from viewra_plugins.lyrics.service import Lyrics

from tests.vocabulary import check
from viewra.errors import ViewraError
from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, FakeRequest, PluginUnderTest, in_process
from viewra.types import Fetched, FileEntry, MediaFile, MetadataValue, ScanEvent, ScanEventKind, TaskState
from viewra.types.values import Value

URL = "https://lrclib.net"

GET, SEARCH = f"{URL}/api/get", f"{URL}/api/search"

NOTHING = Fetched(404, "", {}, b'{"code":404,"name":"TrackNotFound"}')

SONG: dict[str, Any] = {"title": "Ein Lied", "artist": "Clara Schumann", "album": "Lieder", "duration": "61.300"}

WORDS = "Ich hab' im Traum geweinet\nmir träumte, du lägest im Grab"

TIMED = "[00:12.340] Ich hab' im Traum geweinet\n[00:17.000] mir träumte, du lägest im Grab"


def record(**given: Any) -> dict[str, Any]:
    """What LRCLIB says of a song."""
    return {
        "id": 1, "trackName": "Ein Lied", "artistName": "Clara Schumann", "albumName": "Lieder", "duration": 61,
        "instrumental": False, "plainLyrics": WORDS, "syncedLyrics": None, **given,
    }  # fmt: skip


class Server(FakeFetch):
    """Answers the two questions of LRCLIB, whatever is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Any] = {}

    def answer(self, request: FakeRequest) -> Fetched | bytes | ViewraError:
        said = self.says.get(request.url.partition("?")[0], NOTHING)
        return said if isinstance(said, (Fetched, bytes, ViewraError)) else json.dumps(said).encode()


@attrs.define
class World:
    folder: Path
    library: FakeLibrary
    server: Server
    host: FakeHostServices
    plugin: Lyrics
    running: PluginUnderTest

    def put(self, number: int, /, name: str = "", kind: str = "audio", **said: Any) -> Path:
        path = self.folder / (name or f"{number}.flac")
        path.touch()
        duration = said.get("duration")
        entry = FileEntry(number, 1, str(path), "audio/flac", 1, 0, kind, duration_s=float(str(duration or 0)) or None)
        self.library.file_entries.append(entry)
        metadata = {field: MetadataValue(value, "audio_tags") for field, value in said.items()}
        self.library.media_files.append(MediaFile(number, 1, str(path), "audio/flac", 1, 0, metadata))
        return path

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.plugin._settings = type(self.plugin.settings)({**self.plugin.settings, **settings})

    def scan(self, *ids: int) -> dict[int, dict[str, Value]]:
        """Tell that files were read; what was put of all files by then."""
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=number) for number in ids])
        return self.work()

    def work(self) -> dict[int, dict[str, Value]]:
        """Have the tasks executed, and the library show what was put."""
        self.host.tasks_queue.run(self.plugin)
        for at, file in enumerate(self.library.media_files):
            said = {name: one for name, one in file.metadata.items() if one.plugin != "under_test"}
            for name, value in self.host.put_metadata.get(file.id, {}).items():
                other = said.get(name)
                others = ((other.plugin, other.value),) if other is not None else ()
                said[name] = MetadataValue(value, "under_test", others=others)
            self.library.media_files[at] = attrs.evolve(file, metadata=said)
        for values in self.host.put_metadata.values():
            check(values)
        return {number: dict(said) for number, said in self.host.put_metadata.items()}

    @property
    def asked(self) -> list[str]:
        return [one.url.partition("?")[0] for one in self.server.requests]

    @property
    def states(self) -> list[tuple[TaskState, str]]:
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[Lyrics, PluginUnderTest]]:
    """The plugin, once for all tests: making its database takes longer than any of them."""
    plugin = Lyrics()
    with in_process(plugin) as running:
        yield plugin, running


@pytest.fixture
def world(tmp_path: Path, running: tuple[Lyrics, PluginUnderTest]) -> Iterator[World]:
    plugin, under_test = running
    library, server, settings = FakeLibrary(), Server(), plugin.settings
    host = FakeHostServices(library, fetch=server)
    plugin.bind(host=host)
    yield World(tmp_path, library, server, host, plugin, under_test)
    plugin._settings = settings
    plugin.start()
    plugin._store.forget(range(100))
