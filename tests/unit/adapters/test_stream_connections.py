"""Streams on a connection: one that breaks, one whose process is to end, and several side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.eventually import eventually
from tests.unit.adapters.stream_rig import Rigged, shout
from viewra.adapters import BreakerState
from viewra.adapters._breaker import THRESHOLD
from viewra.errors import NotOffered, PluginTimeout, PluginUnavailable


def test_a_lost_connection_ends_a_stream(remote: Rigged) -> None:
    rig = remote(shout)
    with rig.open() as exchange:
        assert exchange.send("a", 5)
        assert exchange.receive(60) == "A"
        threading.Timer(0.05, rig.cut).start()
        with pytest.raises(PluginUnavailable, match="its process ended"):
            exchange.receive(60)
    rig.at_rest()
    with pytest.raises(PluginUnavailable):
        rig.open()
    rig.at_rest()


def test_a_stalled_stream_leaves_other_streams_alone(remote: Rigged) -> None:
    def by_size(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        for _ in range(int(next(items))):
            yield "x" * 50_000

    rig = remote(by_size)
    with rig.open("1000") as stalled:
        assert stalled.receive(60)
        with rig.open("3") as quick:
            while quick.receive(60):
                pass


def test_a_plugin_that_does_not_run_offers_nothing(local: Rigged) -> None:
    rig = local(shout)
    endpoint: Any = rig.endpoint
    endpoint.running = False
    with pytest.raises(NotOffered):
        rig.open()


def test_a_process_that_is_to_end_waits_for_streams_and_then_ends_them(remote: Rigged) -> None:
    rig = remote(shout)
    with rig.open() as exchange:
        assert exchange.send("a", 5)
        assert exchange.receive(60) == "A"
        assert not rig.connection.drained(0.01, 5)
        assert exchange.send("b", 5)
        assert exchange.receive(60) == "B"
        assert rig.connection.drained(10, 0.01)
        with pytest.raises(PluginUnavailable):
            exchange.receive(60)
    rig.at_rest()


def test_time_outs_of_streams_do_not_keep_a_plugin_from_its_other_calls(remote: Rigged) -> None:
    def hang(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
        eventually(lambda: not wanted(), "the host gives up")
        yield "too late"

    rig = remote(hang)
    for _ in range(THRESHOLD):
        with rig.open("a") as exchange, pytest.raises(PluginTimeout):
            exchange.receive(0.01)
    with pytest.raises(PluginUnavailable, match="ran out of time"):
        rig.open("a")
    assert rig.traffic.breaker_state is BreakerState.CLOSED
    rig.traffic.renew(calls=64, queue=256)
    rig.open("a").close()
    rig.at_rest()
