"""What the base of enrichers does with files, the library, settings and servers that cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import attrs
import pytest

from viewra.errors import FetchFailed, NotFound, PermissionDenied, QuotaExceeded, ViewraError
from viewra.sdk import Enricher, NotNow
from viewra.testing import FakeHostServices, FakeLibrary, in_process
from viewra.types import (
    Fetched,
    FileEntry,
    Later,
    LibraryEvent,
    LibraryEventKind,
    NewTask,
    Page,
    ScanEvent,
    ScanEventKind,
    Task,
    TaskState,
)


class Finder(Enricher):
    query = "kind:audio"
    settle_s = 60.0
    complaints: ClassVar = {"server": "nobody can be asked", "pictures": "there are no pictures"}

    def __init__(self) -> None:
        self.looked_at: list[int] = []
        self.done: list[object] = []
        self.gone: list[int] = []
        self.fails: Exception | None = None

    def look_at(self, ids: Sequence[int]) -> Iterator[NewTask]:
        self.looked_at += ids
        for one in ids:
            yield NewTask("one", one, key=str(one))

    def enrich(self, task: Task) -> Later | None:
        with self.asking("server"):
            if self.fails is not None:
                raise self.fails
        self.done.append(task.data)
        return None

    def basis(self) -> object:
        return self.settings.get("language")

    def forget(self, ids: Sequence[int]) -> None:
        self.gone += ids


class Shelf(FakeLibrary):
    """Music in pages of two files."""

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        self.queries.append(query)
        begin = int(after or 0)
        more = begin + 2 < len(self.file_entries)
        return Page(tuple(self.file_entries[begin : begin + 2]), str(begin + 2) if more else None)


@attrs.define
class World:
    host: FakeHostServices
    library: Shelf
    finder: Finder

    @property
    def queued(self) -> list[NewTask]:
        return [NewTask(one.name, one.data, one.key, priority=one.priority) for one in self.host.tasks_queue.queued]

    @property
    def notices(self) -> list[tuple[str, str]]:
        return [(one.level, one.text) for one in self.host.notices]

    def work(self) -> list[TaskState]:
        self.host.tasks_queue.run(self.finder)
        return [one.state for one in self.host.tasks_queue.queued]

    def enrich(self, error: Exception | None = None) -> float:
        """Execute a task that fails so: the seconds until it is executed again, 0 if it need not be."""
        self.finder.fails = error
        later = self.finder.execute_task(Task(1, "one", 1))
        return later.seconds if later is not None else 0.0


@pytest.fixture
def world() -> Iterator[World]:
    library, finder = Shelf(), Finder()
    host = FakeHostServices(library)
    with in_process(finder, settings={"language": "de"}, host=host):
        yield World(host, library, finder)


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


# ---- servers ----


def test_an_outage_is_told_and_holds_up_what_asks_the_same_server_until_it_is_over(world: World) -> None:
    assert world.enrich(FetchFailed("no route")) == 60.0
    assert world.notices == [("warning", "nobody can be asked: no route")]
    assert 0 < world.enrich() <= 60.0
    assert world.finder.done == []
    with world.finder.asking("pictures"):
        pass
    assert len(world.notices) == 1, "that is another server"
    world.finder.on_settings_changed()
    assert world.notices == []
    assert (world.enrich(), world.finder.done) == (0.0, [1])


def test_a_request_that_is_at_fault_itself_fails(world: World) -> None:
    world.enrich()
    with pytest.raises(FetchFailed):
        world.enrich(FetchFailed("status 500"))
    assert world.notices == []
    assert world.enrich(FetchFailed("status 500")) == 60.0, "the next one in a row is an outage"


def test_what_was_told_is_taken_back_when_the_server_answers(world: World) -> None:
    world.enrich(FetchFailed("no route"))
    world.finder._held.clear()
    world.enrich()
    assert world.notices == []


def test_what_an_earlier_process_told_is_taken_back(world: World) -> None:
    world.enrich(FetchFailed("no route"))
    after = Finder()
    after.bind(host=world.host)
    after.start()
    assert world.notices == []


@pytest.mark.parametrize("error", [PermissionDenied("not granted", hint="grant it"), NotFound("no key", hint="set it")])
def test_what_the_host_refuses_is_the_operators_to_mend(world: World, error: ViewraError) -> None:
    assert world.enrich(error) == 600.0
    assert world.notices == [("error", f"nobody can be asked: {error.message} ({error.hint})")]


def test_a_plugin_says_itself_that_a_server_cannot_be_asked(world: World) -> None:
    assert world.enrich(NotNow(7.0)) == 7.0
    assert world.notices == []
    assert 0 < world.enrich() <= 7.0
    world.finder._held.clear()
    assert world.enrich(NotNow(8.0, "it wants a key", level="error")) == 8.0
    assert world.notices == [("error", "nobody can be asked: it wants a key")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("0", 1.0), ("99999999", 3600.0), ("9" * 400, 3600.0), ("", 5.0), ("tomorrow", 5.0), ("-1", 5.0)],
)
def test_how_long_a_server_wants_to_be_left_alone(text: str, seconds: float) -> None:
    assert NotNow.as_asked(Fetched(429, "", {"retry-after": text}), usually_s=5.0).seconds == seconds
    assert NotNow.as_asked(Fetched(429, "", {})).seconds == 60.0


def test_what_has_to_be_defined_is_said() -> None:
    with pytest.raises(NotImplementedError, match="Enricher has no method look_at"):
        Enricher().look_at([1])
    with pytest.raises(NotImplementedError, match="Enricher has no method enrich"):
        Enricher().enrich(Task(1, "one"))
