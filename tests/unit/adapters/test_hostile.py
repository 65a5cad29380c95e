"""Hostile answers of plugins: each call ends with a PluginError whose message is short."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.unit.adapters.ways import by_call, by_start
from viewra.adapters import RemoteEndpoint
from viewra.codec import fault, lifecycle, metadata_scraper, search
from viewra.codec.limits import Limits
from viewra.errors import PluginError, PluginFault
from viewra.pb import plugin_pb2 as pb
from viewra.testing import FakePlugin, PluginUnderTest, in_process, loopback
from viewra.types import FileToRead, Health, PluginInfo, SearchResponse

FAULTS = {
    "deep": b"[" * 6000,
    "deep within": b'{"type": "T", "message": "m", "causes": ' + b"[" * 6000,
    "not UTF-8": b"\xff\xfe{}",
    "surrogates": b'{"type": "\\ud800", "message": "\\udfff", "causes": [], "call_id": "\\ud800"}',
    "a long number": b'{"type": ' + b"9" * 5000 + b', "message": "m", "causes": []}',
    "NUL": b'{"type": "\\u0000", "message": "\\u0000", "causes": [{"type": "\\u0000", "message": "x"}]}',
    "a list": b"[1, 2]",
    "causes of another kind": b'{"type": 1, "message": {}, "causes": {"a": 1}}',
    "huge": b'{"type": "T", "causes": [], "message": "' + b"x" * 5000 + b'"}',
}


each_way = pytest.mark.parametrize("ask", [by_call, by_start])


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PluginUnderTest, Callable[[bytes], None]]]:
    """A plugin over gRPC whose every call fails, and a function that says with which report."""
    reports = [b""]
    monkeypatch.setattr(fault, "encode", lambda _error, _call_id: reports[-1])
    on = dict.fromkeys(("extract_metadata", "get_supported_types", "health"), ValueError("no luck"))
    with loopback(FakePlugin(on=on)) as plugin:
        yield plugin, reports.append


@each_way
@pytest.mark.parametrize("report", FAULTS.values(), ids=FAULTS)
def test_reports_of_faults(
    raising: tuple[PluginUnderTest, Callable[[bytes], None]], ask: Callable[..., Any], report: bytes
) -> None:
    plugin, say = raising
    say(report)
    for rpc, arguments in (
        (metadata_scraper.EXTRACT_METADATA, ("/a",)),
        (metadata_scraper.GET_SUPPORTED_TYPES, ()),
        (lifecycle.HEALTH, ()),
    ):
        with pytest.raises(PluginFault, match="no luck") as caught:
            ask(plugin.endpoint, rpc, *arguments)
        said = (str(caught.value), caught.value.kind, *caught.value.causes, caught.value.call_id)
        assert all(len(text.encode()) < 5000 for text in said), "UTF-8 can carry it, and it is short"


def test_a_report_of_10_mb_is_not_even_looked_at() -> None:
    report = json.dumps({"type": "T", "message": "m", "causes": [], "call_id": "x" * 10_000_000}).encode()
    assert fault.decode(report) is None


LONG = "x" * 1_000_000


@pytest.mark.parametrize("run", [in_process, loopback])
class TestTextsAreCut:
    """A refusal may not be larger than an answer: what only says why is cut, and says how long it was."""

    def fails(self, run: Callable[..., AbstractContextManager[Any]], call: Callable[[Any], Any], **on: object) -> str:
        with run(FakePlugin(on=on)) as plugin:
            with pytest.raises(PluginFault) as caught:
                call(plugin)
            assert plugin.health().healthy
            return str(caught.value)

    def test_an_error(self, run: Any) -> None:
        said = self.fails(run, lambda p: p.metadata_scraper.extract_metadata("/a"), extract_metadata=ValueError(LONG))
        assert len(said) < 6000

    def test_its_causes(self, run: Any) -> None:
        def fail(_path: str) -> None:
            raise ValueError("short") from OSError(LONG)

        assert len(self.fails(run, lambda p: p.metadata_scraper.extract_metadata("/a"), extract_metadata=fail)) < 6000

    def test_an_error_by_status(self, run: Any) -> None:
        said = self.fails(run, lambda p: p.metadata_scraper.get_supported_types(), get_supported_types=ValueError(LONG))
        assert len(said) < 6000

    def test_errors_of_files_in_a_batch(self, run: Any) -> None:
        with run(FakePlugin(on={"extract_metadata": ValueError("y" * 50_000)})) as plugin:
            files = [FileToRead("/a"), FileToRead("/b")]
            outcomes = plugin.endpoint.call(metadata_scraper.EXTRACT_METADATA_BATCH, files)
        assert [len(one.error) <= Limits().reason_bytes for one in outcomes] == [True, True]
        assert all("[cut: 50,000 bytes in all]" in one.error for one in outcomes)

    def test_health(self, run: Any) -> None:
        with run(FakePlugin(on={"health": Health(healthy=False, error=LONG)})) as plugin:
            assert plugin.health().error.endswith("[cut: 1,000,000 bytes in all]")

    def test_info(self, run: Any) -> None:
        info = PluginInfo("fake", description=LONG, tags=["t" * 10_000] * 3000, created_at=-62135596800)
        with run(FakePlugin(on={"info": info})) as plugin:
            said = plugin.info()
        assert said.description.endswith("[cut: 1,000,000 bytes in all]")
        assert sum(map(len, said.tags)) < 500_000
        assert said.created_at == -62135596800, "Go's zero time"


def test_a_refusal_of_15_mb_over_the_wire() -> None:
    answer = pb.ExtractMetadataResponse(error="e" * 15 * 1024 * 1024).SerializeToString()
    with pytest.raises(Exception, match=r"\[cut: 15,728,640 bytes in all\]$") as caught:
        metadata_scraper.EXTRACT_METADATA.value(answer, Limits())
    assert len(str(caught.value)) == Limits().reason_bytes


def test_many_small_values_are_counted_before_they_are_made() -> None:
    answer = pb.SearchResponse(success=True, results=[pb.SearchResult()] * 100_000).SerializeToString()
    with pytest.raises(ValueError, match="100,000 entries"):
        search.SEARCH.value(answer, Limits())


class _Mute(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("run", [in_process, loopback])
@pytest.mark.parametrize(
    "answer",
    [_Mute(), 10**5000, SearchResponse((), 10**5000), {"a": "\x00"}, {1: 2}, {"\ud800": "x"}, [[]]],
    ids=["an exception without words", "a long number", "a long count", "NUL", "numbers", "surrogates", "a list"],
)
def test_odd_answers_and_exceptions(run: Any, answer: object) -> None:
    on = dict.fromkeys(("extract_metadata", "search", "get_supported_types", "can_handle"), answer)
    with run(FakePlugin(on=on)) as plugin:
        calls: tuple[Callable[[], object], ...] = (
            lambda: plugin.search.search({"q": "x"}, 1, 0),
            lambda: plugin.metadata_scraper.can_handle("/a", "a/b"),
        )
        for call in calls:
            with pytest.raises(PluginError) as caught:
                call()
            assert len(str(caught.value).encode()) < 6000
        assert plugin.health().healthy


def test_grpc_refuses_metadata_of_10_mb_and_the_call_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault, "encode", lambda _error, _call_id: b"x" * 10_000_000)
    with loopback(FakePlugin(on={"extract_metadata": ValueError("no luck")})) as plugin:
        for ask in (by_call, by_start):
            assert isinstance(plugin.endpoint, RemoteEndpoint)
            with pytest.raises(PluginError):
                ask(plugin.endpoint, metadata_scraper.EXTRACT_METADATA, "/a")
