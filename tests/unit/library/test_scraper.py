"""One scraper's window and its sweep, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from types import MappingProxyType

import pytest

from viewra.errors import PluginTimeout, PluginUnavailable
from viewra.library import unread
from viewra.library.scrape import PAGE, Completion, Outcomes, Scraper
from viewra.library.unread import WantedFile
from viewra.types import FileOutcome, FileToRead


class Unread(unread.Unread):
    """A to-do of which answered files are taken by the test."""

    def __init__(self) -> None:
        self.files: list[WantedFile] = []

    def add(self, *ids: int) -> None:
        self.files += [WantedFile(number, f"/{number}.mp3", "audio/mpeg") for number in ids]

    def page(self, after: int, limit: int) -> list[WantedFile]:
        return [file for file in self.files if file.id > after][:limit]

    def count(self) -> int:
        return len(self.files)


class Session:
    """A session whose futures the test completes."""

    plugin_id, code_hash, batch_size, window = "tags", "v1", 4, 2
    priority: Mapping[str, int] = MappingProxyType({})

    def __init__(self) -> None:
        self.calls: list[tuple[list[int], Future[Sequence[FileOutcome]]]] = []

    def wants(self, mime_type: str) -> bool:
        return True

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        future: Future[Sequence[FileOutcome]] = Future()
        self.calls.append(([int(file.file_path[1:-4]) for file in files], future))
        return future

    @property
    def handed_over(self) -> list[list[int]]:
        return [ids for ids, _ in self.calls]


class Bench:
    def __init__(self) -> None:
        self.unread, self.session = Unread(), Session()
        self.newest = 10
        self.completions: SimpleQueue[Completion] = SimpleQueue()
        self.scraper = Scraper(self.session, self.unread, self.completions, 10)

    def offer(self) -> None:
        """Offer what was added since the last time, as ``Fresh`` does."""
        self.scraper.expect(len(self.unread.files))
        fresh = [file for file in self.unread.files if file.id > self.newest]
        self.newest = fresh[-1].id
        self.scraper.offer(fresh)

    def answer(self, call: int, error: Exception | None = None) -> Outcomes:
        ids, future = self.session.calls[call]
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result([FileOutcome({})] * len(ids))
            self.unread.files = [file for file in self.unread.files if file.id not in ids]
        return self.scraper.settle(self.completions.get(timeout=60))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_only_files_newer_than_the_scan_are_read_before_the_sweep(bench: Bench) -> None:
    bench.unread.add(1, 2, 11, 12)
    bench.offer()
    bench.scraper.submit(partial=False)
    assert bench.session.handed_over == [[11, 12]]
    bench.scraper.sweep()
    bench.scraper.submit(partial=True)
    assert bench.session.handed_over == [[11, 12], [1, 2]]


def test_a_batch_that_is_not_full_waits_while_another_is_in_flight(bench: Bench) -> None:
    bench.unread.add(11, 12, 13, 14, 15)
    bench.offer()
    bench.scraper.submit(partial=False)
    assert bench.session.handed_over == [[11, 12, 13, 14]]
    bench.unread.add(16, 17, 18)
    bench.offer()
    bench.scraper.submit(partial=False)
    assert bench.session.handed_over == [[11, 12, 13, 14], [15, 16, 17, 18]]


def test_the_sweep_leaves_out_what_is_in_flight_waiting_or_failed(bench: Bench) -> None:
    bench.session.batch_size = 1
    bench.unread.add(11, 12, 13, 14)
    bench.offer()
    bench.scraper.submit(partial=False)
    timeout = PluginTimeout("tags", "no answer")
    assert bench.answer(0, timeout) == []
    assert [file.id for file, _ in bench.answer(1)] == [12]
    bench.scraper.submit(partial=False)
    assert bench.answer(2, timeout) == []  # alone now; not yet known whether the plugin works at all
    bench.scraper.sweep()
    bench.scraper.submit(partial=True)
    condemned = bench.answer(3)
    assert [(file.id, outcome.error) for file, outcome in condemned] == [(13, ""), (11, "no answer")]
    bench.scraper.submit(partial=True)
    bench.answer(4)
    bench.scraper.submit(partial=True)
    assert bench.session.handed_over == [[11], [12], [11], [13], [14]]
    assert bench.scraper.idle


def test_a_failed_batch_costs_one_more_breakdown_for_each_bad_file(bench: Bench) -> None:
    bench.unread.add(11, 12, 13, 14)
    bench.offer()
    kept: Outcomes = []
    for call, error in enumerate([True, False, True, False, True]):
        bench.scraper.submit(partial=True)
        assert len(bench.session.calls) == call + 1, "one at a time"
        kept += bench.answer(call, PluginTimeout("tags", "no answer") if error else None)
    kept += bench.scraper.finish()
    assert bench.session.handed_over == [[11, 12, 13, 14], [11], [12], [13], [14]]
    assert {file.id: outcome.error for file, outcome in kept} == {11: "", 12: "no answer", 13: "", 14: "no answer"}
    assert bench.scraper.idle
    assert bench.scraper.gave_up is None


@pytest.mark.parametrize(
    "late", [PluginTimeout("tags", "no answer"), PluginUnavailable("tags", "it was ended", in_call=True)]
)
def test_a_file_that_fails_while_another_may_hang_is_read_once_more(bench: Bench, late: Exception) -> None:
    bench.unread.add(11, 12, 13, 14)
    bench.offer()
    timeout = PluginTimeout("tags", "no answer")
    kept: Outcomes = []
    # the batch, 11, 12 which hangs, 13 which finds the process hanging, 14, and 13 again
    for call, error in enumerate([timeout, None, timeout, late, None, None]):
        bench.scraper.submit(partial=True)
        kept += bench.answer(call, error)
    assert bench.session.handed_over == [[11, 12, 13, 14], [11], [12], [13], [14], [13]]
    assert {file.id: outcome.error for file, outcome in kept} == {11: "", 12: "no answer", 13: "", 14: ""}
    assert bench.scraper.idle


def test_a_file_that_fails_again_by_itself_keeps_its_error(bench: Bench) -> None:
    bench.unread.add(11, 12, 13)
    bench.offer()
    timeout = PluginTimeout("tags", "no answer")
    kept: Outcomes = []
    for call, error in enumerate([timeout, timeout, timeout, None, timeout, None]):
        bench.scraper.submit(partial=True)
        if call < len(bench.session.calls):
            kept += bench.answer(call, error)
    kept += bench.scraper.finish()
    assert bench.session.handed_over == [[11, 12, 13], [11], [12], [13], [11], [12]]
    assert {file.id: outcome.error for file, outcome in kept} == {11: "no answer", 12: "", 13: ""}


def test_the_only_file_keeps_its_error_though_nothing_is_left_to_prove_the_plugin(bench: Bench) -> None:
    bench.unread.add(11)
    bench.offer()
    bench.scraper.submit(partial=True)
    assert bench.answer(0, PluginTimeout("tags", "no answer")) == []
    bench.scraper.submit(partial=True)
    assert bench.answer(1, PluginTimeout("tags", "no answer")) == []
    assert bench.scraper.idle
    assert [outcome.error for _, outcome in bench.scraper.finish()] == ["no answer"]


def test_more_than_a_page(bench: Bench) -> None:
    bench.session.batch_size = 256
    bench.unread.add(*range(11, 11 + 2 * PAGE))
    bench.offer()
    call = 0
    while not bench.scraper.idle:
        bench.scraper.submit(partial=True)
        bench.answer(call)
        call += 1
    assert [number for ids in bench.session.handed_over for number in ids] == list(range(11, 11 + 2 * PAGE))


def test_one_that_has_a_page_waiting_looks_for_the_rest_itself(bench: Bench) -> None:
    bench.session.batch_size = PAGE // 2
    for first in (11, 11 + PAGE, 11 + 2 * PAGE, 11 + 3 * PAGE):  # of which the last two are more than it holds
        bench.unread.add(*range(first, first + PAGE))
        bench.offer()
        if first == 11:
            bench.scraper.submit(partial=False)
    assert len(bench.scraper._waiting) <= PAGE
    call = 0
    while not bench.scraper.idle:
        bench.answer(call)
        bench.scraper.submit(partial=True)
        call += 1
    assert [number for ids in bench.session.handed_over for number in ids] == list(range(11, 11 + 4 * PAGE))


def test_what_it_does_not_read_is_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.session, "wants", lambda mime_type: mime_type == "audio/flac")
    bench.unread.add(11, 12)
    bench.unread.files.append(WantedFile(13, "/13.mp3", "audio/flac"))
    bench.offer()
    bench.scraper.submit(partial=True)
    assert bench.session.handed_over == [[13]]


def test_what_is_left_is_counted(bench: Bench) -> None:
    bench.unread.add(11, 12, 13)
    bench.offer()
    assert bench.scraper.remaining == 3
    bench.scraper.submit(partial=True)
    bench.answer(0)
    assert bench.scraper.remaining == 0


def test_after_a_cancellation_nothing_is_taken_back(bench: Bench) -> None:
    bench.unread.add(11)
    bench.offer()
    bench.scraper.submit(partial=True)
    bench.scraper.cancel()
    assert bench.session.calls[0][1].cancelled()
    assert bench.scraper.settle(bench.completions.get(timeout=60)) == []
    assert bench.scraper.idle
