"""One thread at a time changes a plugin, and a thread that stops it interrupts the holder."""

from __future__ import annotations

import threading
import time

from viewra.host.sync.turn import Turn


def test_one_at_a_time() -> None:
    turn = Turn()
    assert turn.take()
    assert not turn.take(time.monotonic() + 0.05)
    turn.give_back()
    assert turn.take(time.monotonic())
    turn.give_back()


def test_what_was_begun_is_cut_short_for_who_comes_to_end_it() -> None:
    turn = Turn()
    turn.take()
    begun = turn.begin()
    got = threading.Event()

    def end() -> None:
        assert turn.take(cutting=True)
        got.set()
        turn.give_back()

    thread = threading.Thread(target=end)
    thread.start()
    assert begun.wait(60)
    assert not got.is_set(), "its turn comes when this one is over"
    assert turn.begin().closed, "nothing else begins while it waits"
    turn.give_back()
    thread.join(60)
    assert got.is_set()
    turn.take()
    assert not turn.begin().closed, "nobody waits any more"
    turn.give_back()


def test_who_waits_in_vain_cuts_short_nothing_afterwards() -> None:
    turn = Turn()
    turn.take()
    assert not turn.take(time.monotonic(), cutting=True)
    assert not turn.begin().closed
    turn.give_back()


def test_who_only_waits_cuts_short_nothing() -> None:
    turn = Turn()
    turn.take()
    begun = turn.begin()
    assert not turn.take(time.monotonic() + 0.05)
    assert not begun.closed
    turn.give_back()
