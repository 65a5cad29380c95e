"""Plugins installed through the API and the pages: by name from the catalogs alone, and as they were shown."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest
from starlette.testclient import TestClient

from tests.eventually import eventually
from tests.unit.web.conftest import PASSWORD, fill_disk
from viewra import Host
from viewra.host.packages import catalogs, publishing
from viewra.host.packages.index import Index
from viewra.web.accounts.identity import Scope
from viewra.web.app import build
from viewra.web.site import CHANGES, FETCHES, Site

MANIFEST = """
id: "lyrics"
name: "Lyrics <b>"
version: "VERSION"
description: "Words of songs"
entry_points: main: "main.py"
capabilities: search_service: true
permissions: [{resource: "network", actions: ["fetch"], hosts: ["HOST"], reason: "asks for words"}]
"""
NAME = "/api/v1/catalogs/plugins/lyrics"
PAGE = "/admin/plugins/install/lyrics"


@attrs.define
class Shop:
    """A site with one catalog, and who is signed in to it as its admin."""

    folder: Path
    host: Host
    site: Site
    client: TestClient
    _headers: dict[str, str]

    def publish(self, version: str, host: str = "example.org", code: str = "print()\n") -> None:
        source = self.folder / "sources" / version
        source.mkdir(parents=True, exist_ok=True)
        (source / "plugin.cue").write_text(MANIFEST.replace("VERSION", version).replace("HOST", host))
        (source / "main.py").write_text(code)
        (self.folder / "catalog" / f"lyrics-{version}.zip").unlink(missing_ok=True)
        publishing.pack(source, self.folder / "catalog")
        publishing.build(self.folder / "catalog")

    def ask(self, method: str, path: str, status: int = 200, **arguments: Any) -> Any:
        answer = self.client.request(method, path, headers=self._headers, json=arguments if method == "POST" else None)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str) -> str:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, *ticked: str) -> str:
        """Send the form of a page with these boxes ticked."""
        form = self.get(path).partition('<form class="card"')[2]
        hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
        answer = self.client.post(path, data=hidden | dict.fromkeys(ticked, "on"), follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def shop(tmp_path: Path, quick_hosts: None) -> Iterator[Shop]:
    (tmp_path / "catalog").mkdir()
    catalogs = [str(tmp_path / "catalog")]
    with Host(data_dir=tmp_path / "data", sandbox="off", watch=False, catalogs=catalogs) as host:
        site = Site(host)
        site.accounts.set_password(PASSWORD)
        token = site.accounts.tokens.create("admin", Scope.ADMIN).token
        with TestClient(build(site), base_url="http://localhost:8096", follow_redirects=False) as client:
            client.post("/admin/sign-in", data={"password": PASSWORD})
            made = Shop(tmp_path, host, site, client, {"Authorization": f"Bearer {token}"})
            made.publish("1.0.0")
            yield made


def test_a_plugin_from_its_catalog_to_its_upgrade(shop: Shop) -> None:
    (offer,) = shop.ask("GET", "/api/v1/catalogs/plugins?q=songs")
    assert (offer["id"], offer["version"], offer["installed"]) == ("lyrics", "1.0.0", None)
    assert shop.ask("GET", "/api/v1/catalogs/plugins?q=films") == []
    shown = shop.ask("GET", NAME)
    assert [(one["resource"], one["hosts"], one["granted"]) for one in shown["permissions"]] == [
        ("network", ["example.org"], False)
    ]
    assert "lyrics" not in shop.host.plugins
    how = {"digest": shown["digest"], "untried": True, "enable": False}
    assert shop.ask("POST", NAME, **how)["said"].startswith("lyrics 1.0.0 was installed")
    assert not shop.host.plugins["lyrics"].permissions[0].granted
    assert shop.ask("GET", "/api/v1/plugins/lyrics/upgrade") is None
    assert shop.ask("POST", "/api/v1/plugins/lyrics/upgrade")["upgraded"] is False

    shop.publish("1.1.0", host="*")
    (row,) = shop.ask("GET", "/api/v1/catalogs/outdated")
    assert (row["version"], row["newest"]) == ("1.0.0", "1.1.0")
    upgrade = "/api/v1/plugins/lyrics/upgrade"
    assert "asks for more than 1.0.0" in shop.ask("POST", upgrade, 400, untried=True)["detail"]
    blind = shop.ask("POST", upgrade, 400, untried=True, grant_requested=True)
    assert "must have been seen" in blind["detail"]
    newer = shop.ask("GET", upgrade)
    assert (newer["version"], newer["installed"]) == ("1.1.0", "1.0.0")
    agreed = {"untried": True, "grant_requested": True, "digest": newer["digest"]}
    assert shop.ask("POST", upgrade, **agreed)["upgraded"] is True
    assert shop.host.plugins["lyrics"].permissions[0].granted


def test_a_download_is_reported_while_it_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (shop.folder / "catalog" / "lyrics-1.0.0.zip").stat().st_size
    published: list[tuple[str, str, Any]] = []
    monkeypatch.setattr(shop.site.hub, "publish", lambda kind, data, about="": published.append((kind, about, data)))
    shop.ask("GET", NAME)
    report = {"id": "lyrics", "done": size, "total": size}
    assert published == [("package", "lyrics", {**report, "status": status}) for status in ("running", "completed")]
    published.clear()
    shop.ask("POST", NAME, 400, digest="")
    assert [data["status"] for _, _, data in published] == ["running", "failed"]


def test_only_what_was_shown_is_installed(shop: Shop) -> None:
    digest = shop.ask("GET", NAME)["digest"]
    shop.publish("1.0.0", code="import os\n")
    refused = shop.ask("POST", NAME, 400, digest=digest, untried=True)
    assert "is not what its preview has shown" in refused["detail"]
    shop.ask("POST", NAME, 422, untried=True)
    assert "lyrics" not in shop.host.plugins
    assert not any((shop.folder / "data" / "plugin-packages" / ".staged").iterdir())


def test_a_client_names_plugins_and_no_places(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.folder)  # where these would be found
    (shop.folder / "lyrics.zip").write_bytes(b"")
    for name in ("lyrics.zip", "https:example.org", "sources", "git+file:", "sources%23lyrics"):
        refused = shop.ask("GET", f"/api/v1/catalogs/plugins/{name}", 404)
        assert "no catalog has a plugin" in refused["detail"], name


def test_a_package_of_another_plugin_and_a_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = shop.folder / "sources" / "1.0.0" / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    manifest = (shop.folder / "sources" / "1.0.0" / "plugin.cue").rename(deep / "plugin.cue")
    (deep.parents[3] / "plugin.cue").write_text(manifest.read_text().replace("lyrics", "audio_tags"))
    publishing.pack(deep.parents[3], shop.folder / "catalog")
    (shop.folder / "catalog" / "lyrics-1.0.0.zip").unlink()
    publishing.build(shop.folder / "catalog")
    index = shop.folder / "catalog" / "index.json"
    index.write_text(index.read_text().replace('"id": "audio_tags"', '"id": "lyrics"'))
    assert "does not contain lyrics 1.0.0" in shop.ask("GET", NAME, 502)["detail"]

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("viewra.host.packages.catalogs.unpack", full)
    assert "No space left on device" in shop.ask("GET", NAME, 503)["detail"]
    fill_disk(monkeypatch)
    assert "cannot be written to: No space left on device" in shop.ask("GET", NAME, 503)["detail"]
    assert not any((shop.folder / "data" / "plugin-packages" / ".staged").iterdir())


def test_nothing_but_packages_waits_for_a_catalog_that_hangs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    come, asked = threading.Event(), []

    def read(catalog: catalogs.Catalog) -> Index:
        asked.append(catalog)
        come.wait(60)
        return Index(1, ())

    monkeypatch.setattr(catalogs.Catalog, "read", read)
    count = max(FETCHES, CHANGES)
    with ThreadPoolExecutor(count) as clients:
        waiting = [clients.submit(shop.ask, "GET", "/api/v1/catalogs/plugins") for _ in range(count)]
        try:
            eventually(lambda: len(asked) == FETCHES, "all threads wait for the catalog")
            shop.ask("POST", "/api/v1/plugins/lyrics/disable", 404)
            assert not any(one.done() for one in waiting)
        finally:
            come.set()


def test_only_an_admin_installs(shop: Shop) -> None:
    token = shop.site.accounts.tokens.create("operator", Scope.OPERATE).token
    operator = {"Authorization": f"Bearer {token}"}
    for method, path in (("GET", NAME), ("POST", NAME), ("GET", "/api/v1/catalogs/plugins"), ("GET", PAGE)):
        client = TestClient(shop.client.app, base_url="http://localhost:8096", follow_redirects=False)
        assert client.request(method, path, headers=operator).status_code == 403, path


def test_the_pages_show_what_is_asked_for_install_it_upgrade_it_and_go_back(shop: Shop) -> None:
    assert PAGE in shop.get("/admin/plugins/install?q=songs")
    package = shop.get(PAGE)
    assert "send web requests through viewra to example.org" in package
    assert "Lyrics &lt;b&gt;" in package
    assert "lyrics 1.0.0 was installed" in shop.send(PAGE, "untried", "grant")
    assert shop.host.plugins["lyrics"].permissions[0].granted
    assert "there is no newer version" in shop.get("/admin/plugin/lyrics/upgrade")

    shop.publish("1.1.0", host="*")
    assert "version 1.1.0 is there" in shop.get("/admin/plugins")
    assert "asks for more than 1.0.0" in shop.send("/admin/plugin/lyrics/upgrade", "untried")
    assert "lyrics 1.1.0 was installed" in shop.send("/admin/plugin/lyrics/upgrade", "untried", "grant")
    about = shop.get("/admin/plugin/lyrics")
    assert "is there" not in shop.get("/admin/plugins")
    found = re.search(r'/rollback".*?name="csrf_token" value="([0-9a-f]+)"', about, re.DOTALL)
    assert found is not None
    shop.client.post("/admin/plugin/lyrics/rollback", data={"csrf_token": found[1]})
    assert shop.host.plugins["lyrics"].info.version == "1.0.0"
