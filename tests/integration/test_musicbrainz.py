"""The plugin ``musicbrainz_enricher`` in its sandbox, with the host's own fetch service, and its tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from viewra_plugins.musicbrainz_enricher.service.plugin import MIGRATIONS
from viewra_plugins.musicbrainz_enricher.service.store import Match, State, Store
from viewra_plugins.musicbrainz_enricher.service.tables import metadata

from tests.eventually import eventually
from tests.musicbrainz import ENDLESS, PNG, Answer, Service, online, schumann
from viewra import library
from viewra.errors import PluginError
from viewra.host import Fetching, Host
from viewra.sdk import Plugin, PluginInfo
from viewra.sdk_db import AlembicDatabaseService, open_engine
from viewra.testing import (
    ask_http,
    check_admin_page,
    check_api_registration,
    check_database,
    check_http,
    check_metadata_scraper,
    check_scanner_hook,
    check_search,
)
from viewra.types import Later, Task

MOLL, DUR = schumann()
SAID = {"artist": "Clara Schumann", "album": "Drei Romanzen, op. 21", "duration": "1.000"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Tags(Plugin):
    """Says of each file what tags would say."""

    def info(self) -> PluginInfo:
        return PluginInfo("tags")

    def get_supported_types(self) -> list[str]:
        return ["audio/*"]

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        return {**SAID, "title": Path(file_path).stem}


@pytest.fixture
def service() -> Service:
    release_id = MOLL["releases"][0]["id"]
    image = {"id": 5, "types": ["Front"], "front": True, "approved": True}
    return Service(
        [MOLL, DUR],
        covers={f"release/{release_id}": {"images": [image], "release": ""}},
        pictures={f"{release_id}/5-1200.jpg": PNG},
    )


@pytest.fixture
def host(tmp_path: Path, service: Service, quick_hosts: None) -> Iterator[Host]:
    with online(service, tmp_path / "plugins") as url, Host(
        data_dir=tmp_path / "data",
        plugin_dirs=[tmp_path / "plugins"],
        fetching=Fetching(contact="ops@example.org", proxy="off"),
        watch=False,
    ) as host:  # fmt: skip
        plugin = host.plugins["musicbrainz_enricher"]
        plugin.settings.change(
            {"api.musicbrainz_url": url, "api.coverart_url": url, "api.acoustid_url": url, "acoustid_key": "key"}
        )
        plugin.grant("network:fetch", "library:read", "library:write")
        plugin.enable()
        host.register(Tags())
        yield host


@pytest.mark.process
def test_music_that_a_scan_finds_is_looked_up(host: Host, service: Service, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for title in ("Romanze a-Moll", "Romanze F-Dur", "Nocturne"):
        (music / f"{title}.mp3").write_bytes(title.encode())
    host.scan(music)
    plugin = host.plugins["musicbrainz_enricher"]

    def fields(title: str) -> Any:
        return library.show(host.engine, str(music / f"{title}.mp3")).metadata

    eventually(lambda: "isrc" in fields("Romanze a-Moll") and "isrc" in fields("Romanze F-Dur"))
    said = fields("Romanze a-Moll")
    assert (said["isrc"].value, said["isrc"].plugin) == ("DEZZZ2200001", "musicbrainz_enricher")
    assert (said["title"].plugin, said["title"].others) == ("tags", (("musicbrainz_enricher", "Romanze a-Moll"),))
    assert host.tasks.wait_idle(30)
    assert {one.partition("?")[0] for one in service.asked if one.startswith("/release/")} == {
        f"/release/{MOLL['releases'][0]['id']}", f"/release/{MOLL['releases'][0]['id']}/5-1200.jpg",
    }  # fmt: skip
    album = host.library.albums().items[0]
    assert [one.kind for one in host.plugins.assets.links({"album_id": album.id})] == ["front"]
    found = host.search("wieck")
    assert sorted(Path(one.path).stem for one in found.results) == ["Romanze F-Dur", "Romanze a-Moll"]
    assert {one.source for one in found.results} == {"musicbrainz_enricher"}

    number = library.show(host.engine, str(music / "Nocturne.mp3")).id
    body = f"id={number}&recording={DUR['id']}".encode()
    assert ask_http(plugin, "POST", "/correct", headers=FORM, body=body, page=True).status == 303
    eventually(lambda: "isrc" in fields("Nocturne"))
    assert fields("Nocturne")["isrc"].value == "DEZZZ2200002"
    assert ask_http(plugin, "POST", f"/files/{number}/reject").status == 202
    assert "isrc" not in fields("Nocturne")

    path = str(music / "Romanze a-Moll.mp3")
    check_metadata_scraper(plugin.metadata_scraper, good={path: {"isrc": "DEZZZ2200001"}})
    check_search(plugin.search, query={"q": MOLL["id"]})
    check_admin_page(plugin.admin_page)
    check_api_registration(plugin.api_registration)
    check_http(plugin)
    attacked(host, service, library.show(host.engine, str(music / "Nocturne.mp3")).id)
    check_scanner_hook(plugin.scanner_hook)


def attacked(host: Host, service: Service, number: int) -> None:
    """In the same process, since each costs a start: servers that do not mean well."""
    plugin = host.plugins["musicbrainz_enricher"]
    again = Task(1, "look up", {"file": number, "again": True})

    def looked_up(answer: Answer) -> Later | None:
        service.instead = lambda _path: answer
        return plugin.tasks.execute_task(again)

    busy = looked_up(Answer(503, headers={"Retry-After": "120"}))
    assert busy is not None
    assert busy.seconds == 120
    elsewhere = looked_up(Answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data"}))
    assert elsewhere is not None
    (notice,) = plugin.notices
    assert "169.254.169.254 at port 80 is not among the hosts" in notice.text
    for body, reason in (
        (ENDLESS, "more than 4,194,304 bytes"),
        (b"<html>", "not JSON"),
        (b'{"recordings": 1}', "list"),
    ):
        with pytest.raises(PluginError, match=reason):
            looked_up(Answer(body=body))
    service.instead = lambda _path: None
    assert plugin.tasks.execute_task(again) is None
    assert plugin.notices == ()
    assert plugin.health().healthy


def test_its_tables_are_what_the_migration_makes(database_url: str) -> None:
    service = AlembicDatabaseService(metadata, MIGRATIONS, engines=("sqlite", "postgresql"))
    check_database(service, database_url)
    engine = open_engine(database_url)
    try:
        there = sa.inspect(engine)
        for table in metadata.sorted_tables:
            assert {one["name"] for one in there.get_columns(table.name)} == set(table.columns.keys())
            assert {one["name"] for one in there.get_indexes(table.name)} == {one.name for one in table.indexes}
        store = Store(engine)
        match = Match(1, b"/\xff.flac", 1, 2, State.MATCHED, fields={"title": "é"}, candidates=[{"a": 1}])
        store.put(match, {"artist": ["wieck", "wieck"]})
        store.put(match, {"artist": ["wieck"]})
        assert (store.get(1), store.at("/\udcff.flac")) == (match, match)
        assert store.found_by({"artist": ["wieck"]}, 10, 0) == ([match], 1)
        assert store.counts() == {"states": {"matched": 1}, "ways": {"": 1}}
        store.put_cover(7, "front", "abc", "release/1")
        store.put_cover(7, "front", "def", "release/2")
        assert (store.covers_of("release/2"), store.kinds_of_album(7)) == ([(7, "front", "def")], {"front"})
    finally:
        engine.dispose()
