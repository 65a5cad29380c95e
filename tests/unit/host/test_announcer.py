"""Observers of states get changes in order, whatever they do."""

from __future__ import annotations

import logging
import threading

import pytest

from viewra.host.running.announcer import Announcer
from viewra.types import PluginState

READY, RUNNING = PluginState.READY, PluginState.RUNNING


def test_changes_of_many_threads_arrive_one_after_the_other_and_all_before_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    inside = threading.Lock()

    def tell(_plugin_id: str, _old: PluginState, _new: PluginState, reason: str) -> None:
        assert inside.acquire(blocking=False)
        told.append(reason)
        inside.release()

    announcer = Announcer(tell)

    def change(name: str) -> None:
        for number in range(100):
            announcer("p", READY, RUNNING, f"{name}{number:03}")

    threads = [threading.Thread(target=change, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    announcer.close()
    assert len(told) == 400
    assert caplog.messages == []
    for name in "abcd":
        own = [reason for reason in told if reason[0] == name]
        assert own == sorted(own)


def test_one_that_raises_is_told_of_the_next(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def tell(_plugin_id: str, _old: PluginState, _new: PluginState, reason: str) -> None:
        told.append(reason)
        raise ValueError(reason)

    announcer = Announcer(tell)
    announcer("p", READY, RUNNING, "one")
    announcer("p", RUNNING, READY, "two")
    announcer.close()
    assert told == ["one", "two"]
    assert caplog.text.count("an observer of plugin states failed") == 2


def test_one_that_never_returns_holds_up_no_change_and_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()

    def waits(*_: object) -> None:
        go.wait(60)

    announcer = Announcer(waits, patience_s=0.05)
    for _ in range(3):
        announcer("p", READY, RUNNING, "")
    with caplog.at_level(logging.WARNING):
        announcer.close()
    assert "is abandoned" in caplog.text
    go.set()


def test_an_observer_may_close_it() -> None:
    over = threading.Event()

    def tell(*_: object) -> None:
        announcer.close()
        over.set()

    announcer = Announcer(tell)
    announcer("p", READY, RUNNING, "")
    assert over.wait(60)
