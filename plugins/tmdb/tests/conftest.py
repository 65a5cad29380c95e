"""A library in memory, and a server that has one film and one series."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from viewra_plugins.tmdb.service import Tmdb

from tests.vocabulary import check
from viewra.errors import ViewraError
from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, FakeRequest, PluginUnderTest, in_process
from viewra.types import Fetched, FileEntry, MediaFile, MetadataValue, ScanEvent, ScanEventKind, TaskState
from viewra.types.values import Value

URL, IMAGES = "https://api.themoviedb.org/3", "https://image.tmdb.org/t/p"

NOTHING = Fetched(404, "", {}, b'{"success":false,"status_code":34}')

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64)

LISTED = {
    "id": 775,
    "title": "A Trip to the Moon",
    "original_title": "Le Voyage dans la Lune",
    "release_date": "1902-04-17",
}

FILM: dict[str, Any] = {
    **LISTED, "tagline": "", "overview": "Six scholars\nfly to the Moon.", "runtime": 15, "imdb_id": "tt0000417",
    "genres": [{"id": 12, "name": "Adventure"}, {"id": 878, "name": "Science Fiction"}],
    "production_companies": [{"id": 1, "name": "Star-Film"}],
    "production_countries": [{"iso_3166_1": "FR", "name": "France"}],
    "belongs_to_collection": None, "vote_average": 7.932, "vote_count": 1800, "poster_path": "/moon.jpg",
}  # fmt: skip

SERIES: dict[str, Any] = {
    "id": 60, "name": "Faust", "original_name": "Faust", "first_air_date": "1960-01-01", "poster_path": "/faust.jpg",
    "genres": [{"id": 18, "name": "Drama"}], "networks": [{"name": "ARD"}],
}  # fmt: skip

SEASON: dict[str, Any] = {
    "season_number": 1, "poster_path": None,
    "episodes": [
        {"id": 601, "episode_number": 1, "name": "Prolog", "overview": "", "air_date": "1960-01-01",
         "vote_average": 0.0, "vote_count": 0, "runtime": 50},
        {"id": 602, "episode_number": 2, "name": "Der Pakt", "overview": "Faust und Mephisto.",
         "air_date": "1960-01-08", "vote_average": 8.0, "vote_count": 3, "runtime": None},
    ],
}  # fmt: skip

DESCRIBED = {
    "title": "A Trip to the Moon", "original_title": "Le Voyage dans la Lune", "date": "1902-04-17",
    "description": "Six scholars\nfly to the Moon.", "genre": ["Adventure", "Science Fiction"], "runtime": "15",
    "studio": "Star-Film", "country": "France", "rating": "7.9", "imdb_id": "tt0000417", "tmdb_id": "775",
}  # fmt: skip

BY_NAME = {"title": "A Trip to the Moon", "date": "1902"}

EPISODE = {"show": "Faust", "season": "1", "episode": "2"}


class Server(FakeFetch):
    """The API by path, whatever the query; pictures by address."""

    def __init__(self) -> None:
        super().__init__({f"{IMAGES}/w500/moon.jpg": JPEG, f"{IMAGES}/w500/faust.jpg": JPEG})
        self.says: dict[str, Any] = {
            "/search/movie": {"page": 1, "results": [LISTED]}, "/movie/775": FILM, "/search/tv": {"results": [SERIES]},
            "/tv/60": SERIES, "/tv/60/season/1": SEASON,
        }  # fmt: skip

    def answer(self, request: FakeRequest) -> Fetched | bytes | ViewraError:
        if not request.url.startswith(URL):
            return super().answer(request)
        said = self.says.get(request.url.partition("?")[0].removeprefix(URL), NOTHING)
        return said if isinstance(said, (Fetched, bytes, ViewraError)) else json.dumps(said).encode()


@attrs.define
class World:
    folder: Path
    library: FakeLibrary
    server: Server
    host: FakeHostServices
    plugin: Tmdb
    running: PluginUnderTest

    def put(self, number: int, name: str, said: Mapping[str, Value]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind, mime_type = ("other", "text/x-nfo") if name.endswith(".nfo") else ("video", "video/mp4")
        self.library.file_entries.append(FileEntry(number, 1, str(path), mime_type, 1, 0, kind))
        metadata = {field: MetadataValue(value, "other") for field, value in said.items()}
        self.library.media_files.append(MediaFile(number, 1, str(path), mime_type, 1, 0, metadata))
        return path

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.plugin._settings = type(self.plugin.settings)({**self.plugin.settings, **settings})

    def scan(self, *ids: int) -> dict[int, dict[str, Value]]:
        """Tell that files were read; what was put by then."""
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=number) for number in ids])
        return self.work()

    def work(self) -> dict[int, dict[str, Value]]:
        self.host.tasks_queue.pass_time(self.plugin.settle_s)
        self.host.tasks_queue.run(self.plugin)
        for values in self.host.put_metadata.values():
            check(values)
        return {
            number: {name: value if isinstance(value, str) else list(value) for name, value in said.items()}
            for number, said in self.host.put_metadata.items()
        }

    def forget(self) -> None:
        """Have the server asked again for what it has said."""
        for key in self.host.cache.list():
            self.host.cache.delete(key)

    def posters(self, number: int) -> list[str]:
        return [f"{one.kind} {one.source_url}" for one in self.host.assets.links(media_file_id=number)]

    @property
    def asked(self) -> list[str]:
        return [one.url.partition("?")[0].removeprefix(URL) for one in self.server.requests]

    @property
    def states(self) -> list[tuple[TaskState, str]]:
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    library, server, plugin = FakeLibrary(), Server(), Tmdb()
    host = FakeHostServices(library, fetch=server)
    with in_process(plugin, settings={"api_key": "s3cret"}, host=host) as running:
        yield World(tmp_path, library, server, host, plugin, running)
