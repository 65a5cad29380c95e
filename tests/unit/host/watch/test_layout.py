"""Plugins that are added to a plugin directory or removed from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.host.watch.watching import Watch, rename_over, watched_inodes, write_plugin


class TestLayout:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        write_plugin(tmp_path / "root" / "one")
        (tmp_path / "root" / "group").mkdir()
        return tmp_path / "root"

    @pytest.fixture
    def rooted(self, tmp_path: Path, root: Path) -> Iterator[Watch]:
        with Watch(tmp_path) as watch:
            watch.watcher.watch_root(root)
            yield watch

    @staticmethod
    def layouts_after(rooted: Watch, change: Callable[[], object]) -> int:
        before = rooted.calls.layouts
        change()
        rooted.settle()
        rooted.settle()  # a look comes before the pause of the layout begins
        return rooted.calls.layouts - before

    def test_told(self, rooted: Watch, root: Path) -> None:
        outside = write_plugin(root.parent / "outside")
        for change in (
            lambda: write_plugin(root / "two"),
            lambda: write_plugin(root / "group" / "deeper" / "three"),
            lambda: (root / "two").rename(root / "four"),
            lambda: (root / "linked").symlink_to(outside),
            lambda: (outside / "plugin.cue").unlink(),
            lambda: (outside / "odd.cue").write_text('id: "x"'),
            lambda: shutil.rmtree(root / "group"),
            lambda: (root / "four").rename(root.parent / "elsewhere"),
        ):
            before = rooted.calls.layouts
            change()
            rooted.calls.wait_for(lambda before=before: rooted.calls.layouts > before)  # type: ignore[misc]
            rooted.settle()
        assert rooted.changes == []

    def test_a_manifest_that_appears_later(self, rooted: Watch, root: Path) -> None:
        assert self.layouts_after(rooted, lambda: (root / "late").mkdir()) == 0
        assert self.layouts_after(rooted, lambda: (root / "late" / "main.py").write_text("")) == 0
        assert self.layouts_after(rooted, lambda: (root / "late" / "plugin.cue").write_text('id: "x"')) == 1

    def test_not_told(self, rooted: Watch, root: Path) -> None:
        for change in (
            lambda: (root / "notes.txt").write_text(""),
            lambda: write_plugin(root / ".hidden"),
            lambda: write_plugin(root / "one" / "vendor" / "x"),
            lambda: write_plugin(root / "group" / "a" / "b" / "c"),
            lambda: (root / "one" / "plugin.cue").write_text('id: "other"'),
            lambda: rename_over(root / "one"),
        ):
            assert self.layouts_after(rooted, change) == 0

    def test_removed_and_made_again_within_the_pause(self, tmp_path: Path, root: Path) -> None:
        (tmp_path / "quick").mkdir()
        with Watch(tmp_path, quiet_s=2.0, longest_s=60.0) as watch, Watch(tmp_path / "quick", quiet_s=0.1) as quick:
            watch.watcher.watch_root(root)
            quick.watcher.watch_root(root)
            watch.watcher.watch_plugin(root / "one")
            shutil.rmtree(root / "one")
            quick.calls.wait_for(lambda: quick.calls.layouts == 1)  # so the other one has seen it, too
            write_plugin(root / "one")
            watch.calls.wait_change(root / "one")
            watch.settle()
            assert watch.calls.layouts == 0

    def test_a_root_that_comes_later(self, tmp_path: Path) -> None:
        root = tmp_path / "not" / "yet"
        with Watch(tmp_path) as watch:
            watch.watcher.watch_root(root)
            root.mkdir(parents=True)
            watch.settle()
            assert watch.calls.layouts == 0
            write_plugin(root / "one")
            watch.calls.wait_for(lambda: watch.calls.layouts == 1)
            shutil.rmtree(tmp_path / "not")
            watch.calls.wait_for(lambda: watch.calls.layouts == 2)
            write_plugin(root / "one")
            watch.calls.wait_for(lambda: watch.calls.layouts == 3)

    def test_a_linked_root(self, tmp_path: Path, root: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(root)
        with Watch(tmp_path) as watch:
            watch.watcher.watch_root(link)
            write_plugin(root / "two")
            watch.calls.wait_for(lambda: watch.calls.layouts == 1)
            (tmp_path / "empty").mkdir()
            (tmp_path / "next").symlink_to(tmp_path / "empty")
            (tmp_path / "next").rename(link)
            watch.calls.wait_for(lambda: watch.calls.layouts == 2)

    def test_data_directory_inside(self, tmp_path: Path, root: Path) -> None:
        data = root / "data"
        with Watch(tmp_path, ignored=[data]) as watch:
            watch.watcher.watch_root(root)
            assert self.layouts_after(watch, lambda: write_plugin(data / "x")) == 0
            assert data.stat().st_ino not in watched_inodes()

    def test_a_root_in_the_data_directory(self, tmp_path: Path, root: Path) -> None:
        """That is where the user's own plugins are."""
        with Watch(tmp_path, ignored=[tmp_path, root]) as watch:
            watch.watcher.watch_root(root)
            write_plugin(root / "two")
            watch.calls.wait_for(lambda: watch.calls.layouts == 1)

    def test_one_more_root_keeps_what_another_has_to_tell(self, tmp_path: Path, root: Path) -> None:
        with Watch(tmp_path, quiet_s=0.5) as watch:
            watch.watcher.watch_root(root)
            write_plugin(root / "two")
            watch.watcher.watch_root(tmp_path / "more")
            watch.calls.wait_for(lambda: watch.calls.layouts == 1)
