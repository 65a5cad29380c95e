"""Why a library leaves out a path: by which rule, and by which line of which file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra import library


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """These tests are about folders: it makes no difference which database the files are in."""
    return sqlite_url


@pytest.mark.parametrize(
    ("path", "what", "rule"),
    [
        (".Trash-1000/files/a.mp3", ".Trash-1000", "folders of this name"),
        (".x.mp3", ".x.mp3", "it is hidden"),
        ("in/a.wav", "in/a.wav", ".viewraignore, line 2: *.wav"),
        ("marked/deep/a.mp3", "marked", ".nomedia excludes its whole folder"),
        ("marked", "marked", ".nomedia excludes its whole folder"),
        ("excluded/a.mp3", "excluded", "the library excludes it: /excluded/"),
        ("a.mp3", None, None),
        ("not there/a.mp3", None, None),
        ("not there/a.wav", "not there/a.wav", ".viewraignore, line 2: *.wav"),
    ],
)
def test_why_a_path_is_left_out(world: World, path: str, what: str | None, rule: str | None) -> None:
    world.put(".viewraignore", b"# no waves\n*.wav\n")
    for file in (".Trash-1000/files/a.mp3", "in/a.wav", "marked/deep/a.mp3", "marked/.nomedia", "excluded/a.mp3"):
        world.put(file)
    library.add_library(world.engine, str(world.folder))
    library.change_settings(world.engine, str(world.folder), {}, exclude=["/excluded/"])
    why = library.why_ignored(world.engine, str(world.folder / path))
    assert why.what == (str(world.folder / what) if what else None)
    assert (why.rule is None) if rule is None else rule in str(why.rule)
    if rule and "line 2" in rule:
        assert (why.file, why.line, why.pattern) == (str(world.folder / ".viewraignore"), 2, "*.wav")


def test_a_file_that_is_no_media_is_left_out_as_such(world: World) -> None:
    library.add_library(world.engine, str(world.folder))
    path = str(world.put("a.docx"))
    assert "no media file by its name" in str(library.why_ignored(world.engine, path).rule)
    assert library.why_ignored(world.engine, path, [{"application/x-docx": [".docx"]}]).rule is None
    for name in ("no extension", "a.ts"):  # their content decides
        assert library.why_ignored(world.engine, str(world.put(name))).rule is None


@pytest.mark.parametrize(
    ("links", "path", "reason"),
    [
        ("all", "album/up", "leads back to a folder that it is in"),
        ("all", "album/up/album/a.mp3", "leads back to a folder that it is in"),
        ("all", "album/itself", "leads back to a folder that it is in"),
        ("all", "round.mp3", "leads to itself"),
        ("all", "twin/a.mp3", "album, which is scanned by that path"),
        ("all", "out/a.mp3", None),
        ("all", "out.mp3", None),
        ("inside", "out/a.mp3", "leads out of the library (follow_links=inside)"),
        ("inside", "out.mp3", "leads out of the library (follow_links=inside)"),
        ("inside", "in.mp3", None),
        ("none", "in.mp3", "the library follows no symbolic links (follow_links=none)"),
        ("none", "album/a.mp3", None),
    ],
)
def test_why_a_link_is_left_out(world: World, tmp_path: Path, links: str, path: str, reason: str | None) -> None:
    song = world.put("album/a.mp3")
    world.put("a.mp3", folder=tmp_path / "outside")
    (world.folder / "album" / "up").symlink_to("..")
    (world.folder / "album" / "itself").symlink_to(".")
    (world.folder / "twin").symlink_to("album")
    (world.folder / "round.mp3").symlink_to("round.mp3")
    (world.folder / "in.mp3").symlink_to(song)
    (world.folder / "out").symlink_to(tmp_path / "outside")
    (world.folder / "out.mp3").symlink_to(tmp_path / "outside" / "a.mp3")
    library.add_library(world.engine, str(world.folder))
    library.change_settings(world.engine, str(world.folder), {"follow_links": links})
    rule = library.why_ignored(world.engine, str(world.folder / path)).rule
    assert (reason in rule) if reason is not None and rule is not None else (rule is reason)
