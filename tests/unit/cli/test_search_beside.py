"""What the command finds while a host runs: also in plugins that only this host knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from viewra.cli import _control
from viewra.cli._options import Options
from viewra.cli.search import _search
from viewra.errors import LockedError
from viewra.host import Host
from viewra.sdk import Plugin, PluginInfo, SearchCapabilities, SearchResponse, SearchResult

pytestmark = pytest.mark.usefixtures("quick_hosts")


class Finder(Plugin):
    """Knows one title."""

    def info(self) -> PluginInfo:
        return PluginInfo("finder")

    def get_search_capabilities(self) -> SearchCapabilities:
        return SearchCapabilities(["title"])

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        return SearchResponse([SearchResult("1", "Gymnopédie")], 1)


def options(data_dir: Path) -> Options:
    return Options((), None, str(data_dir), "warning", "text")


def test_the_running_host_is_asked(tmp_path: Path) -> None:
    with Host(data_dir=tmp_path / "data", watch=False) as host:
        host.register(Finder())
        page, errors = _search(options(tmp_path / "data"), "gymnop", 20, 0)
        assert ([hit.source for hit in page.results], list(errors)) == (["finder"], [])
    page, _ = _search(options(tmp_path / "data"), "gymnop", 20, 0)
    assert page.results == ()


def test_the_library_is_searched_beside_a_host_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_: object, **__: object) -> Any:
        raise LockedError("it does not answer")

    monkeypatch.setattr(_control, "ask", hangs)
    with Host(data_dir=tmp_path / "data", watch=False):
        page, errors = _search(options(tmp_path / "data"), "gymnop", 20, 0)
    assert (page.results, list(errors)) == ((), [])
