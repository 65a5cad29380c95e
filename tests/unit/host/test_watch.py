"""Which changes on disk are told, and which are not: real files, real notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from viewra.host.watch.debounce import Debounce
from viewra.host.watch.paths import Look, PluginPaths
from viewra.host.watch.tree import Tree, WatchSet
from viewra.host.watch.watcher import CodeWatcher

DEADLINE_S = 30


class Calls:
    """What a watcher told, and waits for it."""

    def __init__(self) -> None:
        self.changes: list[Path] = []
        self.layouts = 0
        self._changed = threading.Condition()

    def on_change(self, directory: Path) -> None:
        with self._changed:
            self.changes.append(directory)
            self._changed.notify_all()

    def on_layout(self) -> None:
        with self._changed:
            self.layouts += 1
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), (self.changes, self.layouts)

    def wait_change(self, directory: Path, times: int = 1) -> None:
        self.wait_for(lambda: self.changes.count(directory) >= times)


class Watch:
    """A watcher and a plugin of the test's own whose changes are told only after all that happened before them."""

    def __init__(self, directory: Path, *, quiet_s: float = 0.1, **options: object) -> None:
        self.calls = Calls()
        self.sentinel = write_plugin(directory / "sentinel")
        self.watcher = CodeWatcher(self.calls.on_change, self.calls.on_layout, quiet_s=quiet_s, **options)  # type: ignore[arg-type]
        self.watcher.watch_plugin(self.sentinel)

    def settle(self) -> None:
        """All that happened so far was told, if it is told at all: twice as long as the pause has passed since."""
        for _ in range(2):
            before = self.calls.changes.count(self.sentinel)
            (self.sentinel / "main.py").write_text(str(before))
            self.calls.wait_change(self.sentinel, before + 1)

    @property
    def changes(self) -> list[Path]:
        return [one for one in self.calls.changes if one != self.sentinel]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.watcher.close()


def write_plugin(directory: Path) -> Path:
    (directory / "lib").mkdir(parents=True)
    (directory / "plugin.cue").write_text('id: "x"')
    (directory / "main.py").write_text("1")
    (directory / "lib" / "a.py").write_text("2")
    return directory


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return write_plugin(tmp_path / "plugins" / "one")


@pytest.fixture
def watch(tmp_path: Path, plugin: Path) -> Iterator[Watch]:
    with Watch(tmp_path) as watch:
        watch.watcher.watch_plugin(plugin)
        yield watch


def rename_over(plugin: Path) -> None:
    (plugin / "main.py.new~").write_text("new")
    (plugin / "main.py.new~").rename(plugin / "main.py")


def truncate_and_write_in_chunks(plugin: Path) -> None:
    with (plugin / "main.py").open("w") as file:
        for _ in range(5):
            file.write("x" * 10)
            file.flush()


def append(plugin: Path) -> None:
    with (plugin / "lib" / "a.py").open("a") as file:
        file.write("more")


def same_size(plugin: Path) -> None:
    status = (plugin / "main.py").stat()
    (plugin / "main.py").write_text("9")
    os.utime(plugin / "main.py", ns=(status.st_atime_ns, status.st_mtime_ns))


def remove(plugin: Path) -> None:
    (plugin / "lib" / "a.py").unlink()


def move_a_folder_away(plugin: Path) -> None:
    (plugin / "lib").rename(plugin.parent / ".lib")


def move_a_folder_in(plugin: Path) -> None:
    outside = plugin.parent / ".outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "b.py").write_text("3")
    outside.rename(plugin / "inside")


def new_nested_folders(plugin: Path) -> None:
    deep = plugin / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "new.py").write_text("new")


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


def inside(directory: Path) -> Iterator[Path]:
    return (Path(folder) for folder, _, _ in os.walk(directory))


def watched_inodes() -> set[int]:
    """The inodes on which this process has a watch, by the kernel's account."""
    found = set()
    for descriptor in Path("/proc/self/fdinfo").iterdir():
        try:
            lines = descriptor.read_text().splitlines()
        except OSError:
            continue  # it was the one of this very loop
        found |= {int(line.split("ino:")[1].split()[0], 16) for line in lines if line.startswith("inotify")}
    return found


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


def test_a_change_during_the_call_leads_to_another(tmp_path: Path, plugin: Path) -> None:
    running = threading.Semaphore(0)
    go_on = threading.Semaphore(0)
    concurrent: list[int] = []
    now = threading.Semaphore(1)

    def on_change(directory: Path) -> None:
        concurrent.append(now.acquire(blocking=False))
        running.release()
        assert go_on.acquire(timeout=DEADLINE_S)
        now.release()

    with CodeWatcher(on_change, lambda: None, quiet_s=0.05) as watcher:
        watcher.watch_plugin(plugin)
        append(plugin)
        assert running.acquire(timeout=DEADLINE_S)
        new_nested_folders(plugin)
        go_on.release()
        assert running.acquire(timeout=DEADLINE_S)
        go_on.release()
    assert all(concurrent)


def test_a_call_that_raises_is_logged(tmp_path: Path, plugin: Path, caplog: pytest.LogCaptureFixture) -> None:
    called = threading.Semaphore(0)

    def on_change(directory: Path) -> None:
        called.release()
        raise ValueError("oh")

    with CodeWatcher(on_change, lambda: None, quiet_s=0.05) as watcher:
        watcher.watch_plugin(plugin)
        for _ in range(2):
            append(plugin)
            assert called.acquire(timeout=DEADLINE_S)
    assert "oh" in caplog.text


def test_not_watched_any_more(watch: Watch, plugin: Path) -> None:
    watch.watcher.unwatch_plugin(plugin)
    watch.watcher.unwatch_plugin(plugin)
    append(plugin)
    new_nested_folders(plugin)
    watch.settle()
    assert watch.changes == []
    assert plugin.stat().st_ino not in watched_inodes()
    watch.watcher.watch_plugin(plugin)
    append(plugin)
    watch.calls.wait_change(plugin)


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


def descriptors() -> set[str]:
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if "inotify" in target or "pipe" in target:
            found.add(f"{descriptor.name} {target}")
    return found


def test_closing_while_changes_come_ends_every_thread(tmp_path: Path, plugin: Path) -> None:
    before = set(threading.enumerate()), descriptors()
    for _ in range(5):
        calls = Calls()
        watcher = CodeWatcher(calls.on_change, calls.on_layout, quiet_s=0.001, longest_s=0.002)
        watcher.watch_plugin(plugin)
        watcher.watch_root(plugin.parent)
        stop = threading.Event()

        def change(stop: threading.Event = stop) -> None:
            while not stop.is_set():
                append(plugin)
                move_a_folder_in(plugin)
                shutil.rmtree(plugin / "inside")

        changing = threading.Thread(target=change)
        changing.start()
        calls.wait_change(plugin, 3)
        watcher.close()
        told = len(calls.changes)
        stop.set()
        changing.join()
        assert len(calls.changes) == told
        watcher.close()
        watcher.watch_plugin(plugin)
        watcher.unwatch_plugin(plugin)
    assert (set(threading.enumerate()), descriptors()) == before


def test_closing_in_a_call(tmp_path: Path, plugin: Path) -> None:
    closed = threading.Event()

    def on_change(directory: Path) -> None:
        watcher.close()
        closed.set()

    watcher = CodeWatcher(on_change, lambda: None, quiet_s=0.01)
    watcher.watch_plugin(plugin)
    append(plugin)
    assert closed.wait(DEADLINE_S)
    watcher.close()


POLLING = """
import logging, sys
from pathlib import Path
from tests.unit.host.test_watch import Watch, append, new_nested_folders, write_plugin

logging.basicConfig(stream=sys.stdout, format="%(message)s")
root = Path(sys.argv[1])
one = write_plugin(root / "plugins" / "one")
with Watch(root, poll_s=0.05) as watch:
    watch.watcher.watch_plugin(one)
    watch.watcher.watch_root(root / "plugins")
    append(one)
    watch.calls.wait_change(one)
    new_nested_folders(one)
    watch.calls.wait_change(one, 2)
    write_plugin(root / "plugins" / "two")
    watch.calls.wait_for(lambda: watch.calls.layouts == 1)
print("done")
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("limit", "value", "remedy"),
    [
        ("max_inotify_watches", 3, "fs.inotify.max_user_watches"),
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances"),
    ],
)
def test_too_few_watches(tmp_path: Path, limit: str, value: int, remedy: str) -> None:
    """In a user's namespace of its own the limit is the test's to set."""
    alone = ["unshare", "--user", "--map-root-user"]
    set_limit = f"echo {value} > /proc/sys/user/{limit}"
    if subprocess.run([*alone, "sh", "-c", set_limit], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("this system lets nobody make a user namespace")
    program = [sys.executable, "-c", POLLING, str(tmp_path)]
    done = subprocess.run(
        [*alone, "sh", "-c", f'{set_limit} && exec "$@"', "sh", *program],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.splitlines()[-1:] == ["done"], done.stdout + done.stderr
    assert done.stdout.count("instead of being watched") == 1
    assert remedy in done.stdout


@pytest.mark.process
def test_watchdog_is_imported_only_by_a_watcher() -> None:
    program = (
        "import sys, viewra.host.facade, viewra.cli._main, viewra.host.watch.watcher; print('watchdog' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
