"""An enricher, and a library of music in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import attrs

from viewra.sdk import Enricher
from viewra.testing import FakeHostServices, FakeLibrary, in_process
from viewra.types import FileEntry, Later, NewTask, Page, Task, TaskState


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

    def enrich(self, error: Exception | None = None, number: int = 1) -> float:
        """Execute a task that fails so: the seconds until it is executed again, 0 if it need not be."""
        self.finder.fails = error
        later = self.finder.execute_task(Task(number, "one", number))
        return later.seconds if later is not None else 0.0


@contextmanager
def finding() -> Iterator[World]:
    """An enricher that runs."""
    library, finder = Shelf(), Finder()
    host = FakeHostServices(library)
    with in_process(finder, settings={"language": "de"}, host=host):
        yield World(host, library, finder)
