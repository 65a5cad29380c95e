"""Notifications: their order, their cursors, and scans that do not wait for them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from tests.eventually import eventually
from tests.unit.library.conftest import World
from tests.unit.library.test_listeners import raises_unavailable
from viewra import library
from viewra.errors import NotOffered, PluginClosed, PluginTimeout, PluginUnavailable
from viewra.library import Notifier
from viewra.types import FileOutcome, FileToRead, LibraryEvent, ScanEvent, ScanEventKind


def test_started_files_completed_in_order(world: World, notifier: Notifier) -> None:
    world.hook.add_scraper()
    ears = world.hook.add_listener()
    paths = {str(world.put(f"{number}.mp3")) for number in range(20)}
    report = world.scan(notifier=notifier)
    notifier.close(60)
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
    notifier.close(60)
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
    notifier.close(60)
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
    notifier.close(60)
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
    notifier.close(60)
    assert ears.kinds == ["started", "file", "completed"]


def test_a_slow_listener_never_holds_up_a_scan(world: World, notifier: Notifier) -> None:
    release = threading.Event()
    world.hook.add_listener("slow", lambda event: release.wait(100) and None)
    quick = world.hook.add_listener("quick")
    for number in range(50):
        world.put(f"{number}.mp3")
    try:
        report = world.scan(notifier=notifier)
        assert report.pending_notifications["slow"] == 52
        eventually(lambda: len(quick.heard) == 52)
        notifier.close(0.2)
        assert notifier.pending() == {"slow": 52}, "closing did not wait for it"
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
    first.close(60)
    assert first.pending() == {"ears": 8}
    ears.behaviour = None
    second = Notifier(world.engine, world.hook)
    assert second.open() == []
    second.close(60)
    assert ears.kinds == ["started", *["file"] * 10, "completed"]
    assert len({event.media_file_id for event in ears.heard[1:-1]}) == 10


def test_a_kind_that_a_listener_does_not_offer_is_no_failure(world: World, notifier: Notifier) -> None:
    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        if event.kind is not ScanEventKind.FILE:
            raise NotOffered("ears", "unimplemented")

    ears = world.hook.add_listener("ears", behaviour)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    notifier.close(60)
    assert ears.kinds == ["file"]
    assert library.set_aside_counts(world.engine) == {}


def test_a_wait_ends_when_nobody_gets_further(world: World, notifier: Notifier) -> None:
    stuck = threading.Event()
    world.hook.add_listener("ears", lambda event: stuck.wait(100) and None)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    assert not notifier.wait_idle(3600, stall_s=0.05)
    stuck.set()
    assert notifier.wait_idle(60)


def test_a_plugin_that_ends_with_its_host_is_no_warning(
    world: World, notifier: Notifier, caplog: pytest.LogCaptureFixture
) -> None:
    called, stuck = threading.Event(), threading.Event()

    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        called.set()
        stuck.wait(60)
        raise PluginClosed("ears", "is stopped, as its host ends")

    world.hook.add_listener("ears", behaviour)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    assert called.wait(60)
    notifier.close(0)
    stuck.set()
    notifier.close(20)
    assert caplog.records == []


def test_a_missing_file_is_not_told_as_scanned(world: World, notifier: Notifier) -> None:
    world.hook.add_listener("first").behaviour = raises_unavailable
    world.put("a.mp3")
    world.put("b.mp3")
    world.scan(notifier=notifier)
    (world.folder / "a.mp3").unlink()
    world.scan(notifier=notifier)
    notifier.close(60)
    world.hook.listeners.clear()
    ears = world.hook.add_listener("first")
    again = Notifier(world.engine, world.hook)
    again.open()
    again.close(60)
    assert ears.kinds == ["started", "file", "completed", "started", "missing", "completed"]
    assert ears.scans[1].file_path == str(world.folder / "b.mp3")
    missing = ears.heard[4]
    assert isinstance(missing, LibraryEvent)
    assert missing.path == str(world.folder / "a.mp3")
