"""How many calls are on a connection, the wait until none is, and its callables, whoever closes its channel."""

from __future__ import annotations

import threading

import grpc
import pytest

from viewra.adapters import Connection


@pytest.fixture
def connection() -> Connection:
    return Connection(grpc.insecure_channel("unix:/nowhere"))


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
    thread.join(10)
    assert answers == [True]


def test_whoever_waits_is_hurried_and_told_that_calls_are_left(connection: Connection) -> None:
    connection.enter()
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(connection.drained(3600)))
    thread.start()
    connection.hurry()
    thread.join(10)
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
    connection.leave()
    assert connection.idle_s < 0.01 + first + 5
    assert connection.idle_s >= 0


def test_one_that_refuses_gives_no_new_callables_and_those_of_a_closed_channel_refuse(connection: Connection) -> None:
    given = connection.method("/a.B/C")
    assert connection.method("/a.B/C") is given
    connection.refuse()
    connection.channel.close()
    with pytest.raises(ValueError, match="closed"):
        given(b"", 1)
    with pytest.raises(ValueError, match="closed"):
        connection.method("/a.B/D")
