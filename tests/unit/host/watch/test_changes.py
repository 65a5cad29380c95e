"""Which changes of a plugin's files are reported and which are not, with real files and notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.host.watch.watching import (
    DEADLINE_S,
    Watch,
    append,
    inside,
    move_a_folder_away,
    move_a_folder_in,
    new_nested_folders,
    remove,
    rename_over,
    same_size,
    truncate_and_write_in_chunks,
    watched_inodes,
)


def manifest(plugin: Path) -> None:
    (plugin / "plugin.cue").write_text('id: "y"')


@pytest.mark.parametrize(
    "change",
    [
        rename_over,
        truncate_and_write_in_chunks,
        append,
        same_size,
        remove,
        move_a_folder_away,
        move_a_folder_in,
        new_nested_folders,
        manifest,
    ],
)
def test_told(watch: Watch, plugin: Path, change: Callable[[Path], None]) -> None:
    change(plugin)
    watch.calls.wait_change(plugin)
    watch.settle()
    assert set(watch.changes) == {plugin}
    assert watch.calls.layouts == 0


def open_and_close(plugin: Path) -> None:
    (plugin / "main.py").read_text()
    (plugin / "main.py").open("r+").close()


def change_attributes(plugin: Path) -> None:
    (plugin / "main.py").chmod(0o600)
    os.utime(plugin / "main.py", (1, 1))


def make_an_empty_folder(plugin: Path) -> None:
    (plugin / "empty").mkdir()


@pytest.mark.parametrize("nothing", [open_and_close, change_attributes, make_an_empty_folder])
def test_what_changes_no_code_is_not_told(watch: Watch, plugin: Path, nothing: Callable[[Path], None]) -> None:
    nothing(plugin)
    watch.settle()
    assert watch.changes == []


@pytest.mark.parametrize(
    "name",
    [
        "4913",
        ".main.py.swp",
        "main.swo",
        "main.py~",
        ".#main.py",
        "#main.py#",
        "x.tmp",
        "main.py___jb_tmp___",
        "main.py___jb_old___",
        "README.md",
        "x.pyc",
        "__pycache__/main.cpython-311.pyc",
        ".git/index",
        ".venv/lib/x.py",
        "node_modules/x/index.js",
        "tests/test_a.py",
        "lib/.hidden",
    ],
)
def test_ignored_names_are_not_told_and_cost_no_watch(watch: Watch, plugin: Path, name: str) -> None:
    path = plugin / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("1")
    path.write_text("2")
    path.rename(path.with_name(path.name + "~"))
    watch.settle()
    assert watch.changes == []
    assert watched_inodes() & {folder.stat().st_ino for folder in inside(plugin)} == {
        plugin.stat().st_ino,
        (plugin / "lib").stat().st_ino,
    }


def test_data_directory_inside_a_plugin(tmp_path: Path, plugin: Path) -> None:
    data = plugin / "data"
    with Watch(tmp_path, ignored=[data, plugin.parent.parent]) as watch:
        watch.watcher.watch_plugin(plugin)
        (data / "plugins" / "one").mkdir(parents=True)
        (data / "viewra.db").write_text("x")
        (data / "plugins" / "one" / "log").write_text("x")
        watch.settle()
        assert watch.changes == []
        assert data.stat().st_ino not in watched_inodes()
        append(plugin)  # the other ignored one contains the plugin, and does not hide it
        watch.calls.wait_change(plugin)


def test_a_burst_is_told_once_and_after_it(tmp_path: Path, plugin: Path) -> None:
    with Watch(tmp_path, quiet_s=1.0, longest_s=60.0) as watch:
        watch.watcher.watch_plugin(plugin)
        for number in range(200):
            (plugin / f"m{number}.py").write_text("x")
        watch.calls.wait_change(plugin)
        watch.settle()
        assert watch.changes == [plugin]


def test_changes_without_end_are_told_in_between(tmp_path: Path, plugin: Path) -> None:
    with Watch(tmp_path, quiet_s=60.0, longest_s=0.3) as watch:
        watch.watcher.watch_plugin(plugin)
        deadline = time.monotonic() + DEADLINE_S
        while len(watch.changes) < 2 and time.monotonic() < deadline:
            append(plugin)
        assert len(watch.changes) >= 2


def test_git_checkout(watch: Watch, plugin: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=plugin.parent, check=True, capture_output=True, timeout=60)

    git("init", "--initial-branch=old")
    git("add", ".")
    git("commit", "-m", "old")
    git("checkout", "-b", "new")
    shutil.rmtree(plugin / "lib")
    (plugin / "other" / "nested").mkdir(parents=True)
    for number in range(50):
        (plugin / "other" / "nested" / f"m{number}.py").write_text("new")
    git("add", ".")
    git("commit", "-m", "new")
    watch.settle()
    seen: list[bool] = []
    for branch in ["old", "new", "old"]:
        before = watch.changes.count(plugin)
        git("checkout", branch)
        watch.calls.wait_change(plugin, before + 1)
        watch.settle()
        seen.append((plugin / "lib" / "a.py").exists())
        before = watch.changes.count(plugin)
        append(plugin) if branch == "old" else (plugin / "other" / "nested" / "m1.py").write_text("edited")
        watch.calls.wait_change(plugin, before + 1)
        git("checkout", ".")
        watch.settle()
    assert seen == [True, False, True]


def test_files_written_while_folders_are_made_are_all_seen(watch: Watch, plugin: Path) -> None:
    """Of each new folder either its files are found when it is first looked at, or the kernel tells of them."""
    for number in range(30):
        folder = plugin / f"f{number}" / "g"
        folder.mkdir(parents=True)
        (folder / "x.py").write_text("x")
    watch.calls.wait_change(plugin)
    watch.settle()
    assert watched_inodes() >= {folder.stat().st_ino for folder in inside(plugin)}
    for number in range(0, 30, 10):
        before = watch.changes.count(plugin)
        (plugin / f"f{number}" / "g" / "x.py").write_text("y")
        watch.calls.wait_change(plugin, before + 1)
