"""Plugins whose directories are removed, moved, replaced or reached by links."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from tests.unit.host.watch.watching import Watch, append, inside, watched_inodes, write_plugin
from viewra.host.watch.debounce import Debounce
from viewra.host.watch.paths import Look, PluginPaths
from viewra.host.watch.tree import Tree, WatchSet


def test_removed_for_a_while(watch: Watch, plugin: Path) -> None:
    shutil.rmtree(plugin)
    watch.settle()
    assert watch.changes == [], "there is nothing to reload while it is away"
    write_plugin(plugin)
    watch.calls.wait_change(plugin)
    watch.settle()
    before = len(watch.changes)
    append(plugin)
    watch.calls.wait_change(plugin, before + 1)


def test_a_plugin_that_is_not_there_yet(watch: Watch, plugin: Path) -> None:
    later = plugin.parent.with_name("more") / "later"
    watch.watcher.watch_plugin(later)
    watch.settle()
    assert watch.changes == []
    write_plugin(later)
    watch.calls.wait_change(later)


def test_moved_away_and_back_is_no_change(watch: Watch, plugin: Path) -> None:
    aside = plugin.with_name(".aside")
    plugin.rename(aside)
    watch.settle()
    aside.rename(plugin)
    watch.settle()
    assert watch.changes == []
    append(plugin)
    watch.calls.wait_change(plugin)


def test_another_directory_in_its_place(watch: Watch, plugin: Path) -> None:
    other = write_plugin(plugin.with_name(".other"))
    (other / "new.py").write_text("new")
    plugin.rename(plugin.with_name(".old"))
    other.rename(plugin)
    watch.calls.wait_change(plugin)
    watch.settle()
    before = len(watch.changes)
    (plugin.with_name(".old") / "main.py").write_text("nobody runs this any more")
    watch.settle()
    assert len(watch.changes) == before
    append(plugin)
    watch.calls.wait_change(plugin, before + 1)


def test_the_folder_above_removed_and_made_again(watch: Watch, plugin: Path) -> None:
    shutil.rmtree(plugin.parent)
    watch.settle()
    write_plugin(plugin)
    watch.calls.wait_change(plugin)
    plugin.parent.rename(plugin.parent.with_name("elsewhere"))
    watch.settle()
    before = len(watch.changes)
    write_plugin(plugin)
    watch.calls.wait_change(plugin, before + 1)


def test_another_folder_above_in_its_place(watch: Watch, plugin: Path) -> None:
    other = write_plugin(plugin.parent.with_name("other") / "one")
    plugin.parent.rename(plugin.parent.with_name("old"))
    other.parent.rename(plugin.parent)
    watch.calls.wait_change(plugin)
    watch.settle()
    before = len(watch.changes)
    shutil.rmtree(plugin)
    watch.settle()
    write_plugin(plugin)
    watch.calls.wait_change(plugin, before + 1)


class GrowingPaths(PluginPaths):
    """A plugin that gets one more folder, with a file, right after each of the first looks at it."""

    grown = 0

    def look(self) -> Look | None:
        look = super().look()
        if self.grown < 3:
            self.grown += 1
            folder = self.directory / f"f{self.grown}"
            folder.mkdir()
            (folder / "new.py").write_text("new")
        return look


def test_what_comes_between_a_look_and_the_watch_is_seen(plugin: Path) -> None:
    """Nobody listens here: what the kernel tells of is not needed for it."""
    changed = threading.Condition()
    tree = Tree(GrowingPaths(plugin, []), Debounce(0.1, 1.0))
    watches = WatchSet(changed, 1.0)
    try:
        with changed:
            assert watches.look(tree)
            assert tree.seen is not None
            assert tree.seen.keys() >= {plugin / f"f{number}" / "new.py" for number in (1, 2, 3)}
            assert watched_inodes() >= {folder.stat().st_ino for folder in inside(plugin)}
    finally:
        watches.close()


def test_a_linked_plugin_that_is_switched(tmp_path: Path) -> None:
    first, second = (write_plugin(tmp_path / "releases" / name) for name in ("1", "2"))
    current = tmp_path / "current"
    current.symlink_to(first.parent / "1")
    inner = current / "lib"
    with Watch(tmp_path) as watch:
        watch.watcher.watch_plugin(current)
        watch.watcher.watch_plugin(inner)  # the link is on the way to it
        append(first)
        watch.calls.wait_for(lambda: set(watch.changes) == {current, inner})
        (tmp_path / "next").symlink_to(second)
        (tmp_path / "next").rename(current)
        watch.calls.wait_change(current, 2)
        watch.calls.wait_change(inner, 2)
        append(second)
        watch.calls.wait_change(current, 3)
        watch.calls.wait_change(inner, 3)
        before = len(watch.changes)
        append(first)
        watch.settle()
        assert len(watch.changes) == before


def test_a_link_in_a_chain_that_is_switched(tmp_path: Path) -> None:
    first, second = (write_plugin(tmp_path / "releases" / name) for name in ("1", "2"))
    chosen, current = tmp_path / "chosen" / "now", tmp_path / "current"
    chosen.parent.mkdir()
    chosen.symlink_to(f"../releases/{first.name}")
    current.symlink_to(chosen)
    with Watch(tmp_path) as watch:
        watch.watcher.watch_plugin(current)
        (tmp_path / "next").symlink_to(second)
        (tmp_path / "next").rename(chosen)
        watch.calls.wait_change(current)
        append(second)
        watch.calls.wait_change(current, 2)


def kubernetes(plugin: Path, release: str, code: str) -> None:
    """Files as Kubernetes mounts them: links through a link that is switched in one step; the old folder goes."""
    folder, data = plugin / f"..{release}", plugin / "..data"
    before = data.resolve() if data.exists() else None
    folder.mkdir(parents=True)
    for name, text in (("plugin.cue", 'id: "x"'), ("main.py", code)):
        (folder / name).write_text(text)
        if not (plugin / name).is_symlink():
            (plugin / name).symlink_to(f"..data/{name}")
    (plugin / "..data_tmp").symlink_to(folder.name)
    (plugin / "..data_tmp").rename(data)
    if before is not None:
        shutil.rmtree(before)


def test_the_layout_of_kubernetes(tmp_path: Path) -> None:
    root = tmp_path / "root"
    kubernetes(root / "x", "2026_1", "1")
    with Watch(tmp_path) as watch:
        watch.watcher.watch_plugin(root / "x")
        watch.watcher.watch_root(root)
        for number in (2, 3):
            kubernetes(root / "x", f"2026_{number}", str(number))
            watch.calls.wait_change(root / "x", number - 1)
            watch.calls.wait_for(lambda number=number: watch.calls.layouts >= number - 1)  # type: ignore[misc]
        (root / "x" / "main.py").write_text("written in place, through the link")
        watch.calls.wait_change(root / "x", 3)
