"""Counting the calls on a connection, and waiting until there are none."""

from __future__ import annotations

import threading
import time

import pytest

from viewra.adapters import Connection
from viewra.transport.calls import Method, Streaming


class NoWire:
    def method(self, path: str) -> Method:
        raise NotImplementedError

    def streaming(self, path: str) -> Streaming:
        raise NotImplementedError


@pytest.fixture
def connection() -> Connection:
    return Connection(NoWire())


def test_it_is_drained_when_the_last_call_has_left(connection: Connection) -> None:
    assert connection.drained(0)
    connection.enter()
    connection.enter()
    assert not connection.drained(0.01)
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(connection.drained(10)))
    thread.start()
    connection.leave()
    assert not connection.drained(0)
    connection.leave()
    thread.join(60)
    assert answers == [True]


def test_whoever_waits_is_hurried_and_told_that_calls_are_left(connection: Connection) -> None:
    connection.enter()
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(connection.drained(3600)))
    thread.start()
    connection.hurry()
    thread.join(60)
    assert answers == [False]
    assert not connection.drained(3600)  # nobody waits any more
    connection.leave()
    assert connection.drained(3600)


def test_it_is_idle_since_the_last_call_left(connection: Connection) -> None:
    connection.enter()
    assert connection.idle_s == 0
    connection.leave()
    first = connection.idle_s
    threading.Event().wait(0.01)
    assert first < connection.idle_s
    connection.enter()
    left = time.monotonic()
    connection.leave()
    idle_s = connection.idle_s
    assert 0 <= idle_s <= time.monotonic() - left
