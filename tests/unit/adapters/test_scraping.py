"""The files of one batch, each in a call of its own, for a plugin that takes no batches."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from viewra.adapters._scraping import ScrapingSession
from viewra.errors import PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.types import FileOutcome, FileToRead


class Endpoint:
    """An endpoint that answers each file by what it is told."""

    plugin_id, code_hash, lanes, priority = "tags", "h", 1, {"duration": 10}

    def __init__(self, errors: dict[str, PluginError]) -> None:
        self.errors = errors

    def serves(self, _rpc: object) -> bool:
        return False

    def start(self, _rpc: object, path: str) -> Future[object]:
        future: Future[object] = Future()
        if path in self.errors:
            future.set_exception(self.errors[path])
        else:
            future.set_result({"title": path})
        return future


def read(errors: dict[str, PluginError], *paths: str) -> Future[Sequence[FileOutcome]]:
    session = ScrapingSession(Endpoint(errors), ("audio/*",), batches=False)  # type: ignore[arg-type]
    return session.submit([FileToRead(path) for path in paths])


def test_what_the_plugin_says_of_one_file_is_that_files_alone() -> None:
    fault = PluginFault("tags", "broken (because: OSError: x)", causes=("OSError: x",), reason="broken")
    good, bad = read({"b": fault}, "a", "b").result()
    assert (good.metadata, bad.error) == ({"title": "a"}, "broken")


@pytest.mark.parametrize("error", [PluginTimeout("tags", "no answer"), PluginUnavailable("tags", "gone", in_call=True)])
def test_a_call_that_is_not_answered_says_nothing_of_its_file(error: PluginError) -> None:
    """One call that keeps Python's lock holds up all the others: only reading alone can tell whose fault it is."""
    with pytest.raises(type(error)):
        read({"a": error, "b": error}, "a", "b", "c").result()


def test_a_session_has_the_priorities_of_the_manifest() -> None:
    assert ScrapingSession(Endpoint({}), (), batches=False).priority == {"duration": 10}  # type: ignore[arg-type]


class BatchEndpoint:
    """An endpoint that answers batches, each file of which takes so many seconds."""

    plugin_id, code_hash, lanes, priority = "tags", "h", 2, {"duration": 10}

    def __init__(self, each_s: float) -> None:
        self.each_s = each_s
        self.now = 0.0

    def start(self, _rpc: object, files: Sequence[FileToRead] | str) -> Future[object]:
        future: Future[object] = Future()
        count = 1 if isinstance(files, str) else len(files)
        self.now += count * self.each_s
        future.set_result({} if isinstance(files, str) else (FileOutcome({}),) * count)
        return future


def sizes(each_s: float, batches: int) -> list[int]:
    """The sizes of a session's batches, with the last that it would have."""
    endpoint = BatchEndpoint(each_s)
    session = ScrapingSession(endpoint, ("audio/*",), batches=True, now=lambda: endpoint.now)  # type: ignore[arg-type]
    found = [session.batch_size]
    for _ in range(batches):
        session.submit([FileToRead(f"/{number}") for number in range(session.batch_size)]).result()
        found.append(session.batch_size)
    return found


@pytest.mark.parametrize(
    ("each_s", "expected"),
    [(0.0001, [8, 16, 32, 64, 128, 128]), (1 / 128, [8, 16, 32, 32]), (0.1, [8, 2, 2]), (2.0, [8, 1, 1])],
)
def test_a_batch_takes_a_quarter_of_a_second(each_s: float, expected: list[int]) -> None:
    assert sizes(each_s, len(expected) - 1) == expected


def test_one_slow_batch_is_forgotten() -> None:
    endpoint = BatchEndpoint(2.0)
    session = ScrapingSession(endpoint, ("audio/*",), batches=True, now=lambda: endpoint.now)  # type: ignore[arg-type]
    for each_s, size in ((2.0, 1), (0.001, 2), (0.001, 4)):
        endpoint.each_s = each_s
        session.submit([FileToRead(f"/{number}") for number in range(session.batch_size)]).result()
        assert session.batch_size == size


def test_a_small_batch_at_the_end_of_a_page_says_nothing() -> None:
    endpoint = BatchEndpoint(0.001)
    session = ScrapingSession(endpoint, ("audio/*",), batches=True, now=lambda: endpoint.now)  # type: ignore[arg-type]
    session.submit([FileToRead("/a"), FileToRead("/b")]).result()
    assert session.batch_size == 8
