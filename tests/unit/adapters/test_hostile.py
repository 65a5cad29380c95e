"""What a hostile plugin answers with: each call ends, with a PluginError whose text is short, whatever came."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

import pytest

from viewra.adapters import Connection, LocalEndpoint, RemoteEndpoint, Traffic
from viewra.adapters import _futures as futures
from viewra.adapters._deadlines import Deadlines
from viewra.codec import fault, lifecycle, metadata_scraper, search
from viewra.codec.limits import Limits
from viewra.codec.rpc import Rpc
from viewra.errors import PluginError, PluginFault, PluginTimeout, PluginUnavailable
from viewra.pb import plugin_pb2 as pb
from viewra.testing import FakePlugin, PluginUnderTest, in_process, loopback
from viewra.transport.calls import CallFailed, Ended, Failure
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


def by_call(endpoint: RemoteEndpoint, rpc: Rpc[..., Any], *arguments: object) -> object:
    return endpoint.call(rpc, *arguments)


def by_start(endpoint: RemoteEndpoint, rpc: Rpc[..., Any], *arguments: object) -> object:
    return endpoint.start(rpc, *arguments).result(20)


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


class BrokenWire:
    """A connection whose calls end in an exception that nothing expects, in each of the places where one can be."""

    def __init__(self, at: str) -> None:
        self._at = at

    def method(self, path: str) -> BrokenWire:
        self._or_raise("method")
        return self

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        return self.result()

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Callable[[str], bytes | None]]:
        return self.result(), self.trailer

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        self._or_raise("start")
        done(self)

    def result(self) -> bytes:
        if self._at == "loss":
            raise CallFailed(Failure.LOST)
        if self._at == "trailer":
            raise CallFailed(Failure.REPORTED, "no", self.trailer)
        self._or_raise("result")
        return b""

    def trailer(self, name: str) -> bytes | None:
        self._or_raise("trailer")
        return None

    def _or_raise(self, at: str) -> None:
        if self._at == at:
            raise RecursionError("deep")


class BrokenLink:
    plugin_id, running, code_hash, database_url, known = "p", True, "h", "", True
    limits = Limits()
    priority: Mapping[str, int] = MappingProxyType({})

    def __init__(self, at: str) -> None:
        self._at = at
        self.connection = Connection(BrokenWire(at))

    def acquire(self, patience_s: float) -> Connection:
        if self._at == "acquire":
            raise MemoryError
        return self.connection.enter()

    def recall(self, name: str) -> None:
        """Nothing: a call asks for no text that was kept."""

    def remember(self, name: str, text: str) -> None:
        """Nothing is kept."""

    def offers(self, capability: str) -> bool:
        return True

    def serves(self, wire_service: str) -> bool:
        return True

    def deadline_s(self, method: str) -> float:
        return 5.0

    def loss(self, connection: Connection, call: str) -> PluginUnavailable:
        raise OSError("cannot look")


PLACES = ("acquire", "method", "result", "trailer", "loss")


@pytest.mark.parametrize(
    ("ask", "at"), [*((by_call, at) for at in PLACES), *((by_start, at) for at in (*PLACES, "start"))]
)
def test_an_exception_in_any_place_ends_the_call_and_gives_its_place_back(ask: Callable[..., Any], at: str) -> None:
    link, traffic = BrokenLink(at), Traffic("p")
    with pytest.raises(PluginFault):
        ask(RemoteEndpoint(link, traffic), search.GET_SEARCH_CAPABILITIES)
    assert (traffic.in_flight, link.connection.drained(0)) == (0, True)


def no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def test_calls_end_when_there_can_be_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    link = BrokenLink("loss")
    link.running = False  # so that the call has to wait on a thread
    endpoint = LocalEndpoint("p", FakePlugin(), database_url="", deadline_s=lambda _: 5.0)
    endpoint.running = True
    no_more_threads(monkeypatch)
    for pending in (
        RemoteEndpoint(link).start(search.GET_SEARCH_CAPABILITIES),
        endpoint.start(search.GET_SEARCH_CAPABILITIES),
        futures.in_thread("p", lambda: 1),
    ):
        assert isinstance(pending.exception(0), PluginFault)
    assert endpoint.traffic.in_flight == 0


def test_a_deadline_that_fails_takes_no_other_along() -> None:
    deadlines, over = Deadlines(), threading.Event()

    def fail() -> None:
        raise RuntimeError("no")

    deadlines.watch(0.0, fail)
    deadlines.watch(0.0, over.set)
    assert over.wait(10)


def test_a_wait_ends_even_if_nothing_settles_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(futures, "BACKSTOP_S", 0.01)
    pending: futures.Pending[None] = futures.Pending("p", "search", 0.01)
    with pytest.raises(PluginTimeout, match=r"plugin p, search: the host waited 0\.02 s"):
        pending.result()
    assert isinstance(pending.exception(), PluginTimeout)
    with pytest.raises(TimeoutError):  # a wait with an end of its own is its caller's
        pending.result(0.01)


def test_grpc_refuses_metadata_of_10_mb_and_the_call_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault, "encode", lambda _error, _call_id: b"x" * 10_000_000)
    with loopback(FakePlugin(on={"extract_metadata": ValueError("no luck")})) as plugin:
        for ask in (by_call, by_start):
            assert isinstance(plugin.endpoint, RemoteEndpoint)
            with pytest.raises(PluginError):
                ask(plugin.endpoint, metadata_scraper.EXTRACT_METADATA, "/a")
