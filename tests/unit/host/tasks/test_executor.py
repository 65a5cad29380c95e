"""What a host does with the tasks of its plugins: here of objects in its own process."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.db.plugin_tasks import EnqueuedTask, count_tasks, list_tasks, put_tasks
from viewra.errors import DatabaseError, HostUnavailable, PermissionDenied
from viewra.host.tasks import attempt, executor, queue
from viewra.manifest.runtime import TaskRules
from viewra.sdk import Plugin
from viewra.types import Later, NewTask, PluginInfo, QueuedTask, Task, TaskState

pytestmark = pytest.mark.usefixtures("quick_hosts")


class Worker(Plugin):
    """Its tasks do what a test says."""

    def __init__(self, do: Callable[[Task], Later | None] = lambda _task: None) -> None:
        self.do = do
        self.done: list[Task] = []
        self._lock = threading.Lock()

    def info(self) -> PluginInfo:
        return PluginInfo(id="worker")

    def execute_task(self, task: Task) -> Later | None:
        with self._lock:
            self.done.append(task)
        return self.do(task)


@pytest.fixture
def open_host(tmp_path: Path) -> Callable[[], Host]:
    return lambda: Host(data_dir=tmp_path / "data", watch=False, sandbox="off")


@pytest.fixture
def host(open_host: Callable[[], Host]) -> Iterator[Host]:
    with open_host() as opened:
        yield opened


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other without a pause."""
    monkeypatch.setattr(attempt, "FIRST_S", 0.0)


def queued(host: Host) -> list[QueuedTask]:
    return list_tasks(host.engine, "worker", limit=100)


def test_tasks_are_executed_as_they_come(host: Host) -> None:
    worker = Worker()
    host.register(worker)
    worker.host.tasks.enqueue("one", {"file": 5})
    assert worker.host.tasks.enqueue_many([NewTask("two", key="k"), NewTask("two", key="k")]) == 1
    worker.host.tasks.enqueue("late", delay_s=1000)
    eventually(lambda: [task.name for task in worker.done] == ["one", "two"])
    assert worker.done[0].data == {"file": 5}
    assert host.tasks.wait_idle(30)
    assert [task.name for task in worker.host.tasks.list(TaskState.DELAYED)] == ["late"]
    assert worker.host.tasks.count() == {TaskState.DELAYED: 1}
    assert worker.host.tasks.cancel(worker.host.tasks.list()[0].id)
    assert queued(host) == []


def test_tasks_without_a_permission_wait_and_that_is_told_once(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    def do(task: Task) -> None:
        if task.name == "denied":
            raise PermissionDenied("library:read is not granted")

    host.register(Worker(do))
    worker = host.plugins["worker"]
    put_tasks(host.engine, worker.id, [EnqueuedTask("denied", b"", attempts=1)] * 3 + [EnqueuedTask("good", b"")], 0)
    host.tasks.enqueued(worker.id)
    eventually(lambda: [task.state for task in queued(host)] == [TaskState.DELAYED] * 3)
    assert {(task.failed, task.error) for task in queued(host)} == {(0, "library:read is not granted")}
    assert caplog.text.count("wait for a permission") == 1


@pytest.mark.usefixtures("at_once")
def test_a_poisoned_task_is_set_aside_and_the_others_go_on(host: Host) -> None:
    def do(task: Task) -> None:
        if task.name == "poison":
            raise ValueError("it is\0 poisoned")

    worker = Worker(do)
    host.register(worker)
    worker.host.tasks.enqueue_many([NewTask("poison", attempts=3), *[NewTask("good")] * 5])
    eventually(lambda: [task.state for task in queued(host)] == [TaskState.SET_ASIDE])
    assert [task.attempt for task in worker.done if task.name == "poison"] == [1, 2, 3]
    assert queued(host)[0].error == "it is\ufffd poisoned"
    assert sum(task.name == "good" for task in worker.done) == 5


def test_a_plugin_puts_a_task_off_without_losing_an_attempt(host: Host) -> None:
    worker = Worker(lambda task: Later(1000) if not task.data else None)
    host.register(worker)
    worker.host.tasks.enqueue("busy", attempts=1)
    eventually(lambda: [(one.state, one.failed) for one in queued(host)] == [(TaskState.DELAYED, 0)])
    assert queued(host)[0].due_at - queued(host)[0].enqueued_at > 900_000_000


def test_a_plugin_that_is_stopped_while_it_asks_the_host_loses_no_attempt(host: Host) -> None:
    def stopped(task: Task) -> None:
        if len(worker.done) == 1:
            raise HostUnavailable("the stream to the host has ended")

    worker = Worker(stopped)
    host.register(worker)
    worker.host.tasks.enqueue("one", attempts=1)
    eventually(lambda: len(worker.done) == 2 and not queued(host))
    assert [task.attempt for task in worker.done] == [1, 1]


def test_a_plugin_that_executes_none_has_its_tasks_set_aside(host: Host) -> None:
    plugin = Plugin()
    host.register(plugin)
    plugin.host.tasks.enqueue("one", attempts=9)
    eventually(lambda: [one.error for one in list_tasks(host.engine, limit=9)] == [attempt.NO_METHOD])


def test_an_operator_cancels_what_is_executed(host: Host) -> None:
    begun, ended = threading.Event(), threading.Event()

    def do(task: Task) -> None:
        begun.set()
        eventually(lambda: not task.wanted())
        ended.set()

    worker = Worker(do)
    host.register(worker)
    number = worker.host.tasks.enqueue("long")
    assert begun.wait(60)
    assert number is not None
    assert host.tasks.cancel("worker", number)
    assert ended.wait(60)
    assert host.tasks.wait_idle(30)
    assert queued(host) == []


def test_what_is_executed_when_the_host_closes_is_executed_by_the_next(
    open_host: Callable[[], Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewra.host.tasks import executor

    monkeypatch.setattr(executor, "PATIENCE_S", 0.01)
    begun = threading.Event()

    def hang(task: Task) -> None:
        begun.set()
        eventually(lambda: not task.wanted())

    with open_host() as host:
        host.register(worker := Worker(hang))
        worker.host.tasks.enqueue("long", attempts=1)
        assert begun.wait(60)
    with open_host() as host:
        assert [(one.state, one.failed) for one in queued(host)] == [(TaskState.READY, 0)]
        host.register(worker := Worker())
        eventually(lambda: worker.done)
        assert host.tasks.wait_idle(30)
        assert count_tasks(host.engine) == {}


def test_no_more_are_executed_at_once_than_may_be(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "rules_of", lambda _plugin: TaskRules(concurrency=3, per_minute=60_000))
    inside, most, lock = 0, 0, threading.Lock()
    all_there = threading.Barrier(3)

    def do(task: Task) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        if task.name == "first":
            all_there.wait(60)
        with lock:
            inside -= 1

    host.register(worker := Worker(do))
    worker.host.tasks.enqueue_many([*[NewTask("first")] * 3, *[NewTask("then")] * 20])
    eventually(lambda: len(worker.done) == 23)
    assert most == 3


def test_pauses_grow() -> None:
    assert 4 <= attempt.pause_s(1) <= 6
    assert 12 <= attempt.pause_s(2) <= 18
    assert attempt.pause_s(40) <= 1.2 * attempt.LONGEST_S


def test_a_clock_that_is_set_back_delays_no_schedule(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker()
    host.register(worker)
    worker.host.schedule.set("sweep", "every 1h")
    now = datetime.now(UTC)
    back = now - timedelta(days=400)
    monkeypatch.setattr(executor, "local_now", lambda: back)
    monkeypatch.setattr(executor, "micros", lambda: int(back.timestamp() * 1_000_000))
    worker.host.tasks.enqueue("one")
    eventually(lambda: worker.host.schedule.list()[0].next_at == int(back.timestamp() * 1_000_000) + 3_600_000_000)


def test_tasks_wait_quietly_until_the_database_can_be_used_again(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker, looks = Worker(), []

    def full(*_: object) -> int:
        looks.append(time.monotonic())
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(executor, "TROUBLE_S", 0.2)
    monkeypatch.setattr(executor, "wake_tasks", full)
    host.register(worker)
    worker.host.tasks.enqueue("one")
    eventually(lambda: len(looks) >= 3)
    assert all(later - earlier >= 0.2 for earlier, later in itertools.pairwise(looks))
    assert [record.message for record in caplog.records].count("tasks wait: the disk is full") == 1
    assert worker.done == []
    monkeypatch.undo()
    eventually(lambda: len(worker.done) == 1)
