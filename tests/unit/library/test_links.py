"""Files with several paths, by hard and symbolic links: each is in the library once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.errors import UsageError
from viewra.library.scope import Part
from viewra.types import LibraryEvent, LibraryEventKind


def shown(world: World, path: Path) -> tuple[int, str, tuple[str, ...]]:
    """Id, path and other paths of a file, the paths relative to the library."""
    file = library.show(world.engine, str(path))
    return file.id, below(world, file.path), tuple(below(world, other) for other in file.other_paths)


def below(world: World, path: str) -> str:
    return os.path.relpath(path, world.folder)


@pytest.mark.parametrize("name", ["a link.mp3", "z link.mp3", "deep/link.mp3"])
@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_two_paths_are_one_file(world: World, name: str, kind: str) -> None:
    scraper = world.hook.add_scraper()
    path = world.put("in/m.mp3")
    link = world.folder / name
    link.parent.mkdir(exist_ok=True)
    (link.hardlink_to if kind == "hard" else link.symlink_to)(path)
    assert counts(world.scan()) == {"seen": 1, "new": 1}
    (known,) = world.ids()
    if kind == "symbolic":
        assert known == str(path), "the real path goes first"
    assert len(scraper.names) == 1
    other = below(world, str(link if known == str(path) else path))
    for asked in (path, link):
        assert shown(world, asked) == (1, below(world, known), (other,))
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    world.check_consistent()


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_a_link_that_comes_later_and_goes(world: World, kind: str) -> None:
    path = world.put("m.mp3")
    world.scan()
    link = world.folder / "a.mp3"
    (link.hardlink_to if kind == "hard" else link.symlink_to)(path)
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    assert shown(world, path) == (1, "m.mp3", ("a.mp3",))
    link.unlink()
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    assert shown(world, path) == (1, "m.mp3", ())
    with pytest.raises(UsageError):
        shown(world, link)


def test_of_two_hard_links_the_other_remains(world: World) -> None:
    first = world.put("a/x.mp3")
    (world.folder / "b").mkdir()
    (world.folder / "b" / "y.mp3").hardlink_to(first)
    world.scan()
    ((known, file_id),) = world.ids().items()
    other = world.folder / "b" / "y.mp3" if known == str(first) else first
    shutil.rmtree(Path(known).parent)
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert world.ids() == {str(other): file_id}
    assert shown(world, other)[2] == ()
    world.check_consistent()


@pytest.fixture
def linked(world: World) -> tuple[Path, Path]:
    """The path under which a file without metadata is known, and its other one, in a folder of its own."""
    first, second = world.put("a/x.mp3"), world.folder / "b" / "y.mp3"
    second.parent.mkdir()
    second.hardlink_to(first)
    world.scan()
    (known,) = world.ids()
    return (first, second) if known == str(first) else (second, first)


def test_a_file_is_found_by_the_name_of_the_link_that_remains(world: World, linked: tuple[Path, Path]) -> None:
    known, other = linked
    known.unlink()
    world.scan()
    assert [hit.path for hit in library.search(world.engine, None, other.stem).results] == [str(other)]
    assert library.search(world.engine, None, known.stem).total == 0


def test_a_link_in_a_folder_that_is_left_out_now_is_no_path_of_a_file(world: World, linked: tuple[Path, Path]) -> None:
    known, other = linked
    known.unlink()
    (other.parent / ".nomedia").touch()
    assert counts(world.scan()) == {"missing": 1}
    assert world.ids() == {}


def test_a_scan_of_one_folder_knows_the_links_in_others(world: World, linked: tuple[Path, Path]) -> None:
    known, other = linked
    ids = world.ids()
    known.unlink()
    report = world.scan(parts=[Part(os.fsencode(known.parent))])
    assert (report.counts.moved, report.counts.missing) == (1, 0)
    assert world.ids() == {str(other): ids[str(known)]}


def test_that_the_other_hard_link_remains_is_told_as_a_move(world: World) -> None:
    ears = world.hook.add_listener()
    first = world.put("a/x.mp3")
    world.put("c/other.mp3")
    (world.folder / "b").mkdir()
    (world.folder / "b" / "y.mp3").hardlink_to(first)
    world.scan()
    ids = world.ids()
    ((known, file_id),) = ((path, number) for path, number in ids.items() if "/c/" not in path)
    other = world.folder / "b" / "y.mp3" if known == str(first) else first
    Path(known).unlink()
    notifier = library.Notifier(world.engine, world.hook)
    report = world.scan(notifier=notifier)
    notifier.close(20)
    moves = [event for event in ears.heard if isinstance(event, LibraryEvent)]
    moved = LibraryEvent(
        LibraryEventKind.MOVED, report.scan_job_id, report.library_id, file_id, str(other), old_path=known
    )
    assert moves == [moved]
    assert world.ids() == {**{path: number for path, number in ids.items() if path != known}, str(other): file_id}


@pytest.mark.parametrize("within", ["", "deep"])
def test_a_link_is_left_in_place_of_a_renamed_folder(world: World, within: str) -> None:
    for number in range(3):
        world.put(f"old/{within}/{number}.mp3", b"%d" % number)
    world.scan()
    ids = [world.ids()[str(world.folder / "old" / within / f"{number}.mp3")] for number in range(3)]
    (world.folder / "old").rename(world.folder / "new")
    (world.folder / "old").symlink_to("new")
    assert counts(world.scan()) == {"seen": 3, "moved": 3}
    for number, file_id in enumerate(ids):
        path = os.path.normpath(f"new/{within}/{number}.mp3")
        assert shown(world, world.folder / path)[:2] == (file_id, path)
    assert counts(world.scan()) == {"seen": 3, "unchanged": 3}
    world.check_consistent()


def test_a_link_is_left_in_place_of_a_renamed_file(world: World) -> None:
    path = world.put("old.mp3")
    world.scan()
    path.rename(world.folder / "new.mp3")
    path.symlink_to("new.mp3")
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert shown(world, world.folder / "new.mp3") == (1, "new.mp3", ("old.mp3",))
    world.check_consistent()


def test_a_folder_gets_a_second_name_by_a_link(world: World) -> None:
    world.put("true/m.mp3")
    world.scan()
    (world.folder / "a link").symlink_to("true")
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    assert shown(world, world.folder / "true/m.mp3")[:2] == (1, "true/m.mp3")


def test_a_folder_of_links_is_renamed(world: World) -> None:
    first = world.put("old/x.mp3")
    for name in ("y", "z"):
        (world.folder / "old" / f"{name}.mp3").hardlink_to(first)
    world.scan()
    ids = list(world.ids().values())
    (world.folder / "old").rename(world.folder / "new")
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert list(world.ids().values()) == ids
    assert len(shown(world, world.folder / "new" / "x.mp3")[2]) == 2
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


@pytest.mark.parametrize("renamed", ["first", "second"])
def test_of_two_hard_links_one_is_renamed_and_the_other_written(world: World, renamed: str) -> None:
    """Neither its path nor its size and time tell then what the renamed one is."""
    scraper = world.hook.add_scraper()
    first = world.put("a.mp3")
    (world.folder / "b.mp3").hardlink_to(first)
    world.scan()
    ((known, file_id),) = world.ids().items()
    other = world.folder / ("b.mp3" if known == str(first) else "a.mp3")
    moving, written = (Path(known), other) if renamed == "first" else (other, Path(known))
    moving.rename(world.folder / "0.mp3")
    written.write_bytes(b"edited")
    world.scan()
    assert list(world.ids().values()) == [file_id]
    assert {below(world, str(one)) for one in (written, world.folder / "0.mp3")} == {
        shown(world, written)[1],
        *shown(world, written)[2],
    }
    assert len(scraper.names) == 2, "it is read at once"
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


def test_a_hard_link_that_an_editor_parts(world: World) -> None:
    """Most write a new file and rename it: then the two paths are two files."""
    path = world.put("m.mp3")
    (world.folder / "a.mp3").hardlink_to(path)
    world.scan()
    (known,) = world.ids()
    replaced = world.put("new", b"edited")
    replaced.rename(known)
    assert counts(world.scan()) == {"seen": 2, "changed": 1, "new": 1}
    assert all(shown(world, one)[2] == () for one in (path, world.folder / "a.mp3"))
    assert counts(world.scan()) == {"seen": 2, "unchanged": 2}


def test_copies_that_become_hard_links_become_one_file(world: World) -> None:
    scraper = world.hook.add_scraper()
    first, second = world.put("a.mp3", b"alike"), world.put("b.mp3", b"alike")
    for path in (first, second):
        os.utime(path, (5, 5))
    world.scan()
    ids = world.ids()
    second.unlink()
    second.hardlink_to(first)
    world.scan()
    assert world.ids() == {str(first): ids[str(first)]}
    assert shown(world, second) == (ids[str(first)], "a.mp3", ("b.mp3",))
    assert len(scraper.names) == 2
    world.check_consistent()
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


def test_many_links_to_one_file_outside(world: World, tmp_path: Path) -> None:
    outside = world.put("x.mp3", folder=tmp_path / "store")
    for number in range(20):
        (world.folder / f"{number}.mp3").symlink_to(outside)
    assert counts(world.scan()) == {"seen": 1, "new": 1}
    (known,) = world.ids()
    assert len(library.show(world.engine, known).other_paths) == 19
    Path(known).unlink()
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


def test_links_after_the_disk_got_another_number(world: World) -> None:
    path = world.put("m.mp3")
    (world.folder / "a.mp3").hardlink_to(path)
    (world.folder / "z.mp3").symlink_to(path)
    world.scan()
    before = world.ids()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE media_files SET device = device + 1")
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    (known,) = world.ids()
    assert (world.ids(), len(library.show(world.engine, known).other_paths)) == (before, 2)


def test_a_link_into_what_is_left_out_is_a_file(world: World) -> None:
    """As git-annex has it: the content is in .git, each song a link to it."""
    content = world.put(".git/annex/SHA256-x.mp3")
    (world.folder / "song.mp3").symlink_to(content)
    assert counts(world.scan()) == {"seen": 1, "new": 1}
    (world.folder / "song.mp3").rename(world.folder / "renamed.mp3")
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


def test_which_links_are_followed(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    world.put("folder/x.mp3", folder=outside)
    world.put("y.mp3", folder=outside)
    content = world.put(".store/z.mp3")
    (world.folder / "folder").symlink_to(outside / "folder")
    (world.folder / "file.mp3").symlink_to(outside / "y.mp3")
    (world.folder / "inside.mp3").symlink_to(content)

    def names(setting: str) -> set[str]:
        library.change_settings(world.engine, str(world.folder), {"follow_links": setting})
        world.scan()
        return {below(world, path) for path in world.ids()}

    world.scan()
    assert names("all") == {"folder/x.mp3", "file.mp3", "inside.mp3"}
    assert names("inside") == {"inside.mp3"}
    assert names("none") == set()
    assert names("all") == {"folder/x.mp3", "file.mp3", "inside.mp3"}
