"""Listeners that appear, disappear or are forgotten, and two hosts that share their notifications."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from viewra import library
from viewra.db import open_database
from viewra.errors import PluginUnavailable
from viewra.library import Notifier
from viewra.library.events import open_cursor, save_cursor
from viewra.types import LibraryEvent, ScanEvent


def test_nothing_is_kept_for_a_plugin_that_is_gone(world: World) -> None:
    installed = {"gone", "ears"}
    world.hook.add_listener("gone").behaviour = raises_unavailable
    ears = world.hook.add_listener("ears")
    for number in range(3):
        world.put(f"{number}.mp3")
        made = Notifier(world.engine, world.hook, lambda: installed)
        world.scan(notifier=made)
        made.close(60)
        if world.engine.dialect.name == "postgresql":  # where another host may have it, it takes a week
            with world.engine.begin() as connection:
                connection.execute(sa.text("UPDATE listener_cursors SET seen_at = 0"))
        del world.hook.listeners[:-1]
        installed.discard("gone")
    assert made.pending() == {}
    assert world.rows("SELECT * FROM scan_events") == []
    assert len(ears.heard) == 9
    state = library.listener_state(world.engine, "gone")
    assert (state.installed, state.pending) == (False, 0)
    world.hook.listeners.clear()
    back = world.hook.add_listener("gone")
    world.put("new.mp3")
    made = Notifier(world.engine, world.hook, lambda: {"gone"})
    world.scan(notifier=made)
    made.close(60)
    assert back.kinds == ["started", "file", "completed"], "it hears what comes after its return"


def test_without_any_plugin_left_that_listens_files_are_not_written_down(world: World) -> None:
    world.hook.add_listener("gone")
    made = Notifier(world.engine, world.hook, lambda: {"gone"})
    world.scan(notifier=made)
    made.close(60)
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE listener_cursors SET seen_at = 0"))
    world.hook.listeners.clear()
    world.put("0.mp3")
    world.scan(notifier=Notifier(world.engine, world.hook, lambda: set()))
    assert world.rows("SELECT * FROM scan_events") == []


def test_a_listener_hears_nothing_from_before_it_was_first_seen(world: World, notifier: Notifier) -> None:
    world.hook.add_listener("old", lambda event: threading.Event().wait(0.001) and None)
    world.put("a.mp3")
    world.scan(notifier=notifier)
    late = world.hook.add_listener("late")
    world.scan(notifier=notifier)
    notifier.close(60)
    assert late.kinds == ["started", "completed"]


def raises_unavailable(event: ScanEvent | LibraryEvent) -> None:
    raise PluginUnavailable("first", "is gone")


def test_without_a_listener_nothing_is_kept(world: World) -> None:
    world.put("a.mp3")
    assert world.scan().pending_notifications == {}
    assert world.rows("SELECT * FROM scan_events") == []
    assert world.rows("SELECT event_due FROM media_files") == [(False,)]


def test_a_listener_that_will_not_come_back_can_be_forgotten(world: World, notifier: Notifier) -> None:
    world.hook.add_listener("first").behaviour = raises_unavailable
    world.put("a.mp3")
    world.scan(notifier=notifier)
    notifier.close(60)
    assert notifier.pending() == {"first": 3}
    library.forget_listener(world.engine, "first")
    assert (notifier.pending(), world.rows("SELECT * FROM scan_events")) == ({}, [])


def test_two_hosts_that_share_a_database_tell_each_event_once(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("with SQLite there is one host")
    heard: list[int] = []

    def hears(event: ScanEvent | LibraryEvent) -> None:
        threading.Event().wait(0.002)
        heard.append(event.media_file_id)

    first, second = Notifier(world.engine, world.hook), Notifier(other := open_database(world.url), world.hook)
    world.hook.add_listener("ears", hears)
    first.open()
    second.open()
    for number in range(150):
        world.put(f"{number}.mp3")
    world.scan(notifier=first)
    second.wake()
    assert second.wait_idle(20)
    assert first.wait_idle(20)
    assert len(heard) == 152
    assert sorted(filter(None, heard)) == sorted(world.ids().values())
    assert first.pending() == {}
    for number in range(150, 200):
        world.put(f"{number}.mp3")
    world.scan(notifier=second)  # the other one's turn: it begins where the first one stopped
    assert second.wait_idle(20)
    assert len(heard) == 152 + 52
    first.close(60)
    second.close(60)
    other.dispose()


def test_the_other_host_takes_over_when_one_ends(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("with SQLite there is one host")
    stuck = threading.Event()
    first, second = Notifier(world.engine, world.hook), Notifier(other := open_database(world.url), world.hook)
    world.hook.add_listener("ears", lambda event: stuck.wait(20) and None)
    first.open()
    for number in range(10):
        world.put(f"{number}.mp3")
    world.scan(notifier=first)
    world.hook.listeners.clear()
    ears = world.hook.add_listener("ears")
    second.open()
    assert not second.wait_idle(0.5)
    assert ears.heard == []
    first.close(0)
    stuck.set()
    assert second.wait_idle(20)
    assert len(ears.heard) == 11, "all but the one that the first one had under way"
    second.close(60)
    other.dispose()


def test_a_cursor_never_goes_back(world: World) -> None:
    """Another host that shares the listener may be further: what it has delivered is not delivered again."""
    start = open_cursor(world.engine, "ears").event_id
    save_cursor(world.engine, "ears", start + 5)
    save_cursor(world.engine, "ears", start + 3)
    assert open_cursor(world.engine, "ears").event_id == start + 5
    save_cursor(world.engine, "ears", start + 6)
    assert open_cursor(world.engine, "ears").event_id == start + 6
