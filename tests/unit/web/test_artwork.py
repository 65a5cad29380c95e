"""Artwork by the API, from plugins that are objects in this process: chosen, made smaller, asked for once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from PIL import Image

from tests.unit.web.conftest import Served, serving
from viewra.db.asset_tables import asset_uses
from viewra.db.transactions import writing
from viewra.library import purge_missing
from viewra.sdk import Plugin
from viewra.types import FoundPicture, PluginInfo, Resized
from viewra.web.accounts.identity import Scope
from viewra.web.api.endpoints import PREFIX


def jpeg(colour: str, side: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "JPEG")
    return out.getvalue()


INSIDE, FRONT = jpeg("blue"), jpeg("red", 900)


class Pictures(Plugin):
    """Says that audio files have pictures, and that pictures are covers by their names; asked for them, stores them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def info(self) -> PluginInfo:
        return PluginInfo("pictures")

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return mime_type.startswith(("audio/", "image/"))

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        if file_path.endswith(".mp3"):
            return {"title": "t", "album": "Suites", "artist": "Bach", "has_picture": "true"}
        kind = {"cover": "front", "artist": "artist", "back": "back"}.get(Path(file_path).stem, "")
        return {"cover_type": kind} if kind else {"width": "1"}

    def get_supported_types(self) -> list[str]:
        return ["audio/*", "image/*"]

    def find_pictures(self, file_path: str) -> list[FoundPicture]:
        self.asked.append(Path(file_path).name)
        if "broken" in file_path:
            raise ValueError("no picture can be read")
        if file_path.endswith(".mp3"):
            return [FoundPicture("front", self.host.assets.put(INSIDE).id)]
        kind = {"cover": "front"}.get(Path(file_path).stem, Path(file_path).stem)
        return [FoundPicture(kind, self.host.assets.put(Path(file_path).read_bytes()).id)]


class Smaller(Plugin):
    """Makes every picture a grey one."""

    def resize_picture(self, data: bytes, size: int) -> Resized:
        small = jpeg("grey", size)
        return Resized(small, "image/jpeg", size, size)


Get = Callable[..., httpx2.Response]


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def site(tmp_path: Path, quick_hosts: None, pictures: Pictures) -> Iterator[Served]:
    with serving(tmp_path / "music", tmp_path / "data") as served:
        served.host.unregister("reader")
        served.host.register(pictures)
        served.host.register(Smaller())
        yield served


@pytest.fixture
def get(site: Served) -> Get:
    def ask(path: str, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return site.client.get(f"{PREFIX}{path}", headers={**site.headers(Scope.READ), **named})

    return ask


def put(site: Served, name: str, content: bytes = b"audio") -> Path:
    path = site.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_cover_beside_the_files_comes_before_one_in_them(site: Served, get: Get, pictures: Pictures) -> None:
    song = put(site, "Bach/Suites/1.mp3")
    site.scan()
    assert get("/albums/1/artwork").content == INSIDE
    assert get("/albums/1/artwork").content == INSIDE
    assert pictures.asked == ["1.mp3"]
    cover = put(site, "Bach/Suites/cover.jpg", FRONT)
    put(site, "Bach/artist.jpg", jpeg("green"))
    site.scan()
    answer = get("/albums/1/artwork")
    assert (answer.content, answer.headers["content-type"]) == (FRONT, "image/jpeg")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert get("/artists/1/artwork").content == jpeg("green")
    assert get(f"/files/{site.host.library.file(str(cover)).id}/artwork").content == FRONT, "a picture is its own"
    assert get(f"/files/{site.host.library.file(str(song)).id}/artwork").content == INSIDE
    cover.write_bytes(jpeg("yellow"))
    site.host.scan(site.folder, full=True)
    assert get("/albums/1/artwork").content == jpeg("yellow"), "the file has changed"
    cover.unlink()
    site.scan()
    assert get("/albums/1/artwork").content == INSIDE


def test_smaller_in_few_sizes_and_with_ranges(site: Served, get: Get) -> None:
    put(site, "a/1.mp3")
    cover = put(site, "a/cover.jpg", FRONT)
    site.scan()
    small = get("/albums/1/artwork?size=90")
    assert small.content == jpeg("grey", 96) == get("/albums/1/artwork?size=96").content
    assert get(f"/files/{site.host.library.file(str(cover)).id}/artwork?size=100").content == jpeg("grey", 192)
    assert get("/albums/1/artwork?size=90", If_None_Match=small.headers["etag"]).status_code == 304
    part = get("/albums/1/artwork", Range="bytes=0-3")
    assert (part.status_code, part.content) == (206, FRONT[:4])
    assert get("/albums/1/artwork", Range="bytes=9999999-").json()["status"] == 416
    assert len([*(site.host.assets.files.directory / "small").iterdir()]) == 2


def test_what_has_none(site: Served, get: Get, pictures: Pictures) -> None:
    put(site, "broken.mp3")
    site.scan()
    for path in ("/albums/1/artwork", "/albums/99/artwork", "/artists/7/artwork", "/series/1/artwork"):
        assert get(path).status_code == 404
    assert get("/albums/1/artwork?kind=back").status_code == 404
    assert pictures.asked == ["broken.mp3"], "it is not asked again before the file changes"
    assert get("/albums/1/artwork?size=-1").status_code == 422
    assert get("/albums/1/artwork?width=1").status_code == 422
    assert get("/albums/1/artwork?kind=../x").status_code == 400
    assert site.client.get(f"{PREFIX}/albums/1/artwork").status_code == 401


def test_assets_by_id_and_what_purging_leaves(site: Served, get: Get) -> None:
    path = put(site, "1.mp3")
    site.scan()
    asset_id = get("/albums/1/artwork").headers["etag"].strip('"')
    assert get(f"/assets/{asset_id}/content").content == INSIDE
    assert get(f"/assets/{asset_id}").json()["links"][0]["kind"] == "front"
    assert [one["id"] for one in get("/assets").json()["items"]] == [asset_id]
    assert get("/assets/..%2Fid/content").status_code == 404
    path.unlink()
    site.scan()
    purge_missing(site.host.engine)
    with writing(site.host.engine) as connection:
        connection.execute(sa.update(asset_uses).values(since=0))
    site.scan()
    assert get(f"/assets/{asset_id}/content").status_code == 404
    assert not [*site.host.assets.files.all()]
