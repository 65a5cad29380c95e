"""What a scan keeps for listeners that hear of its files at once, and when that does not count."""

from __future__ import annotations

import attrs
import pytest

from tests.unit.library.conftest import World
from viewra.library import events, told
from viewra.library.merge import Priorities
from viewra.library.notify import Notifier
from viewra.library.outcomes import Answer
from viewra.library.told import Told, Written
from viewra.types import ScanEvent


def written(path: bytes = b"/a.mp3") -> Written:
    return Written(path, (Answer("tags", "1", 1, '{"title": "A"}'),), Priorities())


def test_a_file_counts_for_the_notifications_of_its_own_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("viewra.library.told.time.monotonic", lambda: now)
    kept = Told()
    kept.keep(5, {1: written(), 2: written()})
    assert kept.of([(1, 4), (2, 5), (3, 5)]) == {1: written(), 2: written()}
    assert kept.of([(1, 6)]) == {}, "it has changed since"
    kept.keep(8, {1: written(b"/b.mp3")})
    assert kept.of([(1, 6), (2, 6)]) == {1: written(b"/b.mp3")}
    now += told.KEPT_S
    assert kept.of([(1, 6)]) == {}, "an operator may have changed what counts"


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MOST", 3)
    kept = Told()
    kept.keep(1, {1: written(), 2: written(), 3: written()})
    kept.keep(2, {1: written(), 4: written()})
    assert kept.of((file_id, 1) for file_id in range(1, 5)).keys() == {1, 3, 4}
    kept.clear()
    assert kept.of([(1, 1)]) == {}


def test_a_listener_gets_what_the_scan_has_kept_and_loads_the_rest(world: World) -> None:
    for name in ("a.mp3", "b.mp3"):
        world.put(name)
    world.hook.add_listener("ears")
    events.open_cursor(world.engine, "ears")
    world.scan()
    files = [stored for stored in events.events_after(world.engine, 0, 100) if stored.kind == "file"]
    kept = Told()
    kept.keep(files[0].id, {files[0].media_file_id or 0: written(b"/kept.mp3")})
    first, second = events.events_of(world.engine, files, kept)
    assert isinstance(first, ScanEvent)
    assert isinstance(second, ScanEvent)
    assert (first.file_path, first.metadata) == ("/kept.mp3", {"title": "A"})
    assert second.file_path.endswith(".mp3")
    assert second.file_path != first.file_path
    later = attrs.evolve(files[0], id=files[0].id + 100)
    (changed,) = events.events_of(world.engine, [later], kept)
    assert isinstance(changed, ScanEvent)
    assert changed.file_path != "/kept.mp3"


def test_nothing_is_kept_after_a_scan(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("a.mp3")
    world.hook.add_scraper()
    world.hook.add_listener("ears")
    notifier = Notifier(world.engine, world.hook)
    kept: list[int] = []
    monkeypatch.setattr(notifier.told, "keep", lambda _, files: kept.extend(files))
    world.scan(notifier=notifier)
    assert len(kept) == 1
    monkeypatch.undo()
    world.scan(notifier=notifier, full=True)
    assert notifier.told._kept == {}
    notifier.close(60)
