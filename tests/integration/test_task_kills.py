"""Hosts and sandboxed plugins that are killed at any moment: each task is executed, none is forgotten or set aside."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.killing import kill_at_random_moments, run
from viewra.db import open_database
from viewra.db.plugin_tasks import EnqueuedTask, list_tasks, put_tasks
from viewra.host.tasks.queue import micros
from viewra.types import TaskState

PLUGIN = """\
import os, signal
from viewra import sdk

class Worker(sdk.Plugin):
    def execute_task(self, task):
        done = os.path.join(self.context.base_path, "done")
        with open(done, "a") as file:
            file.write(f"{task.key}\\n")
        if task.name == "die" and task.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)

sdk.serve(Worker())
"""
MANIFEST = """\
id: "worker"
name: "Worker"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
runtime: {tasks: concurrency: 2, restart: max: 1000}
"""
PROGRAM = """\
import os, signal, sys, threading
from pathlib import Path
from tests.killing import arm, finish
from viewra.host import Host
from viewra.host.installed import discovery
from viewra.host.tasks import attempt

place, point, delay = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
discovery.shipped_directory = lambda: None
attempt.FIRST_S = 0.0
began = arm(point, delay, {})
host = Host(data_dir=place / "data", plugin_dirs=[place / "plugins"], watch=False).open()
worker = host.plugins["worker"]
if not worker.pid:
    worker.enable()
assert worker.sandbox.backend != "off"

def kill_worker():
    if pid := worker.pid:
        os.kill(pid, signal.SIGKILL)

if point == "random":
    threading.Timer(float(delay) / 2, kill_worker).start()
host.tasks.wait_idle(60)
finish(began)
"""
EACH = 12
"""Tasks enqueued before each kill."""


@pytest.mark.process
@pytest.mark.timeout(1800)
def test_every_task_is_executed_whatever_is_killed(tmp_path: Path) -> None:
    directory = tmp_path / "plugins" / "worker"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").write_text(PLUGIN)
    engine = open_database(f"sqlite:///{tmp_path / 'data' / 'viewra.db'}")
    expected: set[str] = set()

    def enqueue() -> None:
        keys = [f"task {len(expected) + number}" for number in range(EACH)]
        tasks = [
            EnqueuedTask("die" if number == 3 else "do", b"", key, attempts=1000) for number, key in enumerate(keys)
        ]
        assert put_tasks(engine, "worker", tasks, micros())[0] == EACH
        expected.update(keys)

    def attempt(point: str, delay_s: float) -> subprocess.CompletedProcess[str]:
        return run(PROGRAM, tmp_path, point=point, delay_s=delay_s)

    def check() -> None:
        queued = list_tasks(engine, "worker", limit=100_000)
        assert expected - executed() <= {task.key for task in queued}, "a task is neither executed nor in the queue"
        assert not [task for task in queued if task.state == TaskState.SET_ASIDE]

    def executed() -> set[str]:
        done = tmp_path / "data" / "plugins" / "worker" / "done"
        return set(done.read_text().splitlines()) if done.exists() else set()

    try:
        kill_at_random_moments(18, attempt, prepare=enqueue, check=check)
        left = len(list_tasks(engine, "worker", limit=100_000))
        while left:
            assert attempt("", 0).returncode == 0
            before, left = left, len(list_tasks(engine, "worker", limit=100_000))
            assert left < before, "no task is executed any more"
        assert executed() == expected
    finally:
        engine.dispose()
