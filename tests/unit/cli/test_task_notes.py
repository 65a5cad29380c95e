"""What the summary of a scan says of tasks that are left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from viewra.cli.tasks import task_notes
from viewra.db.engine import open_database
from viewra.db.plugin_tasks import EnqueuedTask, put_tasks
from viewra.db.task_turns import Attempt, take_turn


def test_all_that_is_left_is_told(sqlite_url: str) -> None:
    engine = open_database(sqlite_url)
    try:
        host: Any = SimpleNamespace(engine=engine)
        assert list(task_notes(host)) == []
        put_tasks(engine, "moods", [EnqueuedTask("ask", b"", due_at=10)] + [EnqueuedTask("ask", b"")] * 3, now=1)
        failed = take_turn(engine, "moods", "here", None, more=True, now=1, until=5)
        assert failed is not None
        ended = Attempt(failed.id, error="no luck", last=True)
        assert take_turn(engine, "moods", "here", ended, more=True, now=1, until=5) is not None
        assert [note.partition(":")[0] for note in task_notes(host)] == [
            "2 tasks of moods wait",  # one of them is executed now
            "1 tasks of moods wait for their time",
            "1 tasks of moods are set aside",
        ]
    finally:
        engine.dispose()
