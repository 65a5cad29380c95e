"""What the base of enrichers does with files, the library and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sdk.finding import World, finding
from viewra.errors import QuotaExceeded
from viewra.sdk import Enricher
from viewra.types import (
    FileEntry,
    Later,
    LibraryEvent,
    LibraryEventKind,
    NewTask,
    ScanEvent,
    ScanEventKind,
    Task,
    TaskState,
)


@pytest.fixture
def world() -> Iterator[World]:
    with finding() as world:
        yield world


def entry(number: int) -> FileEntry:
    return FileEntry(number, 1, f"/{number}.flac", "audio/flac", 1, 0, "audio")


def read(*ids: int) -> list[ScanEvent]:
    return [ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=one) for one in ids]


COMPLETED = ScanEvent(ScanEventKind.COMPLETED, 1, 1)


# ---- files ----


def test_files_that_were_read_are_looked_at_fifty_at_a_time_when_others_are_read_too(world: World) -> None:
    world.finder.on_scan_events(read(*range(1, 52)))
    assert [one.data for one in world.queued] == [[*range(1, 51)], [51]]
    assert {one.state for one in world.host.tasks_queue.queued} == {TaskState.DELAYED}
    world.finder.execute_task(Task(1, "files", [51, "52"]))
    assert world.finder.looked_at == [51]
    assert world.queued[-1] == NewTask("one", 51, "51")
    assert world.work()[:2] == [TaskState.DELAYED] * 2
    assert world.finder.done == [51]


def test_single_notifications_are_the_same(world: World) -> None:
    world.finder.on_scan_started(1, 1, "/")
    world.finder.on_media_file_scanned(7, "/7.flac", {})
    world.finder.on_scan_completed(1, 1, {})
    assert [(one.name, one.data) for one in world.queued] == [("files", [7]), ("walk", None)]


@pytest.mark.parametrize(
    ("kind", "again", "gone"),
    [
        (LibraryEventKind.MOVED, [[7]], []),
        (LibraryEventKind.RETURNED, [[7]], []),
        (LibraryEventKind.MISSING, [], []),
        (LibraryEventKind.PURGED, [], [7]),
    ],
)
def test_changes_have_files_looked_at_again_or_forgotten(
    world: World, kind: LibraryEventKind, again: list[object], gone: list[int]
) -> None:
    world.finder.on_library_events([LibraryEvent(kind, 1, 1, 7, "/7.flac")])
    assert ([one.data for one in world.queued], world.finder.gone) == (again, gone)


def test_the_library_is_looked_through_once_by_the_same_settings(world: World) -> None:
    world.library.file_entries += map(entry, (1, 2, 3))
    world.finder.on_scan_events([COMPLETED])
    world.work()
    assert (world.finder.looked_at, sorted(world.finder.done, key=str)) == ([1, 2, 3], [1, 2, 3])
    assert {*world.library.queries} == {"kind:audio"}
    world.finder.on_scan_events([COMPLETED])
    world.finder.on_settings_changed()
    world.work()
    assert world.finder.looked_at == [1, 2, 3]
    world.finder._settings = type(world.finder.settings)({"language": "fr"})
    world.finder.on_settings_changed()
    world.work()
    assert world.finder.looked_at == [1, 2, 3, 1, 2, 3]


def test_a_walk_that_nobody_waits_for_any_more_begins_again(world: World) -> None:
    world.library.file_entries += map(entry, (1, 2, 3))
    world.finder.execute_task(Task(1, "walk", wanted=lambda: False))
    assert world.queued == []
    world.finder.execute_task(Task(1, "walk"))
    assert [one.data for one in world.queued] == [[1, 2], [3]]


@pytest.mark.parametrize("name", ["walk", "files"])
def test_a_queue_that_is_full_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(_tasks: Sequence[NewTask]) -> int:
        raise QuotaExceeded("too many tasks")

    world.library.file_entries.append(entry(1))
    monkeypatch.setattr(world.finder.host.tasks, "enqueue_many", refuse)
    assert world.finder.execute_task(Task(1, name, [1])) == Later(600.0)
    assert world.host.kv.get("walked") is None


def test_what_has_to_be_defined_is_said() -> None:
    with pytest.raises(NotImplementedError, match="Enricher has no method look_at"):
        Enricher().look_at([1])
    with pytest.raises(NotImplementedError, match="Enricher has no method enrich"):
        Enricher().enrich(Task(1, "one"))


def test_the_example_of_the_documents_passes_its_test() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "writing-a-plugin.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (plugin,) = (one for one in examples if "class Moods(Enricher)" in one)
    (its_test,) = (one for one in examples if "def test_moods" in one)
    names: dict[str, Any] = {"__name__": __name__}
    exec(f"{plugin}\n{its_test}", names)
    names["test_moods"]()
