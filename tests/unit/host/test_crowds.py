"""Many at once: threads that call the same hook, plugins behind it, and threads that scan the same folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from viewra import Host
from viewra.errors import LockedError
from viewra.sdk import Plugin
from viewra.types import ScanReport, SearchCapabilities, SearchResponse, SearchResult

pytestmark = pytest.mark.usefixtures("quick_hosts")

THREADS = 1000
PLUGINS = 50


class Source(Plugin):
    """Finds one thing: what was asked for."""

    def search(self, query: dict[str, str], limit: int, offset: int) -> SearchResponse:
        del limit, offset
        return SearchResponse((SearchResult(id=query["q"], title=query["q"]),), 1, False)

    def get_search_capabilities(self) -> SearchCapabilities:
        return SearchCapabilities()


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """What each of so many threads returned, all of which began together."""
    together = threading.Barrier(count)
    answers: list[object] = [None] * count

    def run(number: int) -> None:
        together.wait(60)
        try:
            answers[number] = work(number)
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_a_thousand_threads_get_their_own_answers(tmp_path: Path) -> None:
    with Host(data_dir=tmp_path / "data", plugin_dirs=[], watch=False) as host:
        host.register(Source())

        def ask(number: int) -> list[str]:
            (result,) = host.hook.search(query={"q": str(number)}, limit=1, offset=0)
            return [hit.id for hit in result.unwrap().results]

        assert at_once(THREADS, ask) == [[str(number)] for number in range(THREADS)]


def test_fifty_plugins_answer_one_call(tmp_path: Path) -> None:
    with Host(data_dir=tmp_path / "data", plugin_dirs=[], watch=False) as host:
        for number in range(PLUGINS):
            host.register(type(f"Source{number}", (Source,), {})())
        results = host.hook.search(query={"q": "x"}, limit=1, offset=0)
        assert len({result.plugin_id for result in results if result.unwrap().results}) == PLUGINS


def test_threads_that_scan_one_file_read_it_once(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / "a.mp3").write_bytes(b"a")
    with Host(data_dir=tmp_path / "data", plugin_dirs=[], watch=False) as host:
        with ThreadPoolExecutor(1) as one:
            assert one.submit(host.scan, music).result(60).counts.new == 1
        (music / "b.mp3").write_bytes(b"b")
        answers = at_once(8, lambda _: host.scan(music))
        reports = [answer for answer in answers if isinstance(answer, ScanReport)]
        assert all(isinstance(answer, (ScanReport, LockedError)) for answer in answers)
        assert sum(report.counts.new for report in reports) == 1
        assert len(host.library.files().items) == 2
