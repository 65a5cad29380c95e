"""Observers of the library: each is told of everything in order, whatever the others do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pluggy
import pytest

from tests.eventually import eventually
from viewra import Host, hookimpl, hookspecs
from viewra.host import observers as observers_module
from viewra.host.observers import Observers
from viewra.types import LibraryChange, LibraryChangeKind


def changes(*numbers: int) -> list[LibraryChange]:
    return [LibraryChange(LibraryChangeKind.ADDED, 1, number, f"/{number}") for number in numbers]


class Observer:
    """Keeps what it is told; ``fails`` after that."""

    def __init__(self, *, fails: bool = False, waits_for: threading.Event | None = None) -> None:
        self.fails = fails
        self.waits_for = waits_for
        self.ids: list[int] = []
        self.sizes: list[int] = []
        self.lost: list[bool] = []

    @hookimpl
    def on_library_changed(self, changes: Sequence[LibraryChange], lost: bool) -> None:
        self.ids += [change.media_file_id for change in changes]
        self.sizes.append(len(changes))
        self.lost.append(lost)
        if self.waits_for is not None:
            self.waits_for.wait(60)
        if self.fails:
            raise ValueError("not today")


class OnlyStates:
    """Observes something else."""

    @hookimpl
    def plugin_state_changed(self) -> None:
        raise AssertionError


@pytest.fixture
def pm() -> pluggy.PluginManager:
    made = pluggy.PluginManager(hookspecs.PROJECT)
    made.add_hookspecs(hookspecs)
    made.register(OnlyStates())
    return made


@pytest.fixture
def observers(pm: pluggy.PluginManager) -> Iterator[Observers]:
    made = Observers(pm, patience_s=10)
    yield made
    made.close()


def test_one_that_fails_and_one_that_hangs_hurt_nobody(
    pm: pluggy.PluginManager, observers: Observers, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()
    assert not observers.are_there()
    hanging, failing, good = Observer(waits_for=go), Observer(fails=True), Observer()
    for one in (hanging, failing, good):
        pm.register(one)
    assert observers.are_there()
    observers.tell(changes(1, 2), False)
    eventually(lambda: good.ids == failing.ids == hanging.ids == [1, 2])
    observers.tell(changes(3), False)
    eventually(lambda: good.ids == failing.ids == [1, 2, 3])
    assert hanging.ids == [1, 2]
    go.set()
    eventually(lambda: hanging.ids == [1, 2, 3])
    eventually(lambda: caplog.text.count("not today") >= 2)
    assert not any(good.lost + failing.lost + hanging.lost)


def test_one_that_is_too_far_behind_is_told_so(
    pm: pluggy.PluginManager, observers: Observers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observers_module, "MOST_KEPT", 1000)
    go = threading.Event()
    slow = Observer(waits_for=go)
    pm.register(slow)
    observers.tell(changes(0), False)
    eventually(lambda: slow.ids == [0])
    for start in range(1, 3001, 600):
        observers.tell(changes(*range(start, start + 600)), False)
    go.set()
    eventually(lambda: slow.ids[-1] == 3000)
    assert slow.lost == [False, True, False], "once, with the first that are told again"
    assert slow.sizes == [1, 500, 100]
    assert slow.ids == [0, *range(2401, 3001)]


def test_one_that_leaves_is_told_no_more_and_its_thread_ends(pm: pluggy.PluginManager, observers: Observers) -> None:
    one, other = Observer(), Observer()
    pm.register(one, name="one")
    pm.register(other, name="other")
    observers.tell(changes(1), False)
    eventually(lambda: one.ids == other.ids == [1])
    pm.unregister(one)
    observers.tell(changes(2), False)
    eventually(lambda: other.ids == [1, 2])
    assert one.ids == [1]
    eventually(lambda: "observer-one" not in {thread.name for thread in threading.enumerate()})


def test_the_end_waits_for_what_is_due_but_not_for_ever(
    pm: pluggy.PluginManager, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()
    good, hanging = Observer(), Observer(waits_for=go)
    observers = Observers(pm, patience_s=0.2)
    pm.register(good)
    pm.register(hanging, name="hanging")
    for number in range(5):
        observers.tell(changes(number), False)
    observers.close()
    assert good.ids == [0, 1, 2, 3, 4]
    assert "hanging" in caplog.text
    go.set()


def test_a_host_tells_its_observers_of_a_scan(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "x.mp3").write_bytes(b"x")
    observer = Observer()
    host = Host(data_dir=tmp_path / "data", sandbox="off", watch=False)
    host.pm.register(observer)
    with host:
        host.scan(folder)
        eventually(lambda: len(observer.ids) == 1)
        assert host.library.file(observer.ids[0]).path == str(folder / "x.mp3")
        host.library.remove(str(folder))
    assert observer.ids == [observer.ids[0]] * 2, "closing waits for what is due"
