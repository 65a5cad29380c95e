"""A site whose host has hostile plugins and files, and a browser's view of its pages."""

from __future__ import annotations

import html.parser
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from starlette.testclient import TestClient

from tests.conftest import MakePlugin
from viewra import Host
from viewra.sdk import Plugin
from viewra.types import PluginInfo
from viewra.web.accounts.identity import Scope
from viewra.web.app import build
from viewra.web.site import Site

PASSWORD = "a few easy words"
HOSTILE = "<script>alert(1)</script>"

SETTINGS = """
settings: {
	key: string @secret() @ui(title="API key", group="Account")
	// Where films are asked for.
	region: "de" | "us" | *"us" @ui(group="Account", help="Titles are those of this country")
	timeout_s: int & >=5 & <=30 | *10 @ui(widget="slider")
	ratio: number & >0 & <1 | *0.5
	adult: bool | *false
	languages: [...string] | *["de", "en"]
	kinds: [...("film" | "series" | "music")] | *["film"]
	site: string & =~"^https://" | *"https://a.example"
	proxy: {
		@ui(title="Proxy", help="Only if your network needs one")
		host: string | *""
		port: uint16 | *8080
	}
	rules: [...{match: string, as: string, weight?: int}] | *[]
	extra?: {[string]: int}
	limit: int | "none" | *"none"
	name?: string
}
"""


class Hostile(Plugin):
    """What it says of itself and of files is markup."""

    def info(self) -> PluginInfo:
        return PluginInfo(
            id="hostile", name=HOSTILE, description=HOSTILE, author=HOSTILE, website="javascript:alert(1)"
        )

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        if "broken" in file_path:
            raise ValueError(HOSTILE)
        said = {"title": f"{HOSTILE} {Path(file_path).stem}", "artist": HOSTILE, "album": HOSTILE, "genre": HOSTILE}
        return {**said, "date": "1720", "codec": HOSTILE}

    def get_supported_types(self) -> list[str]:
        return ["audio/*", "video/*", "image/*"]


class Other(Plugin):
    """Says otherwise."""

    def info(self) -> PluginInfo:
        return PluginInfo(id="other", name="Other")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        return {"title": f"{HOSTILE} other", "date": "1999"}

    def get_supported_types(self) -> list[str]:
        return ["audio/*"]


@attrs.define
class Visitor:
    """One who is signed in, as far as a test client can be one."""

    site: Site
    client: TestClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == status, (path, answer.text)
        return answer.text

    def post(self, path: str, status: int = 200, **fields: str | list[str]) -> str:
        """Send a form as the pages' own forms are sent, and follow where the answer leads."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get("/admin/access"))
        assert found is not None
        answer = self.client.post(path, data={"csrf_token": found[1], **fields}, follow_redirects=True)
        assert answer.status_code == status, (path, answer.text)
        return answer.text

    def as_token(self, scope: Scope) -> TestClient:
        """A client that has a token instead of the session."""
        token = self.site.accounts.tokens.create(f"of-{scope}", scope).token
        client = TestClient(self.client.app, base_url="http://localhost:8096", follow_redirects=False)
        client.headers["Authorization"] = f"Bearer {token}"
        return client


@pytest.fixture
def visitor(tmp_path: Path, quick_hosts: None, make_plugin: MakePlugin) -> Iterator[Visitor]:
    """One who is signed in to a site without a library."""
    make_plugin("films", "raise SystemExit(1)", extra=SETTINGS, may=("filesystem:read",))
    (tmp_path / "plugins" / "broken").mkdir()
    (tmp_path / "plugins" / "broken" / "plugin.cue").write_text('id: "broken"\nname: 5\n')
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", sandbox="off", watch=False) as host:
        site = Site(host)
        site.accounts.set_password(PASSWORD)
        with TestClient(build(site), base_url="http://localhost:8096", follow_redirects=False) as client:
            client.post("/admin/sign-in", data={"password": PASSWORD})
            yield Visitor(site, client)


@pytest.fixture
def library(tmp_path: Path, visitor: Visitor) -> Visitor:
    """The same, with a library that a hostile plugin has read."""
    folder = tmp_path / "library"
    folder.mkdir()
    for name in ("a.mp3", f"{HOSTILE[:8]}b.flac", "film.mkv", "broken.ogg", "p.jpg", "q.m3u8"):
        (folder / name).write_bytes(name.encode() * 7)
    host = visitor.site.host
    host.register(Hostile())
    host.register(Other())
    host.scan(folder)
    return visitor


class Elements(html.parser.HTMLParser):
    """The elements of a page: name and attributes, and what is in scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.inline = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attributes}))
        self._inside = tag if tag in {"script", "style"} else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.inline += data.strip() if self._inside else ""
