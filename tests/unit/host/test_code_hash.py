"""Which changes of a plugin's directory are changes of its code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from viewra.host.installed.code_hash import code_hash


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "main.py").write_text("1")
    (tmp_path / "lib" / "a.py").write_text("2")
    return tmp_path


def change(plugin: Path, name: str) -> None:
    path = plugin / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("changed")


@pytest.mark.parametrize("name", ["main.py", "lib/a.py", "lib/new.py", "plugin.cue", "data.bin"])
def test_counts(plugin: Path, name: str) -> None:
    before = code_hash(plugin)
    change(plugin, name)
    assert code_hash(plugin) != before


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/main.pyc",
        "README.md",
        "tests/test_a.py",
        ".git/x",
        "main.py~",
        "a.swp",
        "4913",
        "#main.py#",
        "x___jb_tmp___",
    ],
)
def test_does_not_count(plugin: Path, name: str) -> None:
    before = code_hash(plugin)
    change(plugin, name)
    assert code_hash(plugin) == before


def test_contents_that_move_between_files_count(plugin: Path) -> None:
    before = code_hash(plugin)
    (plugin / "main.py").write_text("2")
    (plugin / "lib" / "a.py").write_text("1")
    assert code_hash(plugin) != before


def test_a_pipe_is_no_file_to_read(plugin: Path) -> None:
    os.mkfifo(plugin / "pipe")
    assert code_hash(plugin) == code_hash(plugin)
