"""Every procedure: values survive the wire, and no bytes from the other side raise anything unexpected."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.codec import (
    admin_page,
    api_registration,
    artwork,
    database,
    lifecycle,
    metadata_scraper,
    resizing,
    scanner_hook,
    search,
)
from viewra.codec.events import ON_EVENT, ON_EVENTS
from viewra.codec.host.attach import ATTACH
from viewra.codec.http import HANDLE
from viewra.codec.limits import Limits, limited
from viewra.codec.rpc import InvalidValue, Refusal, Rpc
from viewra.codec.tasks import EXECUTE
from viewra.pb import plugin_pb2, viewra_pb2
from viewra.services import SERVICES
from viewra.types import (
    MAX_ID,
    AdminPage,
    APIRoute,
    Event,
    FileOutcome,
    FileToRead,
    FoundPicture,
    Health,
    LibraryEvent,
    LibraryEventKind,
    PluginContext,
    PluginInfo,
    Resized,
    ScanEvent,
    ScanEventKind,
    SchemaRevision,
    SchemaState,
    SearchCapabilities,
    SearchResponse,
    SearchResult,
)

sides = st.integers(1, 4096)
pictures = st.builds(FoundPicture, st.sampled_from(["front", "back"]), st.just("0a" * 32))
text = st.text(st.characters(codec="utf-8"), max_size=20)
path = st.binary(min_size=1, max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
maps = st.dictionaries(text, text, max_size=5)
texts = st.lists(text, max_size=5).map(tuple)
ids = st.integers(1, MAX_ID)
uint32 = st.integers(0, MAX_ID)
named = text.filter(bool)
places = named.filter(lambda value: ".." not in value)
results = st.builds(SearchResult, named, text, text, text, st.floats(0, 1), maps)
values = text | st.lists(text, min_size=2, max_size=3).map(tuple)
outcomes = st.one_of(
    st.builds(FileOutcome, st.dictionaries(text, values, max_size=5)),
    st.builds(FileOutcome, st.none(), text.filter(bool)),
    st.just(FileOutcome()),
)
events = st.one_of(
    st.builds(ScanEvent, st.just(ScanEventKind.STARTED), ids, ids, library_path=path),
    st.builds(ScanEvent, st.just(ScanEventKind.FILE), ids, ids, media_file_id=ids, file_path=path, metadata=maps),
    st.builds(ScanEvent, st.just(ScanEventKind.COMPLETED), ids, ids, stats=maps),
)
contexts = st.builds(PluginContext, text, maps, text, text, text, text, text)
infos = st.builds(
    PluginInfo,
    *[text] * 9,
    tags=texts,
    status=text,
    install_path=text,
    created_at=st.integers(0, 2**40),
    updated_at=st.integers(0, 2**40),
    capabilities=texts,
)
methods = st.sampled_from(["GET", "POST", "DELETE"])
nothing = st.none()
published = st.builds(Event, text, st.none() | maps, text, uint32, uint32)
library_events = st.builds(
    LibraryEvent, st.sampled_from(LibraryEventKind), uint32, ids, ids, path, st.one_of(st.just(""), path)
)

CASES: list[tuple[Rpc[..., Any], st.SearchStrategy[tuple[Any, ...]], st.SearchStrategy[Any]]] = [
    (lifecycle.INITIALIZE, st.tuples(contexts), nothing),
    (lifecycle.START, st.tuples(), nothing),
    (lifecycle.STOP, st.tuples(), nothing),
    (lifecycle.QUIESCE, st.tuples(), nothing),
    (lifecycle.RENEW, st.tuples(uint32), nothing),
    (lifecycle.APPLY, st.tuples(maps), nothing),
    (lifecycle.INFO, st.tuples(), infos),
    (ON_EVENT, st.tuples(published), nothing),
    (ON_EVENTS, st.tuples(st.lists(published, max_size=5)), nothing),
    (lifecycle.HEALTH, st.tuples(), st.builds(Health, st.booleans(), text)),
    (metadata_scraper.CAN_HANDLE, st.tuples(text, text), st.booleans()),
    (metadata_scraper.EXTRACT_METADATA, st.tuples(text), maps),
    (metadata_scraper.GET_SUPPORTED_TYPES, st.tuples(), texts),
    (
        metadata_scraper.EXTRACT_METADATA_BATCH,
        st.tuples(st.lists(st.builds(FileToRead, path, text), max_size=5)),
        st.lists(outcomes, max_size=5).map(tuple),
    ),
    (scanner_hook.ON_MEDIA_FILE_SCANNED, st.tuples(ids, text, maps), nothing),
    (scanner_hook.ON_SCAN_STARTED, st.tuples(ids, ids, text), nothing),
    (scanner_hook.ON_SCAN_COMPLETED, st.tuples(ids, ids, maps), nothing),
    (scanner_hook.ON_SCAN_EVENTS, st.tuples(st.lists(events, max_size=5)), texts),
    (scanner_hook.ON_LIBRARY_EVENTS, st.tuples(st.lists(library_events, max_size=5)), texts),
    (database.GET_MODELS, st.tuples(), texts),
    (database.MIGRATE, st.tuples(text), nothing),
    (database.ROLLBACK, st.tuples(text), nothing),
    (
        database.DESCRIBE,
        st.tuples(text),
        st.builds(SchemaState, text, st.lists(st.builds(SchemaRevision, text, text, st.booleans()), max_size=3)),
    ),
    (
        admin_page.GET_ADMIN_PAGES,
        st.tuples(),
        st.lists(st.builds(AdminPage, named, named, places, text, text, text, text), max_size=3).map(tuple),
    ),
    (admin_page.REGISTER_ROUTES, st.tuples(text), nothing),
    (
        api_registration.GET_REGISTERED_ROUTES,
        st.tuples(),
        st.lists(st.builds(APIRoute, places, methods, text), max_size=3).map(tuple),
    ),
    (
        search.SEARCH,
        st.tuples(maps, uint32, uint32),
        st.builds(SearchResponse, st.lists(results, max_size=3), uint32, st.booleans()),
    ),
    (search.GET_SEARCH_CAPABILITIES, st.tuples(), st.builds(SearchCapabilities, texts, st.booleans(), uint32)),
    (artwork.FIND_PICTURES, st.tuples(path), st.lists(pictures, max_size=3).map(tuple)),
    (
        resizing.RESIZE_PICTURE,
        st.tuples(st.binary(max_size=20), st.integers(1, 4096)),
        st.builds(Resized, st.binary(min_size=1, max_size=20), st.sampled_from(resizing.TYPES), sides, sides),
    ),
]
LIMITS = Limits()
RPCS = [rpc for rpc, _, _ in CASES]
by_method = pytest.mark.parametrize(("rpc", "arguments", "values"), CASES, ids=[rpc.method for rpc in RPCS])


def test_every_procedure_of_the_contract_is_here() -> None:
    contract = {
        f"/{service.full_name}/{method.name}"
        for module in (plugin_pb2, viewra_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        if service.name not in {"AssetService", "HostService", "Multiplexer"}  # the host's, and the transport's
    }
    streams = {HANDLE.path, ATTACH.path, EXECUTE.path}  # they have tests of their own
    assert {rpc.path for rpc in RPCS} | streams == contract
    assert {rpc.service for rpc in RPCS} == {"plugin", "artwork", "resizing", "events", *SERVICES.capabilities}


@by_method
@given(data=st.data())
def test_arguments_survive_the_wire(
    rpc: Rpc[..., Any], arguments: st.SearchStrategy[Any], values: object, data: st.DataObject
) -> None:
    given_arguments = data.draw(arguments)
    assert rpc.parse_arguments(rpc.arguments(*given_arguments)) == given_arguments


@by_method
@given(data=st.data())
def test_values_survive_the_wire(
    rpc: Rpc[..., Any], arguments: object, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(values)
    assert rpc.value(rpc.answer(value), LIMITS) == value


@by_method
@given(data=st.data())
def test_no_answer_raises_anything_unexpected(
    rpc: Rpc[..., Any], arguments: object, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    raw = bytearray(rpc.answer(data.draw(values)))
    if data.draw(st.booleans()) or not raw:
        raw = bytearray(data.draw(st.binary(max_size=60)))
    else:
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refusal, InvalidValue):
        rpc.value(bytes(raw), LIMITS)
    with contextlib.suppress(Refusal, InvalidValue):
        rpc.parse_arguments(bytes(raw))


@pytest.mark.parametrize(
    ("rpc", "values"),
    [(rpc, values) for rpc, _, values in CASES if rpc.plain],
    ids=[rpc.method for rpc in RPCS if rpc.plain],
)
@given(data=st.data())
def test_an_answer_of_harmless_size_would_pass_the_check(
    rpc: Rpc[..., Any], values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """What is not checked, because the wire's types and its size suffice, is what the check would have given."""
    raw = bytearray(rpc.answer(data.draw(values)))
    if raw and data.draw(st.booleans()):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = rpc.value(bytes(raw), LIMITS)
    except (Refusal, InvalidValue):
        return
    least = Limits(entries=-(-len(raw) // 2), text_bytes=len(raw))
    assert least.harmless_bytes >= len(raw), "with less it would have been checked"
    with limited(least):
        checked = rpc.check(value)
    assert (type(checked), checked) == (type(value), value)


@pytest.mark.parametrize(
    ("limits", "field"),
    [(Limits(text_bytes=30), r"^metadata\[title\]: has 31 bytes"), (Limits(entries=2), "^metadata: has 3 entries")],
)
def test_an_answer_beyond_the_limits(limits: Limits, field: str) -> None:
    rpc = metadata_scraper.EXTRACT_METADATA
    answer = rpc.answer({"title": "t" * 31, "artist": "", "album": ""})
    assert rpc.value(answer, LIMITS)
    with pytest.raises(InvalidValue, match=field):
        rpc.value(answer, limits)


@pytest.mark.parametrize("rpc", [rpc for rpc in RPCS if rpc.failure("x") is not None], ids=lambda rpc: rpc.method)
def test_failure_is_refused_with_its_reason(rpc: Rpc[..., Any]) -> None:
    failure = rpc.failure("disk is full")
    assert failure is not None
    with pytest.raises(Refusal, match=r"^disk is full$"):
        rpc.value(failure, LIMITS)


@pytest.mark.parametrize("rpc", [lifecycle.START, database.MIGRATE, search.SEARCH], ids=lambda rpc: rpc.method)
def test_failure_without_a_reason_is_a_failure(rpc: Rpc[..., Any]) -> None:
    with pytest.raises(Refusal, match="no reason"):
        rpc.value(b"", LIMITS)


@pytest.mark.parametrize(
    ("rpc", "response"),
    [
        (lifecycle.START, plugin_pb2.StartResponse),
        (database.MIGRATE, plugin_pb2.MigrateResponse),
        (search.SEARCH, plugin_pb2.SearchResponse),
    ],
    ids=["start", "migrate", "search"],
)
def test_success_with_an_error_is_a_failure(rpc: Rpc[..., Any], response: type[Any]) -> None:
    with pytest.raises(Refusal, match="but"):
        rpc.value(response(success=True, error="but").SerializeToString(), LIMITS)


Encode = Callable[[], object]


@pytest.mark.parametrize(
    "encode",
    [
        lambda: metadata_scraper.EXTRACT_METADATA.arguments("/a\udcff"),
        lambda: scanner_hook.ON_MEDIA_FILE_SCANNED.arguments(1, "/a\udcff", {}),
        lambda: scanner_hook.ON_MEDIA_FILE_SCANNED.arguments(0, "/a", {}),
        lambda: scanner_hook.ON_SCAN_STARTED.arguments(2**32, 1, "/a"),
        lambda: search.SEARCH.arguments({}, -1, 0),
        lambda: lifecycle.START.answer("a value"),
    ],
)
def test_what_the_wire_cannot_carry(encode: Encode) -> None:
    with pytest.raises(InvalidValue):
        encode()
