"""When a file can be found: once all scrapers have read it, and not much later where one of them is slow."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from tests.unit.library.conftest import FakeHook, World
from viewra import library
from viewra.library import documents, recorder
from viewra.library.documents import Document
from viewra.library.stages import Stages
from viewra.types import FileOutcome, FileToRead, ScanStatus


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a scraper may take longer than files wait for it."""
    monkeypatch.setattr(recorder, "LONGEST_UNFOUND_S", 1000.0)


def _found(world: World) -> int:
    return library.search(world.engine, None, "path:mp3").total


def _hold_back(hook: FakeHook) -> threading.Event:
    """Add a scraper that answers when the event is set."""
    release = threading.Event()

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        release.wait(20)
        return [FileOutcome()] * len(files)

    hook.add_scraper("slow", behaviour)
    return release


def test_a_file_of_several_scrapers_is_written_once(
    world: World, hook: FakeHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = documents.write

    def counted(connection: object, some: Sequence[Document], stages: Stages | None = None) -> None:
        written.extend(one.entry.media_file_id for one in some)
        write(connection, some, stages)  # type: ignore[arg-type]

    monkeypatch.setattr(documents, "write", counted)
    for name in ("a", "b", "c"):
        hook.add_scraper(name)
    for number in range(20):
        world.put(f"{number}.mp3")
    world.scan()
    assert sorted(written) == sorted(world.ids().values())


def test_files_that_wait_for_a_slow_scraper_are_found_meanwhile(
    world: World, hook: FakeHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LONGEST_UNFOUND_S", 0.0)
    hook.add_scraper("fast")
    release = _hold_back(hook)
    world.put("1.mp3")
    found: list[int] = []

    def look(_progress: object) -> None:
        found.append(_found(world))
        if found[-1]:
            release.set()

    world.scan(progress=look)
    assert release.is_set()
    world.check_consistent()


def test_what_some_scrapers_read_before_a_cancellation_is_found(world: World, hook: FakeHook) -> None:
    cancel = threading.Event()
    hook.add_scraper("fast")
    release = _hold_back(hook)
    world.put("1.mp3")

    def look(_progress: object) -> None:
        if not cancel.is_set() and world.rows("SELECT 1 FROM file_metadata"):
            assert _found(world) == 0
            cancel.set()

    assert world.scan(cancel=cancel, progress=look).status is ScanStatus.CANCELLED
    release.set()
    assert _found(world) == 1
