"""A library whose folder moved."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.errors import LockedError, UsageError
from viewra.types import FileOutcome, FileToRead


def fill(world: World, count: int = 12) -> dict[str, int]:
    for number in range(count):
        world.put(f"album {number // 4}/{number}.mp3")
    world.scan()
    return {str(Path(path).relative_to(world.folder)): number for path, number in world.ids().items()}


def ids_below(world: World, folder: Path) -> dict[str, int]:
    return {str(Path(path).relative_to(folder)): number for path, number in world.ids().items()}


@pytest.mark.parametrize("copied", [False, True])
def test_a_moved_library_keeps_its_ids(world: World, tmp_path: Path, copied: bool) -> None:
    scraper = world.hook.add_scraper()
    ids = fill(world)
    new = tmp_path / "elsewhere" / "tunes"
    new.parent.mkdir()
    if copied:
        shutil.copytree(world.folder, new)
        shutil.rmtree(world.folder)
    else:
        world.folder.rename(new)
    moved = library.move_library(world.engine, str(world.folder), str(new))
    assert (moved.id, moved.path, moved.files) == (1, str(new), 12)
    assert ids_below(world, new) == ids
    assert counts(world.scan(new)) == {"seen": 12, "unchanged": 12}
    assert len(scraper.names) == 12
    assert library.search(world.engine, None, "path:tunes").total == 0
    world.check_consistent()


@pytest.mark.parametrize("deeper", [True, False])
def test_a_library_that_moved_into_itself_or_out(world: World, deeper: bool) -> None:
    base = world.folder
    old = base if deeper else base / "album 0"
    for name in ("1.mp3", "album 0/2.mp3", "album 0/album 0/3.mp3"):
        world.put(name, folder=old)
    world.scan(old)
    ids = ids_below(world, old)
    aside = base.parent / "aside"
    old.rename(aside)
    new = base / "album 0" if deeper else base
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(exist_ok=True)
    aside.rename(new)
    library.move_library(world.engine, str(old), str(new))
    assert ids_below(world, new) == ids
    assert counts(world.scan(new)) == {"seen": 3, "unchanged": 3}


@pytest.mark.parametrize("above", [False, True])
def test_a_scan_of_a_library_elsewhere_says_so(world: World, tmp_path: Path, above: bool) -> None:
    fill(world)
    new = tmp_path / "new" / "music"
    new.parent.mkdir()
    world.folder.rename(new)
    asked = new.parent if above else new
    with pytest.raises(UsageError, match="are those of the library") as caught:
        world.scan(asked)
    assert f"viewra library move {world.folder} {new};" in str(caught.value.hint)
    assert f"viewra library add {asked}" in str(caught.value.hint)
    assert len(library.list_libraries(world.engine)) == 1
    library.add_library(world.engine, str(asked))
    assert world.scan(asked).counts.new == 12, "who says so has them twice"


def test_a_copy_beside_its_original_is_a_library_of_its_own(world: World, tmp_path: Path) -> None:
    fill(world)
    shutil.copytree(world.folder, tmp_path / "copy")
    assert world.scan(tmp_path / "copy").counts.new == 12


def test_what_is_no_place_for_a_library(world: World, tmp_path: Path) -> None:
    fill(world)
    other = tmp_path / "other"
    world.put("x.mp3", folder=other)
    world.put("in/y.mp3", folder=tmp_path / "third")
    world.scan(other)
    world.scan(tmp_path / "third" / "in")
    for new, problem in (
        (tmp_path / "none", "no such folder"),
        (other, "is in the library"),
        (tmp_path / "third", "contains the library"),
        (tmp_path / "third" / "in", "is in the library"),
    ):
        with pytest.raises(UsageError, match=problem):
            library.move_library(world.engine, str(world.folder), str(new))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="none of 12 files"):
        library.move_library(world.engine, str(world.folder), str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="no library at"):
        library.move_library(world.engine, str(tmp_path / "empty"), str(other))


def test_no_library_moves_while_it_is_scanned(world: World, tmp_path: Path) -> None:
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    refused = []

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        with pytest.raises(LockedError) as caught:
            library.move_library(world.engine, str(world.folder), str(tmp_path))
        refused.append(caught.value)
        return scraper.titles(files)

    scraper.behaviour = behaviour
    world.scan()
    assert refused
