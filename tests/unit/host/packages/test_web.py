"""Addresses from which packages are downloaded: nobody on the way may replace what they give."""

from __future__ import annotations

import functools
from pathlib import Path

import httpx2
import pytest

from viewra.errors import ViewraError
from viewra.host.packages import web


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where addresses redirect to; all others give a package."""
    led: dict[str, str] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        goal = led.get(str(request.url))
        if goal is not None:
            return httpx2.Response(302, headers={"Location": goal})
        return httpx2.Response(200, content=b"package")

    client = functools.partial(httpx2.Client, transport=httpx2.MockTransport(answer))
    monkeypatch.setattr(httpx2, "Client", client)
    return led


@pytest.mark.parametrize(
    ("url", "goal"),
    [
        ("https://example.org/a", "https://example.com/b"),
        ("http://127.0.0.1:8000/a", "http://localhost:8001/b"),
        ("http://localhost/a", "https://example.com/b"),
    ],
)
def test_what_is_followed(url: str, goal: str, leads: dict[str, str], tmp_path: Path) -> None:
    leads[url] = goal
    web.download(url, tmp_path / "package", 100)
    assert (tmp_path / "package").read_bytes() == b"package"


@pytest.mark.parametrize(
    ("url", "goal"),
    [
        ("http://example.org/a", ""),
        ("ftp://example.org/a", ""),
        ("https://example.org/a", "http://example.org/b"),
        ("https://example.org/a", "file:///etc/passwd"),
        ("https://example.org/a", "http://127.0.0.1:8000/b"),
        ("http://127.0.0.1:8000/a", "http://10.0.0.1/b"),
    ],
)
def test_what_could_be_replaced_or_is_inside(url: str, goal: str, leads: dict[str, str], tmp_path: Path) -> None:
    if goal:
        leads[url] = goal
    with pytest.raises(ViewraError, match="is not an https address"):
        web.download(url, tmp_path / "package", 100)
    assert not (tmp_path / "package").exists()
