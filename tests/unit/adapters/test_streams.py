"""Streams to a plugin in its own process and to an object in this one: the same to a caller."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.eventually import eventually
from tests.leftovers import Present
from tests.unit.adapters.stream_rig import Rigged, shout
from viewra.errors import PluginBusy, PluginFault, PluginTimeout


def test_values_answer_items(rigged: Rigged) -> None:
    rig = rigged(shout)
    with rig.open() as exchange:
        for word in ("a", "b"):
            assert exchange.send(word, 5)
            assert exchange.receive(60) == word.upper()
        assert rig.traffic.in_flight == 1
        exchange.finish()
        assert exchange.receive(60) is None
        assert exchange.receive(60) is None
    rig.at_rest()
    assert rig.traffic.hooks["echo"].calls == 1
    assert not rig.traffic.hooks["echo"].failed


def test_a_single_item(rigged: Rigged) -> None:
    rig = rigged(shout)
    with rig.open("a") as exchange:
        assert exchange.receive(60) == "A"
        assert exchange.receive(60) is None
    rig.at_rest()


def test_a_slow_reader_makes_the_plugin_wait(rigged: Rigged) -> None:
    made = 0

    def flood(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        nonlocal made
        while True:
            made += 1
            yield "x" * 50_000

    rig = rigged(flood)
    with rig.open("go") as exchange:
        assert exchange.receive(60)
        before = -1
        while before != made:  # until nothing more fits
            before = made
            threading.Event().wait(0.1)
        assert made * 50_000 < 20_000_000
        for _ in range(10):
            assert exchange.receive(60)
    rig.at_rest()


def test_a_plugin_that_does_not_read_makes_the_host_wait(rigged: Rigged) -> None:
    go = threading.Event()

    def deaf(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        go.wait(20)
        yield "never read"

    rig = rigged(deaf)
    with rig.open() as exchange, pytest.raises(PluginTimeout, match=r"did not read what it was sent for 0\.05 s"):
        all(exchange.send("x" * 100_000, 0.05) for _ in range(1000))
    go.set()
    rig.at_rest()
    assert rig.traffic.hooks["echo"].errors == {"PluginTimeout": 1}


def test_silence_is_a_time_out(rigged: Rigged) -> None:
    go = threading.Event()

    def silent(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        if next(items) == "later":
            yield "first"
        go.wait(20)

    rig = rigged(silent)
    with rig.open("now") as exchange:
        with pytest.raises(PluginTimeout, match=r"did not answer within 0\.05 s"):
            exchange.receive(0.05)
        with pytest.raises(PluginTimeout):  # the same again
            exchange.receive(0.05)
    with rig.open("later") as exchange:
        assert exchange.receive(60) == "first"
        with pytest.raises(PluginTimeout, match=r"sent nothing for 0\.05 s"):
            exchange.receive(0.05)
    go.set()
    rig.at_rest()


def test_a_stream_ends_at_its_time_however_busy(rigged: Rigged) -> None:
    def talk(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        while wanted():
            yield "on"

    rig = rigged(talk)
    with rig.open("go", most_s=0.3) as exchange, pytest.raises(PluginTimeout, match=r"0\.3 s"):
        all(iter(lambda: exchange.receive(60), None))
    rig.at_rest()


def test_the_authors_error_reaches_the_caller(rigged: Rigged) -> None:
    def fail(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        yield "first"
        raise LookupError("no such thing")

    rig = rigged(fail)
    with rig.open("go") as exchange:
        assert exchange.receive(60) == "first"
        with pytest.raises(PluginFault, match="no such thing") as caught:
            exchange.receive(60)
    assert caught.value.kind == "LookupError" or "LookupError" in str(caught.value)
    rig.at_rest()
    assert rig.traffic.hooks["echo"].errors == {"PluginFault": 1}


def test_an_invalid_value_is_a_fault(rigged: Rigged) -> None:
    rig = rigged(lambda items, wanted: [1])
    with rig.open("go") as exchange, pytest.raises(PluginFault, match="must be text"):
        exchange.receive(60)
    rig.at_rest()


def test_an_answer_before_the_items_are_read(rigged: Rigged) -> None:
    rig = rigged(lambda items, wanted: ["enough"])
    with rig.open() as exchange:
        assert exchange.receive(60) == "enough"
        assert exchange.receive(60) is None
        eventually(lambda: not exchange.send("x", 5), "the host learns that nobody reads")
    rig.at_rest()


def test_a_caller_that_closes_ends_the_authors_generator(rigged: Rigged) -> None:
    ended = threading.Event()

    def endless(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        try:
            while wanted():
                yield "x" * 1000
        finally:
            ended.set()

    rig = rigged(endless)
    with rig.open("go") as exchange:
        assert exchange.receive(60)
    assert ended.wait(60)
    rig.at_rest()
    assert not rig.traffic.hooks["echo"].failed


def test_an_author_who_waits_for_items_learns_that_the_call_ended(rigged: Rigged) -> None:
    ready, done = threading.Event(), threading.Event()

    def read(items: Iterator[str], wanted: Callable[[], bool]) -> Iterable[str]:
        next(items)
        ready.set()
        with contextlib.suppress(ConnectionResetError):  # or the items seem to end
            next(items, None)
        eventually(lambda: not wanted(), "it is told")
        done.set()
        return ()

    rig = rigged(read)
    with rig.open() as exchange:
        assert exchange.send("a", 5)
        assert ready.wait(60)
    assert done.wait(60)


def test_no_more_streams_than_places(rigged: Rigged) -> None:
    rig = rigged(shout)
    with rig.open(), rig.open(), pytest.raises(PluginBusy, match="has 2 open streams, which is its limit"):
        rig.open()
    rig.at_rest()
    with rig.open("a") as exchange:
        assert exchange.receive(60) == "A"


def test_threads_end_with_their_streams(rigged: Rigged) -> None:
    rig = rigged(shout)
    before = Present()
    for _ in range(5):
        with rig.open() as exchange:
            assert exchange.send("a", 5)
            assert exchange.receive(60) == "A"
    before.nothing_is_left(threads=3, descriptors=3)  # gRPC's own, and the thread of time limits
