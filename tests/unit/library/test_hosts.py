"""Two hosts, each a process of its own, that scan into one database at the same time."""

from __future__ import annotations

import json
import threading
from collections import Counter

import pytest

from tests.thorough import THOROUGH
from tests.unit.library.conftest import World
from tests.unit.library.test_robust import begin
from viewra import library
from viewra.errors import LockedError
from viewra.types import ScanStatus

FILES = 600 if THOROUGH else 150


def fill(world: World, *folders: str) -> None:
    for folder in folders:
        for number in range(FILES):
            world.put(f"{folder}/{number // 50}/{number}.mp3", f"{folder}{number}".encode())


def test_different_libraries_at_once_lose_and_double_nothing(world: World) -> None:
    fill(world, "one", "two")
    listener = world.hook.add_listener()
    world.put("zero/a.mp3")
    with_listener = library.Notifier(world.engine, world.hook)
    with_listener.open()
    processes = [begin(world, world.folder / name) for name in ("one", "two")]
    outputs = [process.communicate(timeout=90)[0] for process in processes]
    assert [json.loads(output)["seen"] for output in outputs] == [FILES, FILES], outputs
    assert len(world.ids()) == 2 * FILES
    per_file = world.rows("SELECT count(*) FROM file_metadata WHERE status = 'ok' GROUP BY media_file_id")
    assert [row[0] for row in per_file] == [1] * (2 * FILES)
    assert [row.status for row in world.rows("SELECT status FROM scan_jobs")] == ["completed", "completed"]
    world.check_consistent()
    with_listener.wake()
    idle = with_listener.wait_idle(60)
    with_listener.close(20)
    assert idle
    heard = Counter(event.media_file_id for event in listener.heard if event.kind == "file")
    assert heard == Counter(world.ids().values())
    assert Counter(listener.kinds) == {"started": 2, "completed": 2, "file": 2 * FILES}


def test_one_library_is_scanned_by_one(world: World) -> None:
    fill(world, "one")
    with begin(world, world.folder / "one", stop_at=3) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        with pytest.raises(LockedError, match=f"is being scanned by process {process.pid}"):
            world.scan(world.folder / "one")
        with pytest.raises(LockedError):
            library.remove_library(world.engine, str(world.folder / "one"))
        assert library.recover(world.engine) == 0
        process.kill()
    assert world.scan(world.folder / "one").status is ScanStatus.COMPLETED
    assert [row.status for row in world.rows("SELECT status FROM scan_jobs ORDER BY id")] == ["failed", "completed"]


def test_the_same_new_folder_becomes_one_library(world: World) -> None:
    fill(world, "one")
    ids: list[int] = []

    def add() -> None:
        ids.append(library.add_library(world.engine, str(world.folder / "one")).id)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ids) == 4
    assert len(set(ids)) == 1
