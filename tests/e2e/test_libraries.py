"""Libraries from the command line: added, moved, left out, and asked about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import NO_PLUGIN, ON_BOTH, Viewra, files

pytestmark = pytest.mark.process


@NO_PLUGIN
@ON_BOTH
def test_libraries(viewra: Viewra, music: Path, tmp_path: Path) -> None:
    added = viewra("library", "add", music, "--json").data
    assert added == {"id": 1, "path": str(music), "files": 0, "missing": 0}
    assert viewra("library", "scan", "--json").data["status"] == "completed"
    listed = viewra("library", "list", "--json").data
    assert listed[0]["files"] > 0
    part = viewra("scan", music / "Erik Satie", "--json").data
    assert part["library_id"] == 1
    assert part["files"]["unchanged"] == part["files"]["seen"] > 0
    removed = viewra("library", "remove", "1", "--json").data
    assert removed["files"] == listed[0]["files"]
    assert viewra("library", "list", "--json").data == []
    assert viewra("search", "bach", "--json").data == {
        "total": 0,
        "has_more": False,
        "did_you_mean": None,
        "results": [],
    }
    assert any(path.is_file() for path in music.rglob("*")), "the files stay"


@NO_PLUGIN
def test_a_library_moves_and_leaves_out(viewra: Viewra, music: Path, tmp_path: Path) -> None:
    count = viewra("scan", music, "--exclude", "*.flac", "--json").data["files"]["new"]
    assert viewra("library", "set", music, "--json").data == {
        "missing_keep": "30d",
        "follow_links": "all",
        "hidden": "no",
        "watch": "yes",
        "schedule": "none",
        "exclude": ["*.flac"],
    }
    song = next(music.rglob("*.flac"))
    why = viewra("library", "ignored", song, "--json").data
    assert (why["ignored"], why["pattern"]) == (True, "*.flac")
    assert "*.flac" in viewra("library", "ignored", song).out
    music.rename(tmp_path / "tunes")
    refused = viewra("scan", tmp_path / "tunes")
    assert refused.status == 2
    assert f"viewra library move {music} {tmp_path / 'tunes'}" in refused.err
    assert viewra("library", "move", music, tmp_path / "tunes", "--json").data["files"] == count
    assert viewra("library", "scan", "--json").data["files"] == files(seen=count, unchanged=count)
    changed = viewra("library", "set", tmp_path / "tunes", "hidden=yes", "--include", "*.flac", "--json").data
    assert (changed["hidden"], changed["exclude"]) == ("yes", [])
    assert viewra("library", "set", tmp_path / "tunes", "hidden").status == 2


@NO_PLUGIN
def test_many_files_are_not_forgotten_without_a_word(viewra: Viewra, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1001):
        (folder / f"{number}.mp3").touch()
    viewra("scan", folder)
    refused = viewra("library", "remove", folder)
    assert (refused.status, "1,001 files" in refused.err, "--yes" in refused.err) == (2, True, True)
    shutil.rmtree(folder)
    folder.mkdir()
    assert viewra("scan", folder, "--json").data["files"]["missing"] == 1001
    for command in (("purge",), ("purge", "--gone", folder)):
        assert viewra("library", *command).status == 2
    assert viewra("library", "purge", "--gone", folder, "--yes", "--json").data == {"purged": 1001}
    assert viewra("library", "remove", folder, "--json").status == 0


@NO_PLUGIN
def test_several_folders_are_several_jobs(viewra: Viewra, music: Path) -> None:
    report = viewra("scan", music / "Erik Satie", music / "Edvard Grieg", music / "Erik Satie", "--json").data
    assert len(report["jobs"]) == 2
    assert report["files"]["new"] == sum(job["files"]["new"] for job in report["jobs"]) > 0
