"""Events between plugins: here of objects in the host's own process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.errors import UsageError
from viewra.events import LIBRARY_CHANGED
from viewra.host.events import events, subscriber
from viewra.sdk import Plugin
from viewra.types import Event, LibraryChange, LibraryChangeKind, PluginInfo

pytestmark = pytest.mark.usefixtures("quick_hosts")


class Hearer(Plugin):
    """Keeps what it hears, and does what a test says."""

    def __init__(self, plugin_id: str, do: Callable[[Event], None] = lambda _event: None) -> None:
        self.plugin_id = plugin_id
        self.heard: list[Event] = []
        self._do = do

    def info(self) -> PluginInfo:
        return PluginInfo(id=self.plugin_id)

    def on_event(self, event: Event) -> None:
        self.heard.append(event)
        self._do(event)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.heard]


def until(goes_on: threading.Event) -> Callable[[Event], None]:
    """What a plugin does that is held up."""

    def wait(_event: Event) -> None:
        assert goes_on.wait(60)

    return wait


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(data_dir=tmp_path / "data", watch=False, sandbox="off") as opened:
        yield opened


def test_others_hear_what_a_plugin_and_the_program_publish(host: Host) -> None:
    one, two = Hearer("one"), Hearer("two")
    for plugin in (one, two):
        host.register(plugin)
    one.host.events.publish("one.found", {"files": [1, 2]})
    host.events.publish("playback.started")
    eventually(lambda: two.names == ["one.found", "playback.started"])
    eventually(lambda: one.names == ["playback.started"])
    found = two.heard[0]
    assert (found.data, found.source, found.dropped, found.published_at > 0) == ({"files": [1, 2]}, "one", 0, True)
    assert one.heard[0].source == ""


def test_a_slow_or_failing_plugin_holds_up_nobody(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "MOST", 3)
    goes_on = threading.Event()

    def fails(_event: Event) -> None:
        raise ValueError("not today")

    slow, failing = Hearer("slow", until(goes_on)), Hearer("failing", fails)
    for plugin in (slow, failing):
        host.register(plugin)
    host.events.publish("a.n0")
    eventually(lambda: slow.names == ["a.n0"])
    for number in range(1, 8):
        host.events.publish(f"a.n{number}")
        eventually(lambda number=number: failing.names[-1:] == [f"a.n{number}"])  # type: ignore[misc]
    goes_on.set()
    eventually(lambda: len(slow.heard) == 4)
    assert [(event.name, event.dropped) for event in slow.heard[1:]] == [("a.n5", 4), ("a.n6", 0), ("a.n7", 0)]
    assert host.events.dropped == {"slow": 4}


def test_large_events_are_dropped_by_their_size(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "MOST_BYTES", 100_000)
    goes_on = threading.Event()
    slow = Hearer("slow", until(goes_on))
    host.register(slow)
    host.events.publish("a.first")
    eventually(lambda: slow.names == ["a.first"])
    for name in ("a.lost", "a.kept"):
        host.events.publish(name, "x" * 60_000)
    goes_on.set()
    eventually(lambda: [(event.name, event.dropped) for event in slow.heard[1:]] == [("a.kept", 1)])


def test_changes_of_the_library_come_in_parts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_CHANGES", 2)
    assert not host.events.are_there(), "nothing is collected for nobody"
    hearer = Hearer("hearer")
    host.register(hearer)
    assert host.events.are_there()
    paths = ["/m/\udcff.mp3", "/m/b", "/m/c"]
    host.events.tell([LibraryChange(LibraryChangeKind.ADDED, 1, i, path) for i, path in enumerate(paths)], True)
    eventually(lambda: hearer.names == [LIBRARY_CHANGED] * 2)
    data = [event.data for event in hearer.heard]
    assert all(isinstance(one, dict) for one in data)
    assert [(one["lost"], [row["path"] for row in one["changes"]]) for one in data if isinstance(one, dict)] == [
        (True, paths[:2]),
        (False, paths[2:]),
    ]


def test_a_scan_tells_of_what_it_found(host: Host, tmp_path: Path) -> None:
    hearer = Hearer("hearer")
    host.register(hearer)
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").write_bytes(b"ID3")
    host.scan(tmp_path / "music")
    eventually(lambda: LIBRARY_CHANGED in hearer.names)
    assert isinstance(hearer.heard[0].data, dict)
    assert hearer.heard[0].data["changes"][0]["path"] == str(tmp_path / "music" / "a.mp3")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("started", None, "must be words with dots"),
        ("Playback.started", None, "must be words with dots"),
        ("a." + "b" * 127, None, "of at most 128 characters"),
        ("library.changed", None, "only the host itself"),
        ("a.b", object(), "is not what JSON has"),
        ("a.b", float("nan"), "is not what JSON has"),
        ("a.b", "x" * 70_000, "at most 65,536 are allowed"),
    ],
)
def test_what_is_no_event_is_refused(name: str, data: object, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        events.Events(dict).publish(name, data)


def test_a_closing_host_tells_what_there_is_to_tell(tmp_path: Path) -> None:
    goes_on = threading.Event()
    hearer = Hearer("hearer", until(goes_on))
    with Host(data_dir=tmp_path / "data", watch=False, sandbox="off") as host:
        host.register(hearer)
        host.events.publish("a.one")
        eventually(lambda: hearer.names == ["a.one"])
        host.events.publish("a.two")
        goes_on.set()
    assert hearer.names == ["a.one", "a.two"]
    eventually(lambda: not any(thread.name == "events-hearer" for thread in threading.enumerate()))
