"""A library with songs of which a plugin in this process tells, and players of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import attrs
import pytest
from viewra_plugins.opensubsonic.service import OpenSubsonic
from viewra_plugins.opensubsonic.service.tables import metadata

from viewra import Host
from viewra.bridge.library import LibraryService
from viewra.host.installed import discovery
from viewra.sdk import Plugin, PluginInfo
from viewra.testing import FakeHostServices, FakeLibrary, HttpAnswer, PluginUnderTest, ask_http, in_process

USERS = {"ann": "annspassword", "ben": "benspassword"}
SAID: dict[str, dict[str, Any]] = {
    "Satie/Gymnopédies/1.flac": {"title": "Lent et triste", "tracknumber": "1", "genre": "Piano", "date": "1888"},
    "Satie/Gymnopédies/2.flac": {
        "title": "Lent et grave", "tracknumber": "2", "genre": ["Piano", "Slow"], "date": "1888",
        "lyrics": "la\nla la", "timed_lyrics": "[00:01.500] la\n[01:02.000]\n[01:03.000] la la",
        "replaygain_track_gain": "-6.48 dB", "bitrate": "800000",
    },
    "The Beat/Hits/1.mp3": {"title": "Start \"now\"", "tracknumber": "1", "genre": "Pop", "date": "1990"},
    "Grieg/Peer Gynt/1.mp3": {"title": "Morgenstimmung", "date": "1876", "albumartist": ""},
}  # fmt: skip
"""What is said of each file beside artist and album, which are the names of its folders."""


EVENING = {
    "sidecar_format": "m3u",  # which makes it a playlist
    "title": "Evening",
    "entry_count": "2",
    "playlist_entries": ["1 Satie/Gymnopédies/2.flac", "2 x.mp3"],
}


class Teller(Plugin):
    def info(self) -> PluginInfo:
        return PluginInfo("teller")

    def get_supported_types(self) -> list[str]:
        return ["audio/*", "video/*"]

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def extract_metadata(self, file_path: str) -> dict[str, Any]:
        path = Path(file_path)
        if path.stem == "evening":
            return EVENING
        artist, album = path.parts[-3:-1]
        known = {"artist": artist, "albumartist": artist, "album": album, "duration": "61.000"}
        said = {**known, **SAID.get("/".join(path.parts[-3:]), {})}
        return {name: value for name, value in said.items() if value}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryService]:
    music, data = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("data")
    for name in (*SAID, "Film/Film/film.mp4", "evening.ogg"):
        file = music / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    host = Host(data_dir=data, sandbox="off", watch=False)
    with pytest.MonkeyPatch.context() as patch:  # for no longer: other tests of this session need them
        patch.setattr(discovery, "shipped_directory", lambda: None)  # none of them starts
        host.open()
    try:
        host.register(Teller())
        host.scan(music)
        yield LibraryService(host.engine)
    finally:
        host.close()


@attrs.frozen
class Player:
    """Calls the API as a user; ``host`` is what the plugin has of it."""

    plugin: PluginUnderTest
    host: FakeHostServices
    user: str = "ann"

    def ask(self, call: str, *more: tuple[str, object], **given: object) -> HttpAnswer:
        pairs = [("u", self.user), ("p", USERS[self.user]), ("f", "json"), ("c", "test"), *given.items(), *more]
        return ask_http(self.plugin, "GET", f"/rest/{call}", query=urlencode(pairs), scope="public", client="192.0.2.1")

    def __call__(self, call: str, *more: tuple[str, object], **given: object) -> Any:
        """The answer to a call that succeeds."""
        answer = self.ask(call, *more, **given).json["subsonic-response"]
        assert answer["status"] == "ok", answer
        return answer

    def error(self, call: str, *more: tuple[str, object], **given: object) -> int:
        """The code of a call that fails."""
        return cast("int", self.ask(call, *more, **given).json["subsonic-response"]["error"]["code"])

    def song(self, title: str) -> Any:
        (found,) = [one for one in self("search3", query=title)["searchResult3"]["song"] if one["title"] == title]
        return found

    def album(self, name: str) -> Any:
        (found,) = [one for one in self("search3", query=name)["searchResult3"]["album"] if one["name"] == name]
        return found


@pytest.fixture(scope="session")
def _one(library: LibraryService) -> Iterator[tuple[OpenSubsonic, Player]]:
    host, plugin = FakeHostServices(cast("FakeLibrary", library)), OpenSubsonic()
    plugin.bind(host=host)
    with in_process(plugin, settings={"users": USERS, "api_keys": {"ben": "0123456789abcdef"}}, host=host) as running:
        yield plugin, Player(running, host)


@pytest.fixture
def player(_one: tuple[OpenSubsonic, Player]) -> Iterator[Player]:
    """A player of a server that nobody has used: making one for each test would migrate its database each time."""
    plugin, player = _one
    yield player
    player.host.granted = None
    player.host.published.clear()
    with plugin._engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
