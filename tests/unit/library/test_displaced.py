"""Names that go around among files, hard links and symbolic ones: no id is lost, and each file keeps its own words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_links import shown
from tests.unit.library.test_scan import counts
from viewra import library
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


@pytest.mark.parametrize("seed", range(2))
def test_names_go_around(filled: World, tmp_path: Path, seed: int) -> None:
    """By chance, in every way that there is."""
    chance = random.Random(seed)
    for number in range(3):
        filled.put(f"plain {number}.mp3", f"plain {number}".encode())
        hard = filled.put(f"hard {number}.mp3", f"hard {number}".encode())
        (filled.folder / f"hard {number} too.mp3").hardlink_to(hard)
        (filled.folder / f"soft {number}.mp3").symlink_to(filled.put(f"{number}.mp3", b"%d" % number, tmp_path))
        inside = filled.put(f"in/{number}.mp3", f"in {number}".encode())
        (filled.folder / f"soft {number} in.mp3").symlink_to(inside)
    filled.scan()
    ids = set(filled.ids().values())
    names = sorted(path.name for path in filled.folder.glob("*.mp3"))
    for _ in range(ROUNDS):
        chosen = chance.sample(names, chance.randint(2, len(names)))
        go_around(filled, chosen, chance.sample(chosen, len(chosen)))
        report = filled.scan()
        assert (report.counts.new, report.counts.missing, report.failures) == (0, 0, ())
        assert set(filled.ids().values()) == ids
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
