"""Media files by the API: only those of the library, whole or in parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.conftest import Served
from viewra.web.accounts.identity import Scope
from viewra.web.api.endpoints import PREFIX

Get = Callable[..., Any]


@pytest.fixture
def song(served: Served, put: Callable[..., Path]) -> Path:
    path = put('a "song".mp3')
    served.scan()
    return path


@pytest.fixture
def get(served: Served, song: Path) -> Get:
    def ask(method: str = "GET", number: int = 1, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"{PREFIX}/files/{number}/content"
        return served.client.request(method, path, headers={**served.headers(Scope.READ), **named})

    return ask


def test_the_whole_file(get: Get) -> None:
    answer = get()
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"0123456789", "audio/mpeg")
    assert answer.headers["accept-ranges"] == "bytes"
    assert "sandbox" in answer.headers["content-security-policy"]
    head = get("HEAD")
    assert (head.headers["content-length"], head.content) == ("10", b"")


@pytest.mark.parametrize(
    ("wanted", "status", "content", "of"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=x", 400, None, None),
        ("seconds=1-2", 200, b"0123456789", None),
    ],
)
def test_a_part(get: Get, wanted: str, status: int, content: bytes | None, of: str | None) -> None:
    answer = get(Range=wanted)
    assert (answer.status_code, answer.headers.get("content-range")) == (status, of)
    assert content is None or answer.content == content
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_part_of_the_file_that_it_was(get: Get) -> None:
    tag = get().headers["etag"]
    assert get(Range="bytes=0-1", If_Range=tag).status_code == 206
    assert get(Range="bytes=0-1", If_Range='"another"').content == b"0123456789"
    for known in (tag, f'"other", W/{tag}', "*"):
        again = get(If_None_Match=known)
        assert (again.status_code, again.headers["content-security-policy"]) == (304, "default-src 'none'; sandbox")


def test_only_what_is_in_the_library(get: Get, served: Served, song: Path) -> None:
    assert get(number=2).status_code == 404
    assert get(number=99999999999999999999).status_code == 404
    song.unlink()
    assert get().status_code == 410
    served.scan()
    assert get().status_code == 410
    song.mkdir()
    assert get().status_code == 410


def test_a_file_that_became_shorter_is_not_padded(get: Get, song: Path) -> None:
    song.write_bytes(b"xy")
    assert get().content == b"xy"


def test_a_link_that_leads_elsewhere_since_the_scan(get: Get, served: Served, song: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not of the library")
    song.unlink()
    song.symlink_to(secret)
    assert get().status_code == 410
    song.unlink()
    song.symlink_to(Path("other.mp3"))
    (song.parent / "other.mp3").write_bytes(b"of it")
    assert get().content == b"of it"
    kept = song.parent.rename(tmp_path / "kept")
    song.parent.symlink_to(kept)  # the library's own folder may be a link
    assert get().content == b"of it"


def test_a_folder_that_leads_elsewhere_since_the_scan(
    served: Served, put: Callable[..., Path], get: Get, tmp_path: Path
) -> None:
    path = put("album/song.mp3", b"of the library")
    served.scan()
    assert get(number=2).content == b"of the library"
    path.parent.rename(tmp_path / "album")
    path.parent.symlink_to(tmp_path / "album")
    assert get(number=2).content == b"of the library"  # still what was scanned
    (tmp_path / "album/song.mp3").rename(tmp_path / "album/1.mp3")
    (tmp_path / "album/song.mp3").write_bytes(b"another")
    assert get(number=2).status_code == 410


def test_a_scanned_link_leads_out_but_not_to_the_hosts_data(get: Get, served: Served, tmp_path: Path) -> None:
    outside = tmp_path / "outside.mp3"
    outside.write_bytes(b"linked")
    (served.folder / "link.mp3").symlink_to(outside)
    (served.folder / "key.mp3").symlink_to(tmp_path / "data" / "viewra.db")
    served.scan()
    ids = {one.path.rpartition("/")[2]: one.id for one in served.host.library.files().items}
    assert get(number=ids["link.mp3"]).content == b"linked"
    assert get(number=ids["key.mp3"]).status_code == 410


def test_a_pipe_is_not_waited_for(get: Get, song: Path) -> None:
    song.unlink()
    os.mkfifo(song)
    assert get().status_code == 410
