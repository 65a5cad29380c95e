"""With the kernel's own notices, and scans on threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import inotify_c

from tests.eventually import eventually
from tests.unit.library.conftest import World
from viewra.host.scans import Scans
from viewra.host.upkeep.upkeep import Upkeep
from viewra.host.upkeep.watches import Watches
from viewra.library import Mounts


@pytest.fixture
def watched(world: World) -> Iterator[World]:
    """A library that is kept current."""
    world.put("album/first.mp3")
    world.scan()

    def scan(path: str, *, full: bool, retry_failed: bool, quick: bool, nice: bool, **how: Any) -> Any:
        del full, retry_failed, quick, nice
        return world.scan(Path(path), **how)

    scans = Scans(scan, accepts=True)
    upkeep = Upkeep(world.engine, scans, list, Watches(), points=lambda: Mounts.current().points)
    upkeep.start()
    eventually(lambda: any(one.is_watched for one in upkeep._tended.values()))
    yield world
    upkeep.close()
    scans.close()


def names(world: World) -> set[str]:
    """The files that are known, below the library's folder."""
    return {path.removeprefix(f"{world.folder}/") for path in world.ids()}


def on_disk(world: World) -> set[str]:
    return {str(path.relative_to(world.folder)) for path in world.folder.rglob("*.mp3")}


def test_a_storm_of_files_and_renames_is_followed_to_its_end(watched: World) -> None:
    for number in range(60):
        watched.put(f"new {number % 6}/deep/{number}.mp3")
    for number in range(6):
        (watched.folder / f"new {number}").rename(watched.folder / f"renamed {number}")
        (watched.folder / f"renamed {number}/deep/{number}.mp3").unlink()
    (watched.folder / "renamed 0").rename(watched.folder / "renamed 1" / "inside")
    watched.put("renamed 1/inside/deep/last.mp3")
    eventually(lambda: names(watched) == on_disk(watched))
    eventually(lambda: not watched.rows("SELECT id FROM scan_jobs WHERE status = 'running'"))
    counts = watched.scan().counts
    assert (counts.unchanged, counts.missing) == (counts.seen, 0)
    watched.check_consistent()


def test_a_file_edited_in_place_is_read_again(watched: World) -> None:
    with (watched.folder / "album/first.mp3").open("ab") as file:
        file.write(b"more")
    eventually(lambda: watched.rows("SELECT size FROM media_files")[0].size == len("album/first.mp3more"))


def test_an_overflow_of_the_queue_is_told(world: World) -> None:
    """What hears of a first notice does not return before the kernel has dropped others."""
    lost, goes_on = threading.Event(), threading.Event()

    class Ears:
        def heard(self, folder: bytes, name: bytes, mask: int) -> None:
            del folder, name, mask
            goes_on.wait(60)

        def lost(self) -> None:
            lost.set()

    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text("ascii"))
    watching = Watches()
    assert watching.arm(bytes(world.folder), Ears()) is None
    for number in range(most // 2 + 10):  # each is made and deleted: two notices at least
        path = world.folder / str(number)
        path.touch()
        path.unlink()
    goes_on.set()
    eventually(lost.is_set)
    watching.close()


def test_a_limit_that_is_reached_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    watching = Watches()
    monkeypatch.setattr(inotify_c.InotifyFD, "add_callback", full)
    problem = watching.arm(bytes(tmp_path), None)  # type: ignore[arg-type]
    watching.close()
    assert problem is not None
    assert "fs.inotify.max_user_watches" in problem
