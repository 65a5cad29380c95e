"""Notifications: their order, their cursors, and that a scan never waits for them."""

from __future__ import annotations

import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
import sqlalchemy as sa

from tests.eventually import eventually
from tests.unit.library.conftest import FakeListener, World
from viewra import library
from viewra.db import open_database
from viewra.errors import NotOffered, PluginClosed, PluginFault, PluginTimeout, PluginUnavailable
from viewra.library import Notifier, delivery
from viewra.library.events import open_cursor, save_cursor
from viewra.types import FileOutcome, FileToRead, LibraryEvent, Result, ScanEvent, ScanEventKind


@pytest.fixture
def notifier(world: World) -> Iterator[Notifier]:
    made = Notifier(world.engine, world.hook)
    yield made
    made.close(5)


def test_started_files_completed_in_order(world: World, notifier: Notifier) -> None:
    world.hook.add_scraper()
    ears = world.hook.add_listener()
    paths = {str(world.put(f"{number}.mp3")) for number in range(20)}
    report = world.scan(notifier=notifier)
    notifier.close(10)
    assert ears.kinds == ["started", *["file"] * 20, "completed"]
    started, *files, completed = ears.scans
    assert (started.library_path, started.scan_job_id, started.library_id) == (
        str(world.folder),
        report.scan_job_id,
        report.library_id,
    )
    assert {event.file_path for event in files} == paths
    assert {event.media_file_id for event in files} == set(world.ids().values())
    assert {event.metadata["artist"] for event in files} == {"Artist of tags"}
    assert completed.stats["status"] == "completed"
    assert completed.stats["new"] == "20"
    assert notifier.pending() == {}
    assert world.rows("SELECT * FROM scan_events") == []


def test_several_values_are_one_text_for_listeners(world: World, notifier: Notifier) -> None:
    values = {"artist": ("Clara", "Johannes")}
    world.hook.add_scraper("tags", lambda files: [FileOutcome(values)] * len(files))
    ears = world.hook.add_listener()
    world.put("x.mp3")
    world.scan(notifier=notifier)
    notifier.close(10)
    assert [event.metadata for event in ears.scans if event.file_path] == [{"artist": "Clara; Johannes"}]


def test_new_changed_moved_and_read_again_are_told_unchanged_is_not(world: World, notifier: Notifier) -> None:
    scraper = world.hook.add_scraper()
    for name in ("same", "changes", "moves"):
        world.put(f"{name}.mp3")
    world.scan()
    ears = world.hook.add_listener()
    world.put("changes.mp3", b"something else")
    (world.folder / "moves.mp3").rename(world.folder / "moved.mp3")
    world.put("new.mp3")
    world.scan(notifier=notifier)
    scraper.code_hash = "v2"
    world.scan(notifier=notifier)
    notifier.close(10)
    names = [event.file_path.rpartition("/")[2] for event in ears.heard if event.kind is ScanEventKind.FILE]
    assert sorted(names[:3]) == ["changes.mp3", "moved.mp3", "new.mp3"]
    assert sorted(names[3:]) == ["changes.mp3", "moved.mp3", "new.mp3", "same.mp3"]


def test_a_file_is_told_once_when_all_scrapers_have_answered(world: World, notifier: Notifier) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        eventually(lambda: len(world.rows("SELECT * FROM file_metadata")) >= 10)  # all that the other one says
        return [FileOutcome({"mood": "calm"})] * len(files)

    world.hook.add_scraper("a")
    world.hook.add_scraper("b", behaviour)
    ears = world.hook.add_listener()
    for number in range(10):
        world.put(f"{number}.mp3")
    world.scan(notifier=notifier)
    notifier.close(10)
    files = [event for event in ears.heard if event.kind is ScanEventKind.FILE]
    assert len(files) == 10
    assert all({"artist", "mood"} <= set(event.metadata) for event in files)


def test_a_file_read_again_is_told_when_another_scraper_does_not_answer(world: World, notifier: Notifier) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        raise PluginTimeout("b", "no answer")

    a, b = world.hook.add_scraper("a"), world.hook.add_scraper("b")
    world.put("x.mp3")
    world.scan()
    ears = world.hook.add_listener()
    a.code_hash = b.code_hash = "v2"
    b.behaviour = behaviour
    world.scan(notifier=notifier)
    notifier.close(10)
    assert ears.kinds == ["started", "file", "completed"]


def test_a_slow_listener_never_holds_up_a_scan(world: World, notifier: Notifier) -> None:
    release = threading.Event()
    world.hook.add_listener("slow", lambda event: release.wait(30) and None)
    quick = world.hook.add_listener("quick")
    for number in range(50):
        world.put(f"{number}.mp3")
    try:
        report = world.scan(notifier=notifier)
        assert report.pending_notifications["slow"] == 52
        eventually(lambda: len(quick.heard) == 52)
        started = time.monotonic()
        notifier.close(0.2)
        assert time.monotonic() - started < 5
        assert notifier.pending() == {"slow": 52}
    finally:
        release.set()


def test_the_next_host_goes_on_where_delivery_stopped(world: World) -> None:
    gone = threading.Event()

    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        if event.kind is ScanEventKind.FILE and gone.is_set():
            raise PluginUnavailable("ears", "crashed")
        if event.kind is ScanEventKind.FILE and len(ears.heard) == 4:
            gone.set()
            raise PluginClosed("ears", "was stopped")

    ears = world.hook.add_listener("ears", behaviour)
    for number in range(10):
        world.put(f"{number}.mp3")
    first = Notifier(world.engine, world.hook)
    world.scan(notifier=first)
    first.close(10)
    assert first.pending() == {"ears": 8}
    ears.behaviour = None
    second = Notifier(world.engine, world.hook)
    assert second.open() == []
    second.close(10)
    assert ears.kinds == ["started", *["file"] * 10, "completed"]
    assert len({event.media_file_id for event in ears.heard[1:-1]}) == 10


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(delivery, "PAUSE_S", 0.001)


def fails_at_files(event: ScanEvent | LibraryEvent) -> None:
    if event.kind is ScanEventKind.FILE:
        raise PluginFault("ears", "the remote site is down")


@pytest.mark.usefixtures("quick")
def test_a_failing_notification_is_tried_again_then_set_aside(world: World, notifier: Notifier) -> None:
    tried: list[int] = []

    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        tried.append(event.media_file_id)
        fails_at_files(event)

    ears = world.hook.add_listener("ears", behaviour)
    for number in range(3):
        world.put(f"{number}.mp3")
    world.scan(notifier=notifier)
    assert notifier.wait_idle(math.inf)
    notifier.close(10)
    assert ears.kinds == ["started", "completed"]
    assert [tried.count(file_id) for file_id in world.ids().values()] == [5, 5, 5]
    state = library.listener_state(world.engine, "ears")
    assert (state.pending, state.attempts, state.installed) == (0, 0, True)
    assert {(one.kind, one.path, one.error, one.attempts) for one in state.set_aside} == {
        ("file", path, "the remote site is down", 5) for path in world.ids()
    }
    assert library.set_aside_counts(world.engine) == {"ears": 3}
    assert len(world.rows("SELECT * FROM scan_events")) == 3, "what was set aside is kept"


@pytest.mark.usefixtures("quick")
def test_what_was_set_aside_is_delivered_again_when_wanted(world: World) -> None:
    ears = world.hook.add_listener("ears", fails_at_files)
    for number in range(3):
        world.put(f"{number}.mp3")
    deliver_all(world)
    deliver_all(world)
    assert ears.kinds == ["started", "completed"] * 2, "not by itself"
    ears.behaviour = None
    assert library.retry_set_aside(world.engine, "ears") == 3
    deliver_all(world)
    assert sorted(ears.kinds) == ["completed"] * 3 + ["file"] * 3 + ["started"] * 3
    assert library.listener_state(world.engine, "ears").set_aside == ()
    assert world.rows("SELECT * FROM scan_events") == []


@pytest.mark.usefixtures("quick")
def test_what_was_set_aside_can_be_dropped(world: World) -> None:
    world.hook.add_listener("ears", fails_at_files)
    world.put("0.mp3")
    deliver_all(world)
    assert library.drop_set_aside(world.engine, "ears") == 1
    assert library.listener_state(world.engine, "ears").set_aside == ()
    assert world.rows("SELECT * FROM scan_events") == []


class BatchEars(FakeListener):
    """A listener that takes several at once; ``fails`` says why it does not take an event, or raises."""

    def __init__(self, fails: Callable[[ScanEvent | LibraryEvent], str] = lambda _: "") -> None:
        super().__init__("ears", self._alone)
        self.fails = fails
        self.batches: list[int] = []
        self.tried: list[ScanEvent | LibraryEvent] = []

    def _alone(self, event: ScanEvent | LibraryEvent) -> None:
        self.tried.append(event)
        if error := self.fails(event):
            raise PluginFault("ears", error)

    def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
        assert len({type(event) for event in events}) == 1
        self.batches.append(len(events))
        answers: list[str] = []
        for event in events:
            self.tried.append(event)
            answers.append(self.fails(event))
            if answers[-1]:
                break
            self.heard.append(event)
        return answers + ["not asked"] * (len(events) - len(answers))


def hear(world: World, ears: FakeListener, files: int) -> None:
    """Scan so many new files, and then without them."""
    world.hook.listeners.append(Result("ears", ears))
    for number in range(files):
        world.put(f"{number:03}.mp3")
    deliver_all(world)
    shutil.rmtree(world.folder)
    world.folder.mkdir()
    deliver_all(world)


def test_several_notifications_go_with_one_call(world: World) -> None:
    ears = BatchEars()
    hear(world, ears, 120)
    assert ears.kinds == ["started", *["file"] * 120, "completed", "started", *["missing"] * 120, "completed"]
    assert [event.media_file_id for event in ears.heard[1:121]] == sorted(
        event.media_file_id for event in ears.heard[1:121]
    )
    assert max(ears.batches) == 50
    assert len(ears.batches) < 20
    assert world.rows("SELECT * FROM scan_events") == []


@pytest.mark.usefixtures("quick")
def test_one_that_fails_among_several_is_set_aside_alone(world: World) -> None:
    ears = BatchEars(lambda event: "is down" if isinstance(event, ScanEvent) and "/030" in event.file_path else "")
    hear(world, ears, 60)
    assert ears.kinds == ["started", *["file"] * 59, "completed", "started", *["missing"] * 60, "completed"]
    bad = [event for event in ears.tried if isinstance(event, ScanEvent) and "/030" in event.file_path]
    assert len(bad) == 5
    (aside,) = library.listener_state(world.engine, "ears").set_aside
    assert (aside.error, aside.attempts) == ("is down", 5)


@pytest.mark.usefixtures("quick")
def test_one_that_ends_the_plugin_among_several_ends_it_five_times(world: World) -> None:
    """With a sixth end the plugin would be quarantined, and hear nothing more."""

    def fails(event: ScanEvent | LibraryEvent) -> str:
        if isinstance(event, ScanEvent) and "/030" in event.file_path:
            ends.append(event)
            raise PluginUnavailable("ears", "died of it", in_call=True)
        return ""

    ends: list[ScanEvent] = []
    ears = BatchEars(fails)
    hear(world, ears, 60)
    assert len(ends) == 5
    assert len({event.media_file_id for event in ears.scans if event.file_path}) == 59
    assert library.set_aside_counts(world.engine) == {"ears": 1}


def test_a_listener_that_is_slow_with_several_gets_one_at_a_time(world: World) -> None:
    class Slow(BatchEars):
        def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
            self.batches.append(len(events))
            raise PluginTimeout("ears", "no answer in time")

    ears = Slow()
    hear(world, ears, 20)
    assert ears.batches == [2, 2] * 2, "with each host; each time it takes longer until several are tried again"
    assert len(ears.heard) == 44


def deliver_all(world: World) -> None:
    made = Notifier(world.engine, world.hook)
    world.scan(notifier=made)
    assert made.wait_idle(math.inf)
    made.close(10)


def test_attempts_go_on_in_the_next_host(world: World) -> None:
    ears = world.hook.add_listener("ears", fails_at_files)
    world.put("0.mp3")
    for attempts in (1, 2):
        made = Notifier(world.engine, world.hook)
        world.scan(notifier=made)
        assert made.wait_idle(10), "a pause between attempts holds up nobody who has little patience"
        state = library.listener_state(world.engine, "ears")
        assert (state.attempts, state.error) == (attempts, "the remote site is down")
        made.close(10)
        library.retry_set_aside(world.engine, "ears")  # the pause is over
    ears.behaviour = None
    made = Notifier(world.engine, world.hook)
    made.open()
    made.close(10)
    assert ears.kinds == ["started", "file", "completed", "started", "completed"]
    assert library.listener_state(world.engine, "ears").attempts == 0


@pytest.mark.usefixtures("quick")
def test_a_notification_that_ends_the_plugin_is_set_aside_too(world: World, notifier: Notifier) -> None:
    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        if event.kind is ScanEventKind.FILE:
            raise PluginUnavailable("ears", "died of it", in_call=True)

    ears = world.hook.add_listener("ears", behaviour)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    assert notifier.wait_idle(math.inf)
    assert ears.kinds == ["started", "completed"]


def test_a_kind_that_a_listener_does_not_offer_is_no_failure(world: World, notifier: Notifier) -> None:
    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        if event.kind is not ScanEventKind.FILE:
            raise NotOffered("ears", "unimplemented")

    ears = world.hook.add_listener("ears", behaviour)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    notifier.close(10)
    assert ears.kinds == ["file"]
    assert library.set_aside_counts(world.engine) == {}


def test_nothing_is_kept_for_a_plugin_that_is_gone(world: World) -> None:
    installed = {"gone", "ears"}
    world.hook.add_listener("gone").behaviour = raises_unavailable
    ears = world.hook.add_listener("ears")
    for number in range(3):
        world.put(f"{number}.mp3")
        made = Notifier(world.engine, world.hook, lambda: installed)
        world.scan(notifier=made)
        made.close(10)
        if world.engine.dialect.name == "postgresql":  # where another host may have it, it takes a week
            with world.engine.begin() as connection:
                connection.execute(sa.text("UPDATE listener_cursors SET seen_at = 0"))
        del world.hook.listeners[:-1]
        installed.discard("gone")
    assert made.pending() == {}
    assert world.rows("SELECT * FROM scan_events") == []
    assert len(ears.heard) == 9
    state = library.listener_state(world.engine, "gone")
    assert (state.installed, state.pending) == (False, 0)
    world.hook.listeners.clear()
    back = world.hook.add_listener("gone")
    world.put("new.mp3")
    made = Notifier(world.engine, world.hook, lambda: {"gone"})
    world.scan(notifier=made)
    made.close(10)
    assert back.kinds == ["started", "file", "completed"], "it hears what comes after its return"


def test_without_any_plugin_left_that_listens_files_are_not_written_down(world: World) -> None:
    world.hook.add_listener("gone")
    made = Notifier(world.engine, world.hook, lambda: {"gone"})
    world.scan(notifier=made)
    made.close(10)
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE listener_cursors SET seen_at = 0"))
    world.hook.listeners.clear()
    world.put("0.mp3")
    world.scan(notifier=Notifier(world.engine, world.hook, lambda: set()))
    assert world.rows("SELECT * FROM scan_events") == []


def test_a_wait_ends_when_nobody_gets_further(world: World, notifier: Notifier) -> None:
    stuck = threading.Event()
    world.hook.add_listener("ears", lambda event: stuck.wait(20) and None)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    began = time.monotonic()
    assert not notifier.wait_idle(20, stall_s=0.05)
    assert time.monotonic() - began < 10
    stuck.set()
    assert notifier.wait_idle(20)


def test_a_plugin_that_ends_with_its_host_is_no_warning(
    world: World, notifier: Notifier, caplog: pytest.LogCaptureFixture
) -> None:
    called, stuck = threading.Event(), threading.Event()

    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        called.set()
        stuck.wait(20)
        raise PluginClosed("ears", "is stopped, as its host ends")

    world.hook.add_listener("ears", behaviour)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    assert called.wait(20)
    notifier.close(0)
    stuck.set()
    notifier.close(20)
    assert caplog.records == []


def test_a_listener_hears_nothing_from_before_it_was_first_seen(world: World, notifier: Notifier) -> None:
    world.hook.add_listener("old", lambda event: threading.Event().wait(0.001) and None)
    world.put("a.mp3")
    world.scan(notifier=notifier)
    late = world.hook.add_listener("late")
    world.scan(notifier=notifier)
    notifier.close(10)
    assert late.kinds == ["started", "completed"]


def test_a_missing_file_is_not_told_as_scanned(world: World, notifier: Notifier) -> None:
    world.hook.add_listener("first").behaviour = raises_unavailable
    world.put("a.mp3")
    world.put("b.mp3")
    world.scan(notifier=notifier)
    (world.folder / "a.mp3").unlink()
    world.scan(notifier=notifier)
    notifier.close(10)
    world.hook.listeners.clear()
    ears = world.hook.add_listener("first")
    again = Notifier(world.engine, world.hook)
    again.open()
    again.close(10)
    assert ears.kinds == ["started", "file", "completed", "started", "missing", "completed"]
    assert ears.scans[1].file_path == str(world.folder / "b.mp3")
    missing = ears.heard[4]
    assert isinstance(missing, LibraryEvent)
    assert missing.path == str(world.folder / "a.mp3")


def raises_unavailable(event: ScanEvent | LibraryEvent) -> None:
    raise PluginUnavailable("first", "is gone")


def test_without_a_listener_nothing_is_kept(world: World) -> None:
    world.put("a.mp3")
    assert world.scan().pending_notifications == {}
    assert world.rows("SELECT * FROM scan_events") == []
    assert world.rows("SELECT event_due FROM media_files") == [(False,)]


def test_a_listener_that_will_not_come_back_can_be_forgotten(world: World, notifier: Notifier) -> None:
    world.hook.add_listener("first").behaviour = raises_unavailable
    world.put("a.mp3")
    world.scan(notifier=notifier)
    notifier.close(10)
    assert notifier.pending() == {"first": 3}
    library.forget_listener(world.engine, "first")
    assert (notifier.pending(), world.rows("SELECT * FROM scan_events")) == ({}, [])


def test_two_hosts_that_share_a_database_tell_each_event_once(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("with SQLite there is one host")
    heard: list[int] = []

    def hears(event: ScanEvent | LibraryEvent) -> None:
        threading.Event().wait(0.002)
        heard.append(event.media_file_id)

    first, second = Notifier(world.engine, world.hook), Notifier(other := open_database(world.url), world.hook)
    world.hook.add_listener("ears", hears)
    first.open()
    second.open()
    for number in range(150):
        world.put(f"{number}.mp3")
    world.scan(notifier=first)
    second.wake()
    assert second.wait_idle(20)
    assert first.wait_idle(20)
    assert len(heard) == 152
    assert sorted(filter(None, heard)) == sorted(world.ids().values())
    assert first.pending() == {}
    for number in range(150, 200):
        world.put(f"{number}.mp3")
    world.scan(notifier=second)  # the other one's turn: it begins where the first one stopped
    assert second.wait_idle(20)
    assert len(heard) == 152 + 52
    first.close(10)
    second.close(10)
    other.dispose()


def test_the_other_host_takes_over_when_one_ends(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("with SQLite there is one host")
    stuck = threading.Event()
    first, second = Notifier(world.engine, world.hook), Notifier(other := open_database(world.url), world.hook)
    world.hook.add_listener("ears", lambda event: stuck.wait(20) and None)
    first.open()
    for number in range(10):
        world.put(f"{number}.mp3")
    world.scan(notifier=first)
    world.hook.listeners.clear()
    ears = world.hook.add_listener("ears")
    second.open()
    assert not second.wait_idle(0.5)
    assert ears.heard == []
    first.close(0)
    stuck.set()
    assert second.wait_idle(20)
    assert len(ears.heard) == 11, "all but the one that the first one had under way"
    second.close(10)
    other.dispose()


def test_a_cursor_never_goes_back(world: World) -> None:
    """Another host that shares the listener may be further: what it has delivered is not delivered again."""
    start = open_cursor(world.engine, "ears").event_id
    save_cursor(world.engine, "ears", start + 5)
    save_cursor(world.engine, "ears", start + 3)
    assert open_cursor(world.engine, "ears").event_id == start + 5
    save_cursor(world.engine, "ears", start + 6)
    assert open_cursor(world.engine, "ears").event_id == start + 6
