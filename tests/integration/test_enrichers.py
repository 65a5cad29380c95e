"""The shipped plugins that ask services of the network: in a sandbox, through the host, from a local server."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import viewra_plugins
from viewra_plugins.artwork.service import Artwork
from viewra_plugins.lyrics.service import Lyrics
from viewra_plugins.tmdb.service import Tmdb

from tests.eventually import eventually
from tests.unit.bridge.fetch.serving import Asked, Said, Server, serving
from viewra import library
from viewra.host import Fetching, Host
from viewra.sdk import Plugin, PluginInfo
from viewra.services import Implementation
from viewra.testing import check_database, check_scanner_hook, in_process, loopback, subprocess_plugin
from viewra.types import MetadataValue
from viewra.types.values import Value

PLUGINS = Path(viewra_plugins.__path__[0]).resolve()
ENRICHERS: dict[str, Callable[[], Implementation]] = {"artwork": Artwork, "lyrics": Lyrics, "tmdb": Tmdb}


@pytest.mark.parametrize("name", ENRICHERS)
@pytest.mark.parametrize("run", [in_process, loopback])
def test_they_pass_the_check_suites(run: Callable[..., object], name: str) -> None:
    with run(ENRICHERS[name]()) as plugin:  # type: ignore[attr-defined]
        check_scanner_hook(plugin.scanner_hook)
        if plugin.database is not None:
            check_database(plugin.database, plugin.context.database_url)


@pytest.mark.process
@pytest.mark.parametrize("name", ENRICHERS)
def test_they_pass_the_check_suites_as_processes(name: str, tmp_path: Path) -> None:
    with subprocess_plugin(PLUGINS / name) as plugin:
        check_scanner_hook(plugin.scanner_hook)
        if (PLUGINS / name / "migrations").is_dir():
            check_database(plugin.database, f"sqlite:///{tmp_path / 'other.db'}")


# ---- with a host and a server ----


class Teller(Plugin):
    """Says of each file what its text has as JSON."""

    def info(self) -> PluginInfo:
        return PluginInfo("teller")

    def get_supported_types(self) -> list[str]:
        return ["audio/*", "video/*"]

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def extract_metadata(self, file_path: str) -> dict[str, Value]:
        said: dict[str, Value] = json.loads(Path(file_path).read_text())
        return said


@contextmanager
def hosting(folder: Path, name: str, server: Server, settings: Mapping[str, object]) -> Iterator[Host]:
    """A host with one of these plugins, which may ask a local server besides, and what it may is granted."""
    copy = folder / "plugins" / name
    shutil.copytree(PLUGINS / name, copy, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    manifest = (copy / "plugin.cue").read_text()
    (copy / "plugin.cue").write_text(re.sub(r"hosts: \[", f'hosts: ["127.0.0.1:{server.port}", ', manifest))
    options = {"plugin_dirs": [copy.parent], "fetching": Fetching(proxy="off"), "watch": False}
    with Host(data_dir=folder / "data", **options) as host:  # type: ignore[arg-type]
        host.register(Teller())
        plugin = host.plugins[name]
        plugin.settings.change(dict(settings))
        plugin.enable()
        plugin.grant(*(one.name for one in plugin.permissions))
        yield host


def said_of(host: Host, path: Path) -> dict[str, MetadataValue]:
    return dict(library.show(host.engine, str(path)).metadata)


def written(folder: Path, files: Mapping[str, Mapping[str, object]]) -> Path:
    """A library whose files say what is given."""
    root = folder / "library"
    for name, said in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(said))
    return root


def answer(data: object) -> Said:
    return Said(body=json.dumps(data).encode(), headers={"Content-Type": "application/json"})


@pytest.mark.process
def test_words_come_from_the_server_of_the_settings(tmp_path: Path) -> None:
    song = {"title": "Ein Lied", "artist": "Clara Schumann", "album": "Lieder", "duration": "61.300"}
    root = written(tmp_path, {"1.flac": song, "2.flac": {**song, "title": "Kein Lied"}})

    def get(asked: Asked) -> Said:
        if "Ein+Lied" not in asked.path and "Ein%20Lied" not in asked.path:
            return Said(404, b'{"code":404,"name":"TrackNotFound","message":"Failed to find specified track"}')
        return answer({
            "id": 3396226, "name": "Ein Lied", "trackName": "Ein Lied", "artistName": "Clara Schumann",
            "albumName": "Lieder", "duration": 61.0, "instrumental": False, "plainLyrics": "la la",
            "syncedLyrics": "[00:01.50] la la",
        })  # fmt: skip

    with serving() as server:
        server.answers = {"/mirror/api/get": get, "/mirror/api/search": answer([])}
        with hosting(tmp_path, "lyrics", server, {"url": server.url("/mirror")}) as host:
            host.scan(root)
            eventually(lambda: "timed_lyrics" in said_of(host, root / "1.flac") and len(server.asked) == 3)
            found = said_of(host, root / "1.flac")
            assert (found["lyrics"].value, found["lyrics"].plugin) == ("la la", "lyrics")
            assert found["timed_lyrics"].value == "[00:01.500] la la"
            assert "lyrics" not in said_of(host, root / "2.flac")
            assert [one.path for one in host.library.files('lyrics:"la la"').items] == [str(root / "1.flac")]
        assert server.asked[0].headers["user-agent"].startswith("lyrics viewra/")


@pytest.mark.process
def test_covers_come_from_the_archive_of_the_settings(tmp_path: Path) -> None:
    release, group = "a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468", "db9fe74e-c014-5fc6-8b90-3b6deb1dba39"
    ids = {"musicbrainz_albumid": release, "musicbrainz_releasegroupid": group}
    root = written(tmp_path, {"a/1.flac": {"title": "Lied", "album": "Lieder", "artist": "Clara Schumann", **ids}})
    cover = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(5000)
    with serving() as server:
        server.answers = {
            f"/release/{release}/front-500": Said(404, b"No image found"),
            f"/release-group/{group}/front-500": Said(307, headers={"Location": "/download/mbid/1_thumb500.jpg"}),
            "/download/mbid/1_thumb500.jpg": Said(302, headers={"Location": "/ia/1_thumb500.jpg"}),
            "/ia/1_thumb500.jpg": Said(body=cover, headers={"Content-Type": "image/jpeg"}),
        }
        with hosting(tmp_path, "artwork", server, {"url": server.url(""), "size": "500"}) as host:
            host.scan(root)
            (album,) = host.library.albums().items
            eventually(lambda: host.artwork.choosing.of_album(album.id) is not None)
            picture = host.artwork.picture(host.artwork.choosing.of_album(album.id))
            with picture.file as file:
                assert (file.read(), picture.media_type) == (cover, "image/jpeg")
        assert len(server.asked) == 4


@pytest.mark.process
def test_films_and_episodes_come_from_the_server_of_the_settings(tmp_path: Path) -> None:
    film = {
        "id": 775, "title": "Die Reise zum Mond", "original_title": "Le Voyage dans la Lune", "overview": "Gelehrte.",
        "release_date": "1902-04-17", "genres": [{"id": 12, "name": "Abenteuer"}], "vote_average": 7.9,
        "vote_count": 9, "poster_path": None,
    }  # fmt: skip
    series = {"id": 60, "name": "Faust", "first_air_date": "1960-01-01", "genres": [], "poster_path": "/faust.jpg"}
    pact = {"id": 602, "episode_number": 2, "name": "Der Pakt", "overview": "Faust.", "air_date": "1960-01-08"}
    root = written(tmp_path, {
        "Mond.mp4": {"title": "Die Reise zum Mond", "date": "1902"},
        "Faust/2.mp4": {"show": "Faust", "season": "1", "episode": "2"},
    })  # fmt: skip
    picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(5000)
    with serving() as server:
        server.answers = {
            "/3/search/movie": answer({"page": 1, "results": [film]}), "/3/movie/775": answer(film),
            "/3/search/tv": answer({"page": 1, "results": [series]}), "/3/tv/60": answer(series),
            "/3/tv/60/season/1": answer({"season_number": 1, "episodes": [pact]}),
            "/t/p/w500/faust.jpg": Said(body=picture, headers={"Content-Type": "image/jpeg"}),
        }  # fmt: skip
        settings = {"url": server.url("/3"), "image_url": server.url("/t/p"), "api_key": "s3cret", "language": "de-DE"}
        with hosting(tmp_path, "tmdb", server, settings) as host:
            host.scan(root)
            eventually(lambda: "description" in said_of(host, root / "Mond.mp4"))
            (shown,) = host.library.series().items
            eventually(lambda: host.artwork.choosing.of_series(shown.id) is not None)
            found = said_of(host, root / "Mond.mp4")
            assert (found["rating"].value, found["rating"].plugin) == ("7.9", "tmdb")
            assert said_of(host, root / "Faust" / "2.mp4")["title"].value == "Der Pakt"
            poster = host.artwork.picture(host.artwork.choosing.of_series(shown.id))
            with poster.file as file:
                assert file.read() == picture
        asked = {one.path.partition("?")[0]: one.headers for one in server.asked}
        assert {one.get("authorization") for path, one in asked.items() if path.startswith("/3/")} == {"Bearer s3cret"}
        assert "authorization" not in asked["/t/p/w500/faust.jpg"]
