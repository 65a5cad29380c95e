"""Closing interrupts an operation in progress once, and a later operation at once."""

from __future__ import annotations

import threading

from viewra.host.sync.cancellation import Cancellation


def test_what_is_under_way_is_cut_short_and_what_was_before_is_not() -> None:
    closing = Cancellation()
    cut: list[str] = []
    with closing.cuts(lambda: cut.append("before")):
        before = closing.closed
        assert not before
    with closing.cuts(lambda: cut.append("meanwhile")):
        closing.close()
        closing.close()
        assert closing.closed
    assert cut == ["meanwhile"]


def test_what_begins_afterwards_is_cut_at_once() -> None:
    closing, cut = Cancellation(), []
    closing.close()
    with closing.cuts(lambda: cut.append("at once")):
        assert cut == ["at once"]
    assert closing.wait(0)


def test_whoever_waits_hears_of_it() -> None:
    closing = Cancellation()
    assert not closing.wait(0)
    threading.Timer(0.01, closing.close).start()
    assert closing.wait(60)


def test_its_owner_goes_on_only_when_it_has_been_cut() -> None:
    closing, began, go = Cancellation(), threading.Event(), threading.Event()
    over: list[bool] = []

    def cut() -> None:
        began.set()
        go.wait(60)

    def work() -> None:
        with closing.cuts(cut):
            assert began.wait(60)
        over.append(go.is_set())

    worker, closer = threading.Thread(target=work), threading.Thread(target=closing.close)
    worker.start()
    closer.start()
    assert began.wait(60)
    worker.join(0.05)
    assert worker.is_alive()
    go.set()
    worker.join(60)
    closer.join(60)
    assert over == [True]
