"""What is told, to whom, how it is signed, and what happens when nobody listens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from viewra_plugins.notify_webhook.service import NotifyWebhook, plugin
from viewra_plugins.notify_webhook.service.bodies import batches, written

from viewra.errors import FetchFailed, NotFound, ViewraError
from viewra.testing import FakeFetch, FakeHostServices, PluginUnderTest, check_scanner_hook, in_process
from viewra.types import (
    Event,
    Fetched,
    Later,
    LibraryEvent,
    LibraryEventKind,
    ScanEvent,
    ScanEventKind,
    Task,
    TaskState,
)

CHAT, HOME = "https://chat.example/hook/5ecret", "http://home.local/viewra"
ALL = {"urls": {"chat": CHAT, "home": HOME}, "playback": True}


class World:
    """The plugin, and what its servers got."""

    def __init__(
        self, plugin: NotifyWebhook, host: FakeHostServices, fetch: FakeFetch, running: PluginUnderTest
    ) -> None:
        self.plugin, self.host, self.fetch, self.running = plugin, host, fetch, running

    def sent(self, url: str = CHAT) -> list[Any]:
        """The messages that arrived at an address, once all tasks are done."""
        self.host.tasks_queue.run(self.plugin)
        return [json.loads(one.body) for one in self.fetch.requests if one.url == url]

    def states(self) -> list[tuple[TaskState, str]]:
        self.host.tasks_queue.run(self.plugin)
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


def running(**settings: Any) -> Iterator[World]:
    fetch = FakeFetch({CHAT: b"", HOME: b""})
    plugin, host = NotifyWebhook(), FakeHostServices(fetch=fetch)
    plugin.bind(host=host)
    with in_process(plugin, settings=settings, host=host) as under_test:
        yield World(plugin, host, fetch, under_test)


@pytest.fixture
def world() -> Iterator[World]:
    yield from running(**ALL)


def file(number: int, path: str = "/music/a.flac", **metadata: str) -> ScanEvent:
    return ScanEvent(ScanEventKind.FILE, 7, 1, media_file_id=number, file_path=path, metadata=metadata)


def test_a_scan_is_told_to_every_address(world: World) -> None:
    ended = ScanEvent(ScanEventKind.COMPLETED, 7, 1, stats={"new": "2"})
    world.plugin.on_scan_events([file(1, title="Été", codec="flac"), file(2, "/music/\udcff.mp3"), ended])
    files, scan = world.sent()
    assert (files["event"], files["data"]) == (
        "files.scanned",
        {"files": [{"id": 1, "path": "/music/a.flac", "title": "Été"}, {"id": 2, "path": "/music/\\xff.mp3"}]},
    )
    assert (scan["event"], scan["data"]) == ("scan.completed", {"scan": 7, "library": 1, "stats": {"new": "2"}})
    assert world.sent(HOME) == [files, scan]
    assert files["at"].endswith("+00:00")


def test_what_becomes_of_files_and_what_is_played_is_told(world: World) -> None:
    hook = world.running.scanner_hook
    assert hook is not None
    moved = LibraryEvent(LibraryEventKind.MOVED, 7, 1, 5, "/music/new.mp3", "/music/old.mp3")
    hook.on_library_events([moved, LibraryEvent(LibraryEventKind.MISSING, 7, 1, 6, "/music/x.mp3")])
    world.plugin.on_event(Event("playback.ended", {"file": 5}, "opensubsonic", 1_600_000_000_000_000))
    files, played = world.sent()
    assert files["data"]["files"] == [
        {"id": 5, "change": "moved", "path": "/music/new.mp3", "old_path": "/music/old.mp3"},
        {"id": 6, "change": "missing", "path": "/music/x.mp3"},
    ]
    assert (played["event"], played["at"]) == ("playback.ended", "2020-09-13T12:26:40+00:00")
    assert played["data"] == {"source": "opensubsonic", "data": {"file": 5}}


def test_the_host_signs_and_the_plugin_has_no_secret(world: World) -> None:
    world.plugin.on_scan_completed(7, 1, {})
    (said,) = world.sent()
    (request, _) = world.fetch.requests
    assert {name.lower(): value for name, value in request.headers.items()} == {
        "content-type": "application/json",
        "x-viewra-event": "scan.completed",
        "x-viewra-delivery": said["id"],
        "x-viewra-signature-256": "sha256={hmac-sha256:secret}",
    }
    assert "secret" not in world.plugin.settings


def test_what_is_turned_off_is_not_told() -> None:
    for world in running(urls={"chat": CHAT}, scans=False, files=False, sign=False):
        world.plugin.on_scan_events([file(1), ScanEvent(ScanEventKind.COMPLETED, 7, 1)])
        world.plugin.on_library_events([LibraryEvent(LibraryEventKind.MISSING, 7, 1, 6, "/x")])
        world.plugin.on_event(Event("playback.ended"))
        assert world.sent() == []
        world.host.tasks_queue.enqueue([])
        world.host.tasks.enqueue("test")
        assert [one["event"] for one in world.sent()] == ["test"]
        assert "signature" not in repr(world.fetch.requests).lower()


@pytest.mark.parametrize(
    ("answer", "state", "notice"),
    [
        (Fetched(204, CHAT, {}), None, ""),
        (Fetched(500, CHAT, {}), TaskState.SET_ASIDE, ""),
        (Fetched(429, CHAT, {"retry-after": "120"}), TaskState.DELAYED, ""),
        (Fetched(503, CHAT, {"retry-after": "0"}), TaskState.DELAYED, ""),
        (Fetched(503, CHAT, {"retry-after": "tomorrow"}), TaskState.SET_ASIDE, ""),
        (Fetched(301, CHAT, {"location": HOME}), None, "its address has changed; set the new one"),
        (Fetched(404, CHAT, {}), None, "chat refuses messages, with the status 404"),
        (FetchFailed(f"POST {CHAT}: no route to host"), TaskState.SET_ASIDE, ""),
        (
            FetchFailed(f"POST {CHAT}: cannot be fetched: 'HTTPS://chat.example:443/hook/5ecret?'"),
            TaskState.SET_ASIDE,
            "",
        ),
        (NotFound(f"POST {CHAT}: there is no secret setting 'secret'", hint="set it"), TaskState.SET_ASIDE, "set it"),
    ],
)
def test_what_an_answer_leads_to(
    world: World, answer: Fetched | ViewraError, state: TaskState | None, notice: str
) -> None:
    """Set aside stands for "again after a pause": the fake queue has no clock."""
    world.fetch.answers[CHAT] = answer
    world.plugin.on_scan_completed(7, 1, {})
    states = world.states()
    assert [one for one, _ in states] == ([state] if state is not None else [])
    said = [one.text for one in world.host.notices]
    assert (notice in said[0]) if notice else said == []
    assert "5ecret" not in repr(states) + repr(said), "an address is as good as a password"
    if notice:
        world.fetch.answers[CHAT] = b""
        world.host.tasks.enqueue("test")
        world.sent()
        assert world.host.notices == ()


def test_a_server_cannot_put_a_message_off_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.fetch.answers[CHAT] = Fetched(503, CHAT, {"retry-after": "1"})
    world.plugin.on_scan_completed(7, 1, {})
    assert [one for one, _ in world.states()] == [TaskState.DELAYED]
    (task,) = world.host.tasks_queue.queued
    done = world.plugin.execute_task(Task(task.id, task.name, task.data))
    assert done == Later(5.0), "nor have it sent again and again"
    monkeypatch.setattr(plugin, "_PATIENCE_S", 0.0)
    with pytest.raises(RuntimeError, match="503"):
        world.plugin.execute_task(Task(task.id, task.name, task.data))


def test_redirects_are_not_followed_as_the_body_would_be_lost(world: World) -> None:
    world.plugin.on_scan_completed(7, 1, {})
    assert len(world.sent()) == 1
    assert [one.redirects for one in world.fetch.requests] == [False, False]


def test_equal_messages_have_one_id_and_wait_once(world: World) -> None:
    event = Event("playback.ended", {"file": 5}, "opensubsonic", 1_600_000_000_000_000)
    world.plugin.on_event(event)
    world.plugin.on_event(event)
    assert len(world.sent()) == 1
    world.plugin.on_event(event)
    first, again = world.sent()
    assert first == again


def test_an_address_that_was_removed_gets_nothing(world: World) -> None:
    world.plugin.on_scan_completed(7, 1, {})
    world.plugin._settings = type(world.plugin.settings)({**world.plugin.settings, "urls": {"home": HOME}})
    assert world.sent() == []
    assert len(world.sent(HOME)) == 1


def test_many_files_are_several_messages() -> None:
    files = [{"id": number, "path": "é" * 1000} for number in range(300)]
    pieces = list(batches(files))
    assert [one for piece in pieces for one in piece] == files
    assert all(len(written({"files": piece})) < 60 * 1024 for piece in pieces)
    assert [len(piece) for piece in batches([{"id": number} for number in range(450)])] == [200, 200, 50]
    assert list(batches([])) == []


def test_it_passes_the_check_suite(world: World) -> None:
    check_scanner_hook(world.running.scanner_hook)
    assert world.sent() != []
