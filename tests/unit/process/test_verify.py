"""Pinned code: what changes a digest, and that the very file that was checked is run."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.leftovers import Present
from tests.unit.process.conftest import Lines
from viewra.errors import HandshakeError
from viewra.process import LaunchPlan, Spawner, file_digest, open_verified, require_digest, tree_digest

EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "plugin"
    (tree / "service" / "__pycache__").mkdir(parents=True)
    (tree / "main.py").write_text("import service")
    (tree / "service" / "__init__.py").write_text("x = 1")
    (tree / "link").symlink_to("main.py")
    return tree


def test_a_files_digest(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert file_digest(tmp_path / "f") == EMPTY


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "main.py").write_text("import servicf"),
        lambda tree: (tree / "main.py").rename(tree / "other.py"),
        lambda tree: (tree / "main.py").chmod(0o755),
        lambda tree: (tree / "new.pyc").touch(),
        lambda tree: (tree / "empty").mkdir(),
        lambda tree: ((tree / "link").unlink(), (tree / "link").symlink_to("service")),
        lambda tree: ((tree / "link").unlink(), (tree / "link").write_text("main.py")),
    ],
)
def test_every_change_of_code_changes_the_trees_digest(tree: Path, change: Callable[[Path], object]) -> None:
    before = tree_digest(tree)
    change(tree)
    assert tree_digest(tree) != before


def test_what_is_no_code_does_not(tree: Path) -> None:
    before = tree_digest(tree)
    (tree / "service" / "__pycache__" / "x.pyc").write_text("cache")
    (tree / "main.py").touch()
    os.mkfifo(tree / "pipe")
    assert tree_digest(tree) == before
    shutil.copytree(tree / "service", tree.parent / "elsewhere" / "service")
    for name in ("main.py", "link"):
        shutil.copy2(tree / name, tree.parent / "elsewhere" / name, follow_symlinks=False)
    assert tree_digest(tree.parent / "elsewhere") == before


def test_a_name_is_never_mistaken_for_content(tmp_path: Path) -> None:
    for index, names in enumerate((("ab", "c"), ("a", "bc"))):
        (tmp_path / str(index)).mkdir()
        for name in names:
            (tmp_path / str(index) / name).touch()
    assert tree_digest(tmp_path / "0") != tree_digest(tmp_path / "1")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        tree_digest(tmp_path / "missing")


def test_both_digests_are_named(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("changed")
    before = Present()
    with pytest.raises(HandshakeError) as caught:
        open_verified(program, EMPTY)
    assert caught.value.step == "verify"
    assert EMPTY in str(caught.value)
    assert file_digest(program) in str(caught.value)
    before.nothing_is_left()
    with pytest.raises(HandshakeError, match="No such file"):
        open_verified(tmp_path / "missing", EMPTY)


def test_digests_compare_in_either_case() -> None:
    require_digest("it", EMPTY, f" {EMPTY.upper()}\n")


@pytest.mark.process
def test_the_very_file_that_was_checked_is_run(tmp_path: Path, spawner: Spawner, lines: Lines) -> None:
    program = tmp_path / "program"
    shutil.copy(shutil.which("cat") or "/bin/cat", program)
    descriptor = open_verified(program, file_digest(program))
    (tmp_path / "evil").write_text("#!/bin/sh\necho evil\n")
    (tmp_path / "evil").chmod(0o755)
    (tmp_path / "evil").replace(program)
    (tmp_path / "text").write_text("good\n")
    try:
        plan = LaunchPlan((str(program), str(tmp_path / "text")), {}, executable=descriptor)
        child = spawner.launch(plan, on_line=lines.on_line)
        assert child.wait(60) == 0, child.output.last()
    finally:
        os.close(descriptor)
    assert lines.heard == [("stdout", "good")]


@pytest.mark.process
def test_the_descriptor_does_not_reach_the_program(spawner: Spawner, lines: Lines) -> None:
    python = Path(sys.executable).resolve()
    descriptor = open_verified(python, file_digest(python))
    try:
        code = "import os; print(len(os.listdir('/proc/self/fd')))"
        plan = LaunchPlan((sys.executable, "-c", code), {}, executable=descriptor)
        child = spawner.launch(plan, on_line=lines.on_line)
        child.wait(60)
    finally:
        os.close(descriptor)
    assert lines.heard == [("stdout", "4")]
