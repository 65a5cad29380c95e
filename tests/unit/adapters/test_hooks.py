"""Every hook through pluggy: stamped results, registration order, work side by side, containment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pluggy
import pytest

from viewra import hookspecs
from viewra.adapters import adapters_of, add_hookspecs
from viewra.errors import PluginError, PluginFault
from viewra.services import BatchListenerSession
from viewra.testing import FakePlugin, PluginUnderTest, in_process, loopback
from viewra.types import (
    AdminPage,
    APIRoute,
    FileToRead,
    Health,
    LibraryEvent,
    LibraryEventKind,
    Result,
    ScanEvent,
    ScanEventKind,
)


class Hooks:
    """Plugins behind pluggy, named p0, p1, …"""

    def __init__(self, stack: ExitStack, run: Callable[..., AbstractContextManager[PluginUnderTest]]) -> None:
        self.pm = pluggy.PluginManager(hookspecs.PROJECT)
        add_hookspecs(self.pm)
        self.call = self.pm.hook
        self._stack = stack
        self._run = run

    def add(self, fake: FakePlugin) -> None:
        plugin = self._stack.enter_context(self._run(fake, plugin_id=fake.plugin_id))
        fake.calls.clear()  # of its start
        for adapter in adapters_of():
            self.pm.register(adapter(plugin.endpoint), name=f"{fake.plugin_id}:{adapter.capability}")


@pytest.fixture(params=[in_process, loopback], ids=["in_process", "loopback"])
def hooks(request: pytest.FixtureRequest) -> Iterator[Hooks]:
    with ExitStack() as stack:
        yield Hooks(stack, request.param)


CALLS: dict[str, dict[str, Any]] = {
    "plugin_info": {},
    "plugin_health": {},
    "can_handle": {"file_path": "/a.flac", "mime_type": "audio/flac"},
    "extract_metadata": {"file_path": "/a.flac", "mime_type": "audio/flac"},
    "get_supported_types": {},
    "open_scraper": {},
    "on_media_file_scanned": {"media_file_id": 1, "file_path": "/a.flac", "metadata": {}},
    "on_scan_started": {"scan_job_id": 1, "library_id": 1, "library_path": "/"},
    "on_scan_completed": {"scan_job_id": 1, "library_id": 1, "stats": {}},
    "open_listener": {},
    "get_models": {},
    "migrate": {},
    "rollback": {},
    "get_admin_pages": {},
    "register_routes": {"base_path": "/admin"},
    "get_registered_routes": {},
    "search": {"query": {"q": "x"}, "limit": 1, "offset": 0},
    "get_search_capabilities": {},
}
OBSERVERS = {"plugin_state_changed", "on_library_changed"}


def test_every_hook_is_called_here() -> None:
    specified = {name for name, value in vars(hookspecs).items() if hasattr(value, "viewra_spec")}
    assert specified == CALLS.keys() | OBSERVERS


@pytest.mark.parametrize("name", CALLS)
def test_results_are_stamped_and_in_order(hooks: Hooks, name: str) -> None:
    for number in range(3):
        hooks.add(FakePlugin(f"p{number}"))
    results = getattr(hooks.call, name)(**CALLS[name])
    assert [result.plugin_id for result in results] == ["p0", "p1", "p2"]
    assert all(isinstance(result, Result) and result.ok for result in results)


METHODS = {"plugin_info": "info", "plugin_health": "health", "open_scraper": "get_supported_types"}


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"open_listener"}))
def test_one_that_fails_does_not_fail_the_others(hooks: Hooks, name: str) -> None:
    hooks.add(FakePlugin("p0"))
    bad_one = FakePlugin("bad")
    hooks.add(bad_one)
    bad_one.on[METHODS.get(name, name)] = RuntimeError("no")
    hooks.add(FakePlugin("p2"))
    first, bad, last = getattr(hooks.call, name)(**CALLS[name])
    assert first.ok
    assert last.ok
    assert isinstance(bad.error, PluginFault)
    assert bad.error.plugin_id == "bad"
    assert bad.value is None


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"plugin_info", "plugin_health"}))
def test_one_without_the_service_is_not_in_the_list(hooks: Hooks, name: str) -> None:
    hooks.add(FakePlugin("with"))
    hooks.add(FakePlugin("without", offers=[]))
    assert [result.plugin_id for result in getattr(hooks.call, name)(**CALLS[name])] == ["with"]


def test_plugins_of_one_hook_work_at_the_same_time(hooks: Hooks) -> None:
    together = threading.Barrier(3, timeout=10)  # broken unless all three are in the call at once
    for number in range(3):
        hooks.add(FakePlugin(f"p{number}", on={"health": lambda: (together.wait(), Health(healthy=True))[1]}))
    assert all(result.ok for result in hooks.call.plugin_health())


def test_extract_metadata_asks_only_who_handles_the_type(hooks: Hooks) -> None:
    video, picky = FakePlugin("video", on={"get_supported_types": ["video/mp4"]}), FakePlugin("picky")
    picky.on["get_supported_types"] = []
    hooks.add(video)
    hooks.add(picky)
    assert [r.plugin_id for r in hooks.call.extract_metadata(file_path="/a.flac", mime_type="audio/flac")] == ["picky"]
    assert hooks.call.extract_metadata(file_path="/a.txt", mime_type="text/plain") == []
    assert not video.called("extract_metadata")
    assert picky.called("can_handle") == [("/a.flac", "audio/flac"), ("/a.txt", "text/plain")]


def test_open_scraper_reads_many_files(hooks: Hooks) -> None:
    hooks.add(FakePlugin("p0"))
    session = hooks.call.open_scraper()[0].unwrap()
    assert session.wants("audio/flac")
    assert not session.wants("video/mp4")
    files = [FileToRead(path) for path in ("/a.flac", "/broken.flac", "/b\udcff.txt")]
    good, bad, odd = session.submit(files).result(60)
    assert good.metadata == {"title": "a.flac"}
    assert (bad.metadata, bad.error) == (None, "cannot read it")
    assert odd.metadata == {"title": "b?.txt"}


def test_open_scraper_lets_a_plugin_without_types_decide(hooks: Hooks) -> None:
    hooks.add(FakePlugin("p0", on={"get_supported_types": []}))
    session = hooks.call.open_scraper()[0].unwrap()
    assert session.wants("anything/at-all")
    yes, no = session.submit([FileToRead("/a.flac"), FileToRead("/a.txt")]).result(60)
    assert yes.metadata == {"title": "a.flac"}
    assert (no.metadata, no.error) == (None, "")


def test_open_listener_delivers_each_kind(hooks: Hooks) -> None:
    fake = FakePlugin("p0")
    hooks.add(fake)
    session = hooks.call.open_listener()[0].unwrap()
    session.deliver(ScanEvent(ScanEventKind.STARTED, 7, 2, library_path="/m\udcff"))
    session.deliver(
        ScanEvent(ScanEventKind.FILE, 7, 2, media_file_id=5, file_path="/m/a\udcff", metadata={"title": "x"})
    )
    session.deliver(ScanEvent(ScanEventKind.COMPLETED, 7, 2, stats={"seen": "1"}))
    assert fake.called("on_scan_started") == [(7, 2, "/m\udcff")]
    assert fake.called("on_media_file_scanned") == [(5, "/m/a\udcff", {"title": "x"})]
    assert fake.called("on_scan_completed") == [(7, 2, {"seen": "1"})]
    fake.on["on_scan_started"] = ValueError("not now")
    with pytest.raises(PluginFault, match="not now"):
        session.deliver(ScanEvent(ScanEventKind.STARTED, 8, 2))


def test_a_listener_takes_several_at_once_until_one_fails(hooks: Hooks) -> None:
    fake = FakePlugin("p0")
    hooks.add(fake)
    session = hooks.call.open_listener()[0].unwrap()
    assert isinstance(session, BatchListenerSession)
    events = [ScanEvent(ScanEventKind.FILE, 7, 2, media_file_id=number, file_path="/a") for number in range(1, 5)]
    started = ScanEvent(ScanEventKind.STARTED, 7, 2, library_path="/m")
    assert list(session.deliver_batch([started, *events])) == [""] * 5
    assert [call[0] for call in fake.called("on_media_file_scanned")] == [1, 2, 3, 4]
    fake.on["on_scan_started"] = ValueError("not now")
    answers = session.deliver_batch([*events, started, *events])
    assert list(answers[:4]) == [""] * 4
    assert "not now" in answers[4]
    assert all(answers[5:])
    assert len(fake.called("on_media_file_scanned")) == 8, "nothing after the one that failed"
    fates = [LibraryEvent(LibraryEventKind.MISSING, 7, 2, 5, "/a", "")]
    assert list(session.deliver_batch([started, *fates])) == [], "of one kind only"


@pytest.mark.parametrize("name", ["migrate", "rollback"])
def test_each_plugin_gets_its_own_database(hooks: Hooks, name: str) -> None:
    fakes = [FakePlugin("p0"), FakePlugin("p1")]
    for fake in fakes:
        hooks.add(fake)
    getattr(hooks.call, name)()
    urls = [fake.called(name)[0][0] for fake in fakes]
    assert len(set(urls)) == 2
    assert all(url.startswith("sqlite:///") for url in urls)


def test_one_connection_string_never_reaches_two_plugins(hooks: Hooks) -> None:
    fakes = [FakePlugin("p0"), FakePlugin("p1")]
    for fake in fakes:
        hooks.add(fake)
    assert all(isinstance(r.error, PluginError) for r in hooks.call.migrate(connection_string="sqlite:////x.db"))
    assert not any(fake.called("migrate") for fake in fakes)
    assert [r.plugin_id for r in hooks.call.migrate(connection_string="sqlite:////x.db", plugin_id="p1")] == ["p1"]
    assert fakes[1].called("migrate") == [("sqlite:////x.db",)]


def test_register_routes_gives_each_plugin_a_path_of_its_own(hooks: Hooks) -> None:
    fakes = [FakePlugin("p0"), FakePlugin("p1")]
    for fake in fakes:
        hooks.add(fake)
    hooks.call.register_routes(base_path="/admin/plugins/")
    assert [fake.called("register_routes") for fake in fakes] == [[("/admin/plugins/p0",)], [("/admin/plugins/p1",)]]


def test_values_cross_whole(hooks: Hooks) -> None:
    page = AdminPage("a", "Ä", "/a", icon="i", category="c", url="u", type="t")
    route = APIRoute("/a", "GET", "d")
    hooks.add(FakePlugin("p0", on={"get_admin_pages": [page], "get_registered_routes": [route]}))
    assert hooks.call.get_admin_pages()[0].value == (page,)
    assert hooks.call.get_registered_routes()[0].value == (route,)


@pytest.mark.parametrize("media_file_id", [0, -1, 2**32, True])
def test_id_that_the_wire_cannot_carry(hooks: Hooks, media_file_id: int) -> None:
    hooks.add(FakePlugin("p0"))
    results = hooks.call.on_media_file_scanned(media_file_id=media_file_id, file_path="/a", metadata={})
    # In this process nothing has to be carried.
    assert results[0].ok or "media_file_id" in str(results[0].error)
