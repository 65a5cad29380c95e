"""What observers of the library are told: each kind of change, after its commit, in order and in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from viewra import library
from viewra.db import writing
from viewra.library import changes as changes_module
from viewra.library.changes import Changes, attach, note
from viewra.types import FileOutcome, FileToRead, LibraryChange, LibraryChangeKind


class Told:
    """What an observer of everything is told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changes: list[LibraryChange] = []
        self.lost = 0
        attach(world.engine, Changes(lambda: True, self.tell))

    def tell(self, changes: Sequence[LibraryChange], lost: bool) -> None:
        known = {row.id for row in self.world.rows("SELECT id FROM media_files")}  # by another connection
        assert all(one.kind == "purged" or one.media_file_id in known for one in changes), "after the commit"
        self.changes += changes
        self.lost += lost

    def take(self) -> list[tuple[str, str, str]]:
        """What was told since the last call: kind, name and old name."""
        found = [(str(one.kind), Path(one.path).name, Path(one.old_path).name) for one in self.changes]
        self.changes.clear()
        return found


def test_each_kind_of_change(world: World) -> None:
    told = Told(world)
    scraper = world.hook.add_scraper()
    for name in ("same", "changes", "moves", "goes"):
        world.put(f"{name}.mp3")
    world.scan()
    assert sorted(told.take()) == [("added", f"{name}.mp3", "") for name in ("changes", "goes", "moves", "same")]
    world.put("changes.mp3", b"something else")
    (world.folder / "moves.mp3").rename(world.folder / "moved.mp3")
    (world.folder / "goes.mp3").unlink()
    world.put("new.mp3")
    world.scan()
    found = told.take()
    assert set(found) - {("changed", "moved.mp3", "")} == {
        ("changed", "changes.mp3", ""),
        ("moved", "moved.mp3", "moves.mp3"),
        ("added", "new.mp3", ""),
        ("missing", "goes.mp3", ""),
    }
    assert len(found) == len(set(found))
    world.put("goes.mp3")
    world.scan()
    assert told.take()[0] == ("returned", "goes.mp3", "")
    (world.folder / "goes.mp3").unlink()
    world.scan()
    assert library.purge_missing(world.engine) == 1
    assert told.take() == [("missing", "goes.mp3", ""), ("purged", "goes.mp3", "")]
    scraper.code_hash = "v2"  # another version of the plugin reads them again
    world.scan()
    assert sorted(told.take()) == [("changed", f"{name}.mp3", "") for name in ("changes", "moved", "new", "same")]
    world.scan()
    assert told.take() == []


def test_a_library_that_is_moved_and_removed(world: World) -> None:
    told = Told(world)
    world.hook.add_scraper()
    one, hidden = world.put("one.mp3"), world.put("two.mp3")
    world.scan()
    hidden.unlink()
    world.scan()
    told.take()
    there = world.folder.with_name("elsewhere")
    world.folder.rename(there)
    library.move_library(world.engine, str(world.folder), str(there))
    assert {(change.kind, change.old_path) for change in told.changes} >= {("moved", str(one))}
    told.take()
    library.remove_library(world.engine, str(there))
    assert sorted(told.take()) == [("purged", "one.mp3", ""), ("purged", "two.mp3", "")]


def test_another_order_of_plugins_changes_what_is_known(world: World) -> None:
    told = Told(world)
    world.hook.add_scraper("one")
    world.hook.add_scraper("two")
    world.put("x.mp3")
    world.scan()
    assert told.take() == [("added", "x.mp3", "")], "when the last plugin has answered"
    library.set_priority(world.engine, "artist", ["two"])
    assert told.take() == [("changed", "x.mp3", "")]


def test_a_file_of_a_scan_that_was_broken_off_is_added_by_the_next(world: World) -> None:
    told = Told(world)
    cancel = threading.Event()

    def cancelling(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        cancel.set()
        return [FileOutcome({"title": "x"})] * len(files)

    scraper = world.hook.add_scraper("tags", cancelling)
    for number in range(40):
        world.put(f"{number}.mp3")
    world.scan(cancel=cancel)
    first = told.take()
    scraper.behaviour = scraper.titles
    world.scan()
    second = told.take()
    assert len(first) < 40
    assert {kind for kind, _, _ in first + second} == {"added"}
    assert len({name for _, name, _ in first + second}) == len(first + second) == 40


def test_what_is_rolled_back_is_not_told_and_the_order_is_that_of_the_commits(world: World) -> None:
    told: list[int] = []
    attach(world.engine, Changes(lambda: True, lambda changes, lost: told.extend(one.media_file_id for one in changes)))

    def change(number: int) -> LibraryChange:
        return LibraryChange(LibraryChangeKind.PURGED, 1, number, "/x")

    def fail() -> None:
        with writing(world.engine) as connection:
            note(connection, [change(0)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told == []

    def write(number: int) -> None:
        with writing(world.engine) as connection:
            connection.execute(sa.text("SELECT 1"))
            order.append(number)
            note(connection, [change(number), change(-number)])

    order: list[int] = []
    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told == [number for one in order for number in (one, -one)]


def test_more_than_is_kept_is_said_to_be_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_module, "MOST_KEPT", 3)
    told = Told(world)
    world.hook.add_scraper()
    for number in range(7):
        world.put(f"{number}.mp3")
    world.scan()
    there = str(world.folder.rename(world.folder.with_name("elsewhere")))
    told.lost = 0
    told.take()
    library.move_library(world.engine, str(world.folder), there)
    assert told.lost == 1
    assert 1 <= len(told.take()) <= 3
    library.remove_library(world.engine, there)
    assert told.lost == 2


def test_nothing_is_collected_for_nobody(world: World) -> None:
    def tell(changes: Sequence[LibraryChange], lost: bool) -> None:
        raise AssertionError

    attach(world.engine, Changes(lambda: False, tell))
    world.hook.add_scraper()
    world.put("x.mp3")
    world.scan()
