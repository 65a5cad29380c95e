"""Checking a plugin's directory without starting anything, and how findings are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewra.errors import ManifestError
from viewra.manifest import check, render

MANIFEST = 'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: {\n\tmain: "%s"\n}\n'


def plugin(directory: Path, main: str = "run") -> Path:
    (directory / "plugin.cue").write_text(MANIFEST % main)
    return directory


def program(path: Path, mode: int = 0o755) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)


def test_a_sound_plugin(tmp_path: Path) -> None:
    program(tmp_path / "run")
    report = check(plugin(tmp_path))
    assert (report.ok, report.errors, report.warnings, report.text()) == (True, (), (), "")
    assert report.manifest is not None
    assert report.data() == {"ok": True, "errors": [], "warnings": []}


def test_a_python_entry_point_need_not_be_executable(tmp_path: Path) -> None:
    program(tmp_path / "src/plugin.py", 0o644)
    assert check(plugin(tmp_path, "src/plugin.py")).ok
    program(tmp_path / "run", 0o644)
    report = check(plugin(tmp_path))
    assert not report.ok
    assert "'run' is not executable; chmod +x" in str(report.errors[0])


def test_the_entry_point_is_a_file_inside_the_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    report = check(plugin(home))
    assert str(report.errors[0]) == f"{home}/plugin.cue:5:2: entry_points.main: 'run' does not exist in {home}"
    program(tmp_path / "elsewhere")
    (home / "run").symlink_to(tmp_path / "elsewhere")
    assert f"leads out of the plugin's directory, to {tmp_path}/elsewhere" in str(check(home).errors[0])
    (home / "run").unlink()
    (home / "run").symlink_to("run")
    assert "cannot be read" in str(check(home).errors[0])
    (home / "run").unlink()
    (home / "run").mkdir()
    assert "is not a file" in str(check(home).errors[0])
    (home / "run").rmdir()
    program(home / "bin/real")
    (home / "run").symlink_to("bin/real")
    assert check(home).ok


def test_errors_with_the_source_line_and_a_caret(tmp_path: Path) -> None:
    program(tmp_path / "run")
    (tmp_path / "plugin.cue").write_text(MANIFEST % "run" + '\truntime: {lazy: "two"}\nextra: 1\n')
    report = check(tmp_path)
    assert not report.ok
    assert report.text() == (
        f'{tmp_path}/plugin.cue:7:18: runtime.lazy: expected bool, found "two"\n'
        '    \truntime: {lazy: "two"}\n'
        "    \t                ^"
    )
    assert json.loads(json.dumps(report.data()))["errors"] == [
        {
            "file": f"{tmp_path}/plugin.cue",
            "line": 7,
            "column": 18,
            "field": "runtime.lazy",
            "message": 'expected bool, found "two"',
        }
    ]


def test_a_missing_program_is_told_beside_other_errors(tmp_path: Path) -> None:
    (tmp_path / "plugin.cue").write_text(MANIFEST % "run" + '\truntime: {lazy: "two"}\n')
    assert [error.path for error in check(tmp_path).errors] == ["runtime.lazy", "entry_points.main"]


def test_warnings_apart_from_errors(tmp_path: Path) -> None:
    program(tmp_path / "run")
    (tmp_path / "plugin.cue").write_text(MANIFEST % "run" + "extra: 1\n")
    report = check(tmp_path)
    assert report.ok
    assert report.errors == ()
    assert report.text() == f"warning: {tmp_path}/plugin.cue:7:1: extra: unknown field, ignored\n    extra: 1\n    ^"


@pytest.mark.parametrize("source", ["", "one line"])
def test_a_place_outside_the_source_is_shown_without_it(source: str) -> None:
    assert render(ManifestError("bad", file="x.cue", line=9, column=1), source) == "x.cue:9:1: bad"
    assert render(ManifestError("cannot be read", file="x.cue"), source) == "x.cue: cannot be read"


def test_control_characters_and_long_lines_are_not_passed_on() -> None:
    error = ManifestError("bad", file="x.cue", line=1, column=4)
    assert render(error, "a: \x1b[31mred") == "x.cue:1:4: bad\n    a: \N{REPLACEMENT CHARACTER}[31mred\n       ^"
    shown = render(ManifestError("bad", file="x.cue", line=1, column=5001), "x" * 10_000).split("\n")
    assert max(map(len, shown)) < 140
    assert shown[2].index("^") == 4 + 60


def test_a_directory_without_a_manifest(tmp_path: Path) -> None:
    report = check(tmp_path)
    assert not report.ok
    assert "cannot be read: No such file" in str(report.errors[0])
    assert report.manifest is None
