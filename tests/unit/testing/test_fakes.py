"""What the fakes of the testing kit understand: queries for files by ids and kinds, and tasks that are delayed."""

from __future__ import annotations

import pytest

from viewra.errors import UsageError
from viewra.testing import FakeHostServices, FakeLibrary
from viewra.types import FileEntry, Later, NewTask, Task, TaskState


def entry(number: int, kind: str, album_id: int | None = None) -> FileEntry:
    return FileEntry(number, 1, f"/{number}", "audio/mpeg", 1, 0, kind, album_id=album_id)


FILES = [entry(1, "audio", 7), entry(2, "audio"), entry(3, "video"), entry(4, "other", 7)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("bach year:1900..1950 sort:-added", [1, 2, 3, 4]),
        ("id:2", [2]),
        ("id:2 OR id:3 OR id:9", [2, 3]),
        ("(id:2 OR id:3) (kind:audio)", [2]),
        ("(id:1 OR id:3 OR id:4) (kind:audio OR kind:video)", [1, 3]),
        ("album_id:7 sort:track", [1, 4]),
        ("album_id:7 -kind:audio", [4]),
        ("-title:x Kind:audio", [1, 2]),
        ("(kind:audio title:x) OR id:3", [1, 2, 3]),
        ("id:10", []),
    ],
)
def test_files_are_narrowed_by_ids_and_kinds(query: str, ids: list[int]) -> None:
    library = FakeLibrary(file_entries=FILES)
    host = FakeHostServices(library)
    assert [one.id for one in host.library.files(query).items] == ids
    assert library.queries == [query]


def test_pages_are_of_what_was_asked_for() -> None:
    host = FakeHostServices(FakeLibrary(file_entries=FILES))
    page = host.library.files("kind:audio", limit=1)
    assert [one.id for one in page.items] == [1]
    assert [one.id for one in host.library.files("kind:audio", after=page.next, limit=1).items] == [2]
    assert [one.id for one in host.library.with_ids([4, 3, 2], "kind:audio OR kind:video")] == [2, 3]


def test_a_query_that_a_host_could_not_read_is_refused() -> None:
    with pytest.raises(UsageError, match="at most 64"):
        FakeHostServices(FakeLibrary(file_entries=FILES)).library.files("id:1 OR " * 65)


class Worker:
    """Puts off its first task for ever, a minute at a time."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def execute_task(self, task: Task) -> Later | None:
        self.done.append(task.name)
        return Later(60.0) if task.name == "off" else None


def test_delayed_tasks_come_when_their_time_has_passed() -> None:
    host, worker = FakeHostServices(), Worker()
    queue = host.tasks_queue
    host.tasks.enqueue_many([NewTask("off"), NewTask("soon", delay_s=30.0), NewTask("late", delay_s=90.5)])
    queue.run(worker)
    queue.pass_time(29.0)
    queue.run(worker)
    assert worker.done == ["off"]
    queue.pass_time(1.0)
    queue.run(worker)
    assert worker.done == ["off", "soon"]
    host.tasks.enqueue("next", delay_s=30.0)
    queue.pass_time(30.0)
    queue.run(worker)
    assert worker.done == ["off", "soon", "off", "next"]
    queue.pass_time(30.0)
    queue.run(worker)
    assert [(one.name, one.state, one.due_at) for one in queue.queued] == [
        ("off", TaskState.DELAYED, 120_000_000),
        ("late", TaskState.DELAYED, 90_500_000),
    ]
    queue.pass_time(0.5)
    queue.run(worker)
    assert worker.done[-1] == "late"
