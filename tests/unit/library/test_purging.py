"""Files that were missing for long enough are forgotten: by scans, and by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.errors import LockedError, UsageError
from viewra.library import missing as missing_module
from viewra.types import FileOutcome, FileToRead

DAY = 86_400 * 1_000_000


def set_back(world: World, days: int) -> None:
    """Make all that is stored of times so much older."""
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE media_files SET missing_since = missing_since - {days * DAY}")
        connection.exec_driver_sql(f"UPDATE scan_jobs SET started_at = started_at - {days * DAY}")


def test_a_scan_forgets_what_two_scans_have_missed_for_long_enough(world: World) -> None:
    world.put("a.mp3").unlink()
    path = world.put("a.mp3")
    world.scan()
    path.unlink()
    world.scan()
    set_back(world, 31)
    assert counts(world.scan()) == {}, "only this scan says that it is so long"
    assert counts(world.scan()) == {"deleted": 1}
    assert world.rows("SELECT * FROM media_files") == []
    assert library.list_missing(world.engine).items == ()


@pytest.mark.parametrize("jump_s", [-400 * 86_400, 400 * 86_400])
def test_a_clock_that_jumps_once_forgets_nothing(world: World, monkeypatch: pytest.MonkeyPatch, jump_s: int) -> None:
    path = world.put("a.mp3")
    world.scan()
    path.unlink()
    now = missing_module._now
    with monkeypatch.context() as patched:
        patched.setattr(missing_module, "_now", lambda: now() + jump_s * 1_000_000)
        world.scan()
    for _ in range(3):
        world.scan()
    assert len(library.list_missing(world.engine).items) == 1


def test_each_library_keeps_missing_files_as_long_as_it_says(world: World) -> None:
    path = world.put("a.mp3")
    world.scan()
    library.change_settings(world.engine, str(world.folder), {"missing_keep": "0"})
    path.unlink()
    assert counts(world.scan()) == {"missing": 1, "deleted": 1}
    world.put("b.mp3").unlink()
    other = world.put("b.mp3")
    world.scan()
    other.unlink()
    library.change_settings(world.engine, str(world.folder), {"missing_keep": "52w"})
    world.scan()
    set_back(world, 300)
    for _ in range(3):
        assert world.scan().counts.deleted == 0


def test_purging_takes_what_is_missing_for_long_enough(world: World, tmp_path: Path) -> None:
    world.hook.add_scraper()
    other = tmp_path / "other"
    for folder in (world.folder, other):
        world.put("keep.mp3", folder=folder)
        world.put("in/a.mp3", folder=folder)
        world.scan(folder)
        (folder / "in" / "a.mp3").unlink()
        world.scan(folder)
    assert library.purge_missing(world.engine, missing_for_s=60) == 0
    assert library.count_missing(world.engine, str(other / "in")) == 1
    assert library.purge_missing(world.engine, str(other / "in")) == 1
    assert [one.path for one in library.list_missing(world.engine).items] == [str(world.folder / "in" / "a.mp3")]
    assert library.purge_missing(world.engine, str(world.folder / "in" / "a.mp3")) == 1
    assert len(world.rows("SELECT * FROM file_metadata")) == 2
    with pytest.raises(UsageError, match="in no library"):
        library.purge_missing(world.engine, str(tmp_path))
    world.check_consistent()


def test_what_is_missing_since_a_wrong_clock_is_purged_by_hand(world: World) -> None:
    path = world.put("a.mp3")
    world.scan()
    path.unlink()
    world.scan()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE media_files SET missing_since = missing_since + 86400000000")
    assert library.count_missing(world.engine, missing_for_s=1) == 0
    assert library.count_missing(world.engine) == 1
    assert library.purge_missing(world.engine) == 1


def test_nothing_is_purged_by_hand_during_a_scan(world: World) -> None:
    world.put("gone.mp3")
    world.scan()
    (world.folder / "gone.mp3").unlink()
    world.scan()
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    refused: list[str] = []

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        with pytest.raises(LockedError) as caught:
            library.purge_missing(world.engine)
        refused.append(str(caught.value))
        return scraper.titles(files)

    scraper.behaviour = behaviour
    world.scan()
    assert len(refused) == 1
