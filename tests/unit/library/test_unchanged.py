"""A scan of a library in which nothing has changed reads no row of a file; whatever changes is noticed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from viewra import library
from viewra.library import documents, mime, recorder
from viewra.library import settled as settled_module
from viewra.library.unchanged import scan_unchanged
from viewra.types import FileOutcome, ScanReport, ScanStatus

PLUGINS = ("chosen", "whole")


def _scan(world: World, path: Path | None = None, **options: object) -> ScanReport:
    return world.scan(path, plugins=lambda: PLUGINS, **options)


def _unchanged(world: World, plugins: str = "whole") -> ScanReport | None:
    return scan_unchanged(world.engine, str(world.folder), plugins)


@pytest.fixture
def settled(world: World) -> World:
    """A library with real files, links, folders without media and a file that no plugin reads, scanned once."""
    world.hook.add_scraper()
    for name in ("a/1.mp3", "a/2.mp3", "b/c/3.flac", "b/c/notes.txt", "b/c/cover.jpg", "b/c/what", ".viewraignore"):
        world.put(name)
    world.put(".viewraignore", b"*.wav\n")
    (world.folder / "empty").mkdir()
    outside = world.put("outside.ogg", folder=world.folder.parent)
    (world.folder / "a" / "link.ogg").symlink_to(outside)
    os.link(world.folder / "a/1.mp3", world.folder / "b/hard.mp3")
    _scan(world)
    _scan(world)  # links are decided about at the end of the first
    assert _unchanged(world) is not None
    return world


def test_one_scan_is_enough_for_ordinary_folders(world: World) -> None:
    world.hook.add_scraper()
    for number in range(50):
        world.put(f"{number % 7}/{number}.mp3")
    _scan(world)
    report = _unchanged(world)
    assert report is not None
    assert (report.status, report.counts.seen, report.counts.unchanged) == (ScanStatus.COMPLETED, 50, 50)
    assert [row.status for row in world.rows("SELECT status FROM scan_jobs")] == ["completed"] * 2


def test_nothing_of_a_file_is_read_and_nobody_is_asked(settled: World) -> None:
    statements: list[str] = []
    sa.event.listen(settled.engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    settled.hook.open_scraper = lambda: pytest.fail("a plugin was asked")  # type: ignore[method-assign]
    before = settled.rows("SELECT * FROM media_files")
    statements.clear()
    report = _scan(settled)
    of_files = [one for one in statements if "media_files" in one and "LIMIT" not in one]
    assert of_files == []
    assert settled.rows("SELECT * FROM media_files") == before
    assert report.counts.seen == report.counts.unchanged == len(settled.ids())


def test_what_is_due_is_looked_up_without_a_row_of_any_other_file(world: World) -> None:
    if world.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL uses an index of few rows for any form of its condition")
    for number in range(50):
        world.put(f"{number}.mp3")
    _scan(world)
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, text: str, values: tuple[object, ...], *_others: object) -> None:
        asked.append((text, values))

    sa.event.listen(world.engine, "before_cursor_execute", note)
    assert _unchanged(world) is not None
    sa.event.remove(world.engine, "before_cursor_execute", note)
    ((text, values),) = [one for one in asked if "media_files" in one[0]]
    with world.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all())
    used = re.findall(r"(?:SCAN|SEARCH) media_files USING INDEX (\w+)", plan)
    assert used == ["ix_media_files_event_due", "ix_media_files_missing_since", "sqlite_autoindex_media_files_1"], plan


def test_files_that_nobody_reads_are_told_without_passing_the_told_ones_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "ROWS_A_TRANSACTION", 2)
    asked: list[object] = []

    def note(_connection: object, _cursor: object, text: str, _values: object, context: Any, *_others: object) -> None:
        if "AND media_files.event_due" in text and "media_files.id >" in text:
            asked.append(
                next(value for name, value in context.compiled_parameters[0].items() if name.startswith("id_"))
            )

    sa.event.listen(world.engine, "before_cursor_execute", note)
    for number in range(5):
        world.put(f"{number}.mp3")
    world.scan()
    assert asked == [0, 2, 4, 5, 0]
    assert world.rows("SELECT id FROM media_files WHERE event_due") == []


def _append(world: World) -> None:
    with open(world.folder / "a/1.mp3", "ab") as file:
        file.write(b".")


def _edit_and_put_times_back(world: World) -> None:
    path = world.folder / "a/2.mp3"
    info = path.stat()
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def _replace_with_equal_size_and_time(world: World) -> None:
    path = world.folder / "b/c/3.flac"
    info = path.stat()
    other = path.with_name("other.flac")
    other.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
    other.replace(path)


def _edit_target_of_link(world: World) -> None:
    (world.folder.parent / "outside.ogg").write_bytes(b"another")


def _retarget_link(world: World) -> None:
    link = world.folder / "a/link.ogg"
    link.unlink()
    link.symlink_to(world.put("further.ogg", folder=world.folder.parent))


def _exclude(world: World) -> None:
    library.change_settings(world.engine, str(world.folder), {}, exclude=["3.flac"])


def _follow_no_links(world: World) -> None:
    library.change_settings(world.engine, str(world.folder), {"follow_links": "none"})


def _forget_a_row(world: World) -> None:
    with world.engine.begin() as connection:
        row = connection.execute(sa.text("SELECT id FROM media_files WHERE path_text LIKE '%3.flac'")).one()
        documents.forget(connection, [row.id])
        connection.execute(sa.text("DELETE FROM media_files WHERE id = :id"), {"id": row.id})


def _have_read_again(world: World) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE file_metadata SET code_hash = ''")


def _leave_an_event_due(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE media_files SET event_due = :due"), {"due": True})


def _interrupt(world: World) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE scan_jobs SET status = 'failed'")


CHANGES: dict[str, Callable[[World], object]] = {
    "new": lambda world: world.put("a/new.mp3"),
    "new folder": lambda world: world.put("new/new.mp3"),
    "removed": lambda world: (world.folder / "a/2.mp3").unlink(),
    "removed folder": lambda world: shutil.rmtree(world.folder / "b/c"),
    "renamed": lambda world: (world.folder / "a/2.mp3").rename(world.folder / "a/4.mp3"),
    "renamed folder": lambda world: (world.folder / "b/c").rename(world.folder / "b/d"),
    "swapped": lambda world: [
        (world.folder / one).rename(world.folder / other)
        for one, other in (("a/1.mp3", "x"), ("a/2.mp3", "a/1.mp3"), ("x", "a/2.mp3"))
    ],
    "grown": _append,
    "edited in place": _edit_and_put_times_back,
    "replaced": _replace_with_equal_size_and_time,
    "target edited": _edit_target_of_link,
    "link retargeted": _retarget_link,
    "unreadable content": lambda world: world.put("b/c/what", b"ID3\x03" + bytes(100)),
    "ignored by a file": lambda world: world.put("a/.viewraignore", b"1.mp3\n"),
    "ignored from above": lambda world: world.put(".viewraignore", b"3.flac\n"),
    "folder left out": lambda world: world.put("a/.nomedia", b""),
    "excluded": _exclude,
    "links left out": _follow_no_links,
    "row gone": _forget_a_row,
    "unread": _have_read_again,
    "event due": _leave_an_event_due,
    "interrupted": _interrupt,
    "library gone": lambda world: world.folder.rename(world.folder.with_name("away")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_noticed(settled: World, change: str) -> None:
    CHANGES[change](settled)
    assert _unchanged(settled) is None
    if change == "library gone":
        return
    _scan(settled)
    for path, file_id in settled.ids().items():  # as a scan that reads all has it
        known = settled.rows(f"SELECT size, mtime_ns, inode FROM media_files WHERE id = {file_id}")
        info = Path(path).stat()
        assert [tuple(row) for row in known] == [(info.st_size, info.st_mtime_ns, info.st_ino)]
    found = settled.rows("SELECT id, path_text, missing_since IS NULL FROM media_files ORDER BY id")
    _scan(settled, full=True)
    assert settled.rows("SELECT id, path_text, missing_since IS NULL FROM media_files ORDER BY id") == found
    settled.check_consistent()
    _scan(settled)
    assert _unchanged(settled) is not None


def test_other_plugins_have_files_to_read(settled: World) -> None:
    assert _unchanged(settled, "others") is None


def test_plugins_that_change_during_a_scan_settle_nothing(world: World) -> None:
    world.hook.add_scraper()
    world.put("1.mp3")
    states = iter([("old", "old"), ("old", "old"), ("new", "new")])
    world.scan(plugins=lambda: next(states))
    assert _unchanged(world, "new") is None
    assert _unchanged(world, "old") is None


def test_a_listener_that_has_heard_of_everything_is_not_told_of_a_scan_that_finds_nothing(settled: World) -> None:
    notifier = library.Notifier(settled.engine, settled.hook)
    listener = settled.hook.add_listener()
    notifier.open()
    assert _unchanged(settled) is not None
    _scan(settled, full=True, notifier=notifier)
    assert notifier.wait_idle(20)
    notifier.close(20)
    assert (listener.kinds[0], listener.kinds[-1]) == ("started", "completed")
    assert _unchanged(settled) is not None


def test_a_listener_that_is_behind_is_served_by_the_next_scan(settled: World) -> None:
    notifier = library.Notifier(settled.engine, settled.hook)
    settled.hook.add_listener()
    notifier.open()
    notifier.close(20)
    _scan(settled, full=True)
    assert _unchanged(settled) is None


def test_a_missing_file_that_is_due_is_purged(settled: World) -> None:
    (settled.folder / "a/2.mp3").unlink()
    _scan(settled)
    _scan(settled)  # the folder's row was not as it is now when the first compared it
    assert _unchanged(settled) is not None
    library.change_settings(settled.engine, str(settled.folder), {"missing_keep": "0d"})
    assert _unchanged(settled) is None
    assert _scan(settled).counts.deleted == 1
    _scan(settled)
    assert _unchanged(settled) is not None


def test_what_failed_is_still_reported(world: World) -> None:
    world.hook.add_scraper(behaviour=lambda files: [FileOutcome(error="broken")] * len(files))
    world.put("1.mp3")
    assert _scan(world).still_failed == 1
    report = _unchanged(world)
    assert report is not None
    assert report.still_failed == 1


def test_another_version_of_viewra_may_see_other_files(settled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mime._KNOWN, b"new", "audio/x-new")
    settled.put("a/1.new")
    _scan(settled)
    assert _unchanged(settled) is not None
    with monkeypatch.context() as newer:
        newer.setitem(mime._KNOWN, b"newer", "audio/x-newer")
        assert _unchanged(settled) is None
    with monkeypatch.context() as newer:
        newer.setattr(settled_module, "FORMAT", 2)
        assert _unchanged(settled) is None
    assert _unchanged(settled) is not None


def test_a_part_of_a_library_is_scanned_as_ever(settled: World) -> None:
    assert scan_unchanged(settled.engine, str(settled.folder / "a"), "whole") is None
    report = _scan(settled, path=settled.folder / "a")
    assert report.counts.seen == report.counts.unchanged > 0
