"""Files that are excluded from a library, the rule for each, and files that are excluded later."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.errors import UsageError, ViewraError
from viewra.library import ignoring
from viewra.types import FollowLinks, LibrarySettings


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """These tests are about folders: it makes no difference which database the files are in."""
    return sqlite_url


LEFT_OUT = [
    ".Trash-1000/files",
    ".Trash",
    "$RECYCLE.BIN/S-1-5",
    "$Recycle.Bin",
    "#recycle",
    "@eaDir/a.mp3",
    "lost+found",
    ".git/annex",
    ".stversions",
    "System Volume Information",
    ".hidden",
    "album/.AppleDouble",
]


def names(world: World) -> set[str]:
    return {os.path.relpath(path, world.folder) for path in world.ids()}


def test_what_the_system_and_other_programs_keep(world: World) -> None:
    for folder in LEFT_OUT:
        world.put(f"{folder}/a.mp3")
    world.put(".hidden.mp3")
    world.put("._a.mp3")
    world.put("Lost+Found/01.mp3")  # an album
    world.put("a.mp3")
    assert counts(world.scan()) == {"seen": 2, "new": 2}
    assert names(world) == {"a.mp3", "Lost+Found/01.mp3"}


def test_hidden_files_are_there_when_asked_for(world: World) -> None:
    for name in (".hidden/a.mp3", ".b.mp3", ".git/c.mp3", ".Trash-1000/d.mp3", "._e.mp3"):
        world.put(name)
    world.scan()
    library.change_settings(world.engine, str(world.folder), {"hidden": "yes"})
    assert counts(world.scan()) == {"seen": 2, "new": 2}
    assert names(world) == {".hidden/a.mp3", ".b.mp3"}
    library.change_settings(world.engine, str(world.folder), {"hidden": "no"})
    assert counts(world.scan()) == {"missing": 2}


def test_a_song_in_the_trash_is_missing_and_back_when_it_is_restored(world: World) -> None:
    path = world.put("a.mp3")
    world.scan()
    ids = world.ids()
    trash = world.folder / ".Trash-1000" / "files"
    trash.mkdir(parents=True)
    path.rename(trash / "a.mp3")
    assert counts(world.scan()) == {"missing": 1}
    (trash / "a.mp3").rename(path)
    assert counts(world.scan()) == {"seen": 1, "returned": 1}
    assert world.ids() == ids


@pytest.mark.parametrize("name", [".viewraignore", ".ignore", ".ndignore", ".plexignore"])
def test_files_with_patterns(world: World, name: str) -> None:
    lines = b"\xef\xbb\xbf# samples\r\n\r\n*.wav\r\n!keep.wav\r\n/Samples/\r\nextras/**/deep\r\n"
    world.put(name, lines)
    for file in ("a.mp3", "a.wav", "in/keep.wav", "Samples/b.mp3", "in/Samples/b.mp3", "extras/x/deep/c.mp3"):
        world.put(file)
    world.scan()
    assert names(world) == {"a.mp3", "in/keep.wav", "in/Samples/b.mp3"}


@pytest.mark.parametrize("name", [".nomedia", ".ignore", ".ndignore"])
def test_files_that_leave_out_their_folder(world: World, name: str) -> None:
    world.put("a.mp3")
    world.put("out/b.mp3")
    world.put("out/deep/c.mp3")
    world.scan()
    world.put(f"out/{name}", b"\n")
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1, "missing": 2}
    (world.folder / "out" / name).unlink()
    assert counts(world.scan()) == {"seen": 3, "unchanged": 1, "returned": 2}


@pytest.mark.parametrize("name", [".viewraignore", ".plexignore"])
def test_empty_files_with_patterns_leave_out_nothing(world: World, name: str) -> None:
    world.put(name, b"")
    world.put("a.mp3")
    assert world.scan().counts.new == 1


def test_the_nearest_pattern_counts_and_the_operators_before_all(world: World) -> None:
    world.put(".viewraignore", b"*.wav\n")
    world.put("in/.viewraignore", b"!*.wav\n")
    world.put("in/.plexignore", b"*.mp3\n")
    for file in ("a.wav", "in/b.wav", "in/c.mp3", "in/deep/d.wav"):
        world.put(file)
    world.scan()
    assert names(world) == {"in/b.wav", "in/deep/d.wav"}
    library.change_settings(world.engine, str(world.folder), {}, exclude=["/in/deep/", "!c.mp3"])
    world.scan()
    assert names(world) == {"in/b.wav", "in/c.mp3"}


def test_patterns_see_names_that_are_not_utf8(world: World) -> None:
    world.put(".viewraignore", b"caf\xe9*\n")
    world.put(os.fsdecode(b"caf\xe9.mp3"))
    world.put(os.fsdecode(b"caf\xe8.mp3"))
    assert world.scan().counts.new == 1


@pytest.mark.parametrize("content", [b"ok\n!\n", b"x" * (ignoring.LARGEST_BYTES + 1)])
def test_a_file_with_patterns_that_cannot_be_used_is_named_and_loses_nothing(world: World, content: bytes) -> None:
    world.put("in/deep/a.mp3")
    world.put("b.mp3")
    world.scan()
    bad = world.put("in/.viewraignore", content)
    report = world.scan()
    assert counts(report) == {"seen": 1, "unchanged": 1}
    (failure,) = report.failures
    assert (failure.path, str(bad) in failure.error) == (str(bad.parent), True)
    assert len(world.ids()) == 2


def test_a_bad_line_is_named(world: World) -> None:
    world.put(".viewraignore", b"# fine\n*.wav\n!\n")
    with pytest.raises(ViewraError, match="line 3"):
        world.scan()


def test_a_folder_that_is_named_as_a_file_with_patterns(world: World) -> None:
    world.put(".ignore/x", b"")
    os.mkfifo(world.folder / ".viewraignore")
    world.put("a.mp3")
    assert world.scan().counts.new == 1


def test_a_library_that_leaves_itself_out_is_refused(world: World) -> None:
    world.put("a.mp3")
    world.put("b/c.mp3")
    world.scan()
    world.put(".nomedia", b"")
    for folder in (world.folder, world.folder / "b"):
        with pytest.raises(UsageError, match="left out"):
            world.scan(folder)
    assert len(world.ids()) == 2


def test_a_part_that_is_scanned_alone_knows_the_rules_above_it(world: World) -> None:
    world.put(".viewraignore", b"in/*.wav\n")
    world.put("in/a.wav")
    world.put("in/b.mp3")
    world.put(".hidden/in/c.mp3")
    world.scan()
    assert counts(world.scan(world.folder / "in")) == {"seen": 1, "unchanged": 1}
    with pytest.raises(UsageError, match="it is hidden"):
        world.scan(world.folder / ".hidden" / "in")


def test_a_library_inside_what_others_would_leave_out(world: World, tmp_path: Path) -> None:
    folder = tmp_path / ".cache" / "$RECYCLE.BIN"
    world.put("a.mp3", folder=folder)
    assert world.scan(folder).counts.new == 1


def test_settings_of_a_library(world: World) -> None:
    library.add_library(world.engine, str(world.folder))
    path = str(world.folder / "in")
    assert library.get_settings(world.engine, path) == LibrarySettings()
    changed = library.change_settings(
        world.engine, path, {"missing_keep": "2w", "follow_links": "inside", "hidden": "yes"}, exclude=["*.a", "*.b"]
    )
    assert changed == LibrarySettings(14 * 86_400, FollowLinks.INSIDE, True, ("*.a", "*.b"))
    assert library.change_settings(world.engine, path, {}, exclude=["*.a"], include=["*.b"]).exclude == ("*.a",)
    assert library.get_settings(world.engine, path).exclude == ("*.a",)
    for values in (
        {"missing_keep": "soon"},
        {"missing_keep": "5"},
        {"hidden": "maybe"},
        {"follow_links": "x"},
        {"y": "1"},
    ):
        with pytest.raises(UsageError):
            library.change_settings(world.engine, path, values)
    for pattern in ("", "!", "# x", "a\nb", "\\"):
        with pytest.raises(UsageError):
            library.change_settings(world.engine, path, {}, exclude=[pattern])
    with pytest.raises(UsageError, match="is not excluded"):
        library.change_settings(world.engine, path, {}, include=["*.z"])
    with pytest.raises(UsageError, match="in no library"):
        library.get_settings(world.engine, "/nowhere")


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\0", codec="utf-8"), max_size=8), max_size=5))
def test_no_pattern_raises_anything_but_the_error_for_it(lines: list[str]) -> None:
    with contextlib.suppress(ignoring.BadIgnoreFile):
        rules = ignoring.rules_of(b"/music", hidden=True, exclude=lines)
        rules.why(b"/music/a/b.mp3", b"b.mp3", is_folder=False)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git to compare with")
def test_patterns_mean_what_they_mean_to_git(world: World) -> None:
    lines = [
        "*.wav",
        "!/keep.wav",
        "/top.mp3",
        "deep/",
        "a/**/z.mp3",
        "[ab].flac",
        "sp ace.mp3",
        "\\#x.mp3",
        "tail.ogg  ",
    ]
    files = [
        "x.wav", "keep.wav", "in/keep.wav", "top.mp3", "in/top.mp3", "in/deep/q.mp3", "deep.mp3", "a/z.mp3",
        "a/b/c/z.mp3", "a.flac", "c.flac", "sp ace.mp3", "#x.mp3", "tail.ogg", "in/sp ace.mp3",
    ]  # fmt: skip
    for file in files:
        world.put(file)
    world.put(".gitignore", "\n".join(lines).encode())
    world.put(".viewraignore", "\n".join(lines).encode())
    subprocess.run(["git", "init", "-q", str(world.folder)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(world.folder), "ls-files", "--others", "--exclude-standard", "-z"],
        check=True,
        capture_output=True,
    )
    wanted = {os.fsdecode(name) for name in listed.stdout.split(b"\0") if name and not name.startswith(b".")}
    world.scan()
    assert names(world) == wanted
