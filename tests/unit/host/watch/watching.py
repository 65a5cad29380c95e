"""A watcher with what it reported, and the changes that tests make on disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

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
