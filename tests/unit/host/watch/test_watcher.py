"""The watcher's calls, its threads, its end, and polling where the system has no watches left."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.leftovers import Present
from tests.unit.host.watch.watching import (
    DEADLINE_S,
    Calls,
    Watch,
    append,
    move_a_folder_in,
    new_nested_folders,
    watched_inodes,
)
from viewra.host.watch.watcher import CodeWatcher


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


def test_closing_while_changes_come_ends_every_thread(tmp_path: Path, plugin: Path) -> None:
    before = Present()
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
    before.nothing_is_left()


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
from tests.unit.host.watch.watching import Watch, append, new_nested_folders, write_plugin

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
        cwd=Path(__file__).parents[4],
    )
    assert done.stdout.splitlines()[-1:] == ["done"], done.stdout + done.stderr
    assert done.stdout.count("instead of being watched") == 1
    assert remedy in done.stdout
