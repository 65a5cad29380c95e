"""Names exchanged among files, hard links and symbolic links: no id is lost, each file keeps its metadata."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from tests.unit.library.test_links import shown
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.db.tables import media_files
from viewra.db.transactions import writing
from viewra.library.discover import Discovery
from viewra.library.found import signed
from viewra.types import FileOutcome, FileToRead

ROUNDS = 8


def words(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
    """The title of a file is what is in it."""
    return [FileOutcome({"title": Path(file.file_path).read_text()}) for file in files]


@pytest.fixture
def filled(world: World) -> World:
    world.hook.add_scraper("tags", words)
    return world


def go_around(world: World, names: Sequence[str], places: Sequence[str]) -> None:
    """Rename all at once; what a symbolic link leads to stays."""
    for name in names:
        (world.folder / name).rename(world.folder / f"{name}.moving")
    for name, place in zip(names, places, strict=True):
        (world.folder / f"{name}.moving").rename(world.folder / place)


def check(world: World) -> None:
    """Each file that is there is known once, and by the words that are in it."""
    ids = world.ids()
    there = [path for path in world.folder.rglob("*.mp3") if path.exists()]
    assert sorted(Path(path).stat().st_ino for path in ids) == sorted({path.stat().st_ino for path in there})
    for path in there:
        file = library.show(world.engine, str(path))
        assert str(path) in {file.path, *file.other_paths}
        assert file.missing_since is None
        assert file.metadata["title"].value == path.read_text()
    world.check_consistent()
    again = world.scan()
    assert (again.counts.unchanged, again.counts.seen, again.counts.missing) == (len(ids), len(ids), 0)
    assert world.ids() == ids


def test_a_hard_and_a_symbolic_link_swap_names(filled: World) -> None:
    filled.put("in/x.mp3", b"x")
    filled.put("w.mp3", b"w")
    (filled.folder / "b.mp3").symlink_to(filled.folder / "w.mp3")
    filled.scan()
    (filled.folder / "a.mp3").hardlink_to(filled.folder / "in/x.mp3")
    filled.scan()
    ids = filled.ids()
    go_around(filled, ["a.mp3", "b.mp3"], ["b.mp3", "a.mp3"])
    filled.scan()
    assert filled.ids() == ids
    check(filled)


def many(filled: World, tmp_path: Path) -> tuple[set[int], list[str]]:
    """Fill a library with files of each kind; returns their ids, and the names that may go around."""
    for number in range(3):
        filled.put(f"plain {number}.mp3", f"plain {number}".encode())
        hard = filled.put(f"hard {number}.mp3", f"hard {number}".encode())
        (filled.folder / f"hard {number} too.mp3").hardlink_to(hard)
        (filled.folder / f"soft {number}.mp3").symlink_to(filled.put(f"{number}.mp3", b"%d" % number, tmp_path))
        inside = filled.put(f"in/{number}.mp3", f"in {number}".encode())
        (filled.folder / f"soft {number} in.mp3").symlink_to(inside)
    filled.scan()
    ids = set(filled.ids().values())
    return ids, sorted(path.name for path in filled.folder.glob("*.mp3"))


def test_names_go_around(filled: World, tmp_path: Path) -> None:
    """By chance, in every way that there is."""
    chance = random.Random(0)
    ids, names = many(filled, tmp_path)
    for _ in range(ROUNDS):
        chosen = chance.sample(names, chance.randint(2, len(names)))
        go_around(filled, chosen, chance.sample(chosen, len(chosen)))
        report = filled.scan()
        assert (report.counts.new, report.counts.missing, report.failures) == (0, 0, ())
        assert set(filled.ids().values()) == ids
        check(filled)


class Killed(Exception):
    """As if the host were killed here."""


def killed_after(commits: int) -> Callable[[Discovery], Iterator[bool]]:
    """``Discovery.run``, ended after so many commits."""

    def run(discovery: Discovery, run: Callable[[Discovery], Iterator[bool]] = Discovery.run) -> Iterator[bool]:
        left = commits
        for committed in run(discovery):
            yield committed
            left -= committed
            if not left:
                raise Killed

    return run


def test_a_scan_after_an_interrupted_one_knows_what_was_before(
    filled: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(3)
    ids, names = many(filled, tmp_path)
    for commits in range(1, 1 + ROUNDS):
        chosen = chance.sample(names, chance.randint(2, len(names)))
        go_around(filled, chosen, chance.sample(chosen, len(chosen)))
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(Discovery, "run", killed_after(commits))
            filled.scan()
        library.scan(filled.engine, filled.hook, str(filled.folder / "in"))  # a part settles nothing
        filled.scan()
        assert set(filled.ids().values()) == ids
        check(filled)
        assert filled.rows("SELECT * FROM unsettled_scans") == []
        assert filled.rows("SELECT * FROM unsettled_files") == []


def test_a_path_that_led_to_another_file_is_that_of_a_missing_one_again(filled: World) -> None:
    path = filled.put("a.mp3", b"a")
    other = filled.put("w.mp3", b"w")
    filled.scan()
    ids = filled.ids()
    path.unlink()
    path.hardlink_to(other)
    assert counts(filled.scan()) == {"seen": 1, "unchanged": 1, "missing": 1}
    other.unlink()
    other.write_bytes(b"new")
    assert counts(filled.scan()) == {"seen": 2, "changed": 1, "returned": 1}
    assert filled.ids() == ids
    check(filled)


def test_a_missing_file_leaves_its_place_to_the_one_found_there(filled: World) -> None:
    path = filled.put("a.mp3", b"a")
    other = filled.put("w.mp3", b"w")
    filled.scan()
    ids = filled.ids()
    path.rename(filled.folder.parent / "kept")
    path.hardlink_to(other)
    filled.scan()
    other.unlink()
    assert counts(filled.scan()) == {"seen": 1, "moved": 1}
    assert shown(filled, path) == (ids[str(other)], "a.mp3", ())
    (filled.folder.parent / "kept").rename(filled.folder / "again.mp3")
    assert counts(filled.scan()) == {"seen": 2, "unchanged": 1, "returned": 1}
    assert shown(filled, filled.folder / "again.mp3")[0] == ids[str(path)]
    check(filled)


def test_a_file_is_moved_and_a_link_to_it_left(filled: World) -> None:
    path = filled.put("a.mp3", b"a")
    filled.scan()
    ((_, file_id),) = filled.ids().items()
    for target in ("b.mp3", "0.mp3"):
        target_path = filled.folder / target
        (filled.folder / path).rename(target_path)
        path.symlink_to(target_path)
        assert counts(filled.scan()) == {"seen": 1, "moved": 1}
        assert shown(filled, path)[:2] == (file_id, target)
        assert path.name in shown(filled, path)[2]
        check(filled)
        path = target_path


def test_a_file_in_whose_place_is_a_link_is_missing_and_returns(filled: World) -> None:
    path = filled.put("a.mp3", b"a")
    other = filled.put("w.mp3", b"w")
    filled.scan()
    ids = filled.ids()
    path.rename(filled.folder.parent / "kept")
    path.symlink_to(other)
    assert counts(filled.scan()) == {"seen": 1, "unchanged": 1, "missing": 1}
    assert shown(filled, path) == (ids[str(other)], "w.mp3", ("a.mp3",))
    check(filled)
    path.unlink()
    (filled.folder.parent / "kept").rename(path)
    assert counts(filled.scan()) == {"seen": 2, "unchanged": 1, "returned": 1}
    assert filled.ids() == ids
    check(filled)


def test_of_a_displaced_file_the_other_path_remains(filled: World) -> None:
    path = filled.put("a.mp3", b"a")
    filled.scan()
    ids = filled.ids()
    (filled.folder / "h.mp3").hardlink_to(path)
    other = filled.put("w.mp3", b"w")
    filled.scan()
    path.unlink()
    path.symlink_to(other)
    assert filled.scan().counts.new == 0
    assert shown(filled, filled.folder / "h.mp3") == (ids[str(path)], "h.mp3", ())
    check(filled)


def known_by(world: World, path: Path, inode: int) -> None:
    """Have the library know the file at a path by this inode, as if another file had got it since."""
    with writing(world.engine) as connection:
        files = sa.update(media_files).where(media_files.c.path_text == str(path))
        connection.execute(files.values(inode=signed(inode)))


def test_a_new_file_with_the_inode_of_a_displaced_one_is_another_file(filled: World) -> None:
    kept, gone = filled.put("a.mp3", b"a"), filled.put("b.mp3", b"b")
    filled.scan()
    ids = filled.ids()
    gone.unlink()
    gone.hardlink_to(kept)
    new = filled.put("new.mp3", b"n")
    known_by(filled, gone, new.stat().st_ino)
    filled.scan()
    assert filled.ids()[str(kept)] == ids[str(kept)]
    assert filled.ids()[str(new)] not in ids.values()
    check(filled)


def test_a_new_file_with_the_inode_of_one_that_was_replaced_is_another_file(filled: World) -> None:
    kept, moved, replaced = (filled.put(f"{name}.mp3", name.encode()) for name in "abc")
    filled.scan()
    ids = filled.ids()
    moved.rename(replaced)
    moved.hardlink_to(kept)
    new = filled.put("new.mp3", b"n")
    known_by(filled, replaced, new.stat().st_ino)
    filled.scan()
    assert filled.ids()[str(new)] not in ids.values()
    check(filled)


def test_a_file_whose_symbolic_link_was_known_before_it_is_one_with_that(world: World) -> None:
    path = world.put("in/song.mp3")
    (world.folder / "link.mp3").symlink_to(path)
    library.add_library(world.engine, str(world.folder))
    library.change_settings(world.engine, str(world.folder), {}, exclude=["in/"])
    world.scan()
    ((_, file_id),) = world.ids().items()
    library.change_settings(world.engine, str(world.folder), {}, include=["in/"])
    world.scan()
    assert world.ids() == {str(path): file_id}
    assert [row.name for row in world.rows("SELECT name FROM other_paths")] == [b"link.mp3"]
    world.check_consistent()


def test_a_file_that_was_replaced_after_a_scan_of_a_link_to_it_is_one_with_that(world: World) -> None:
    path = world.put("in/song.mp3")
    link = world.folder / "links/link.mp3"
    link.parent.mkdir()
    link.symlink_to(path)
    world.scan()
    ids = world.ids()
    world.put("in/song.new", b"another").replace(path)
    world.scan(link.parent)
    assert len(world.ids()) == 2, "of the other folder nothing is known yet"
    world.scan()
    assert world.ids() == ids
    world.check_consistent()
