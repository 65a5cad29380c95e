"""A carried call is as one alone, whatever the plugin says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eventually import eventually
from tests.unit.transport.multiplexing import LIMIT, WAYS, Make, NoStream, Rig, answers, failure_of
from viewra.pb import viewra_pb2 as pb
from viewra.transport.batches import MESSAGE_BYTES
from viewra.transport.call_stream import CallStream
from viewra.transport.calls import CallFailed, Ended, Failure


def say(data: bytes, context: Any) -> bytes:
    """Answer as the request wants it: a status by its number, sizes of the answer, of its message and its metadata."""
    status, size, message, metadata = map(int, data.split())
    if status:
        context.set_code(next(code for code in grpc.StatusCode if code.value[0] == status))
        context.set_details("é" * message)
    context.set_trailing_metadata((("x-bin", b"\xff" * metadata), ("x-other-bin", b"o")))
    return bytes(size)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, Rig]]:
    """A rig with another call in flight, and one without."""
    carried, alone = (Rig(tmp_path_factory.mktemp("rig"), {"Say": say}) for _ in range(2))
    carried.hold()
    yield carried, alone
    for rig in (carried, alone):
        rig.close()


def outcome(rig: Rig, way: Callable[..., bytes], request: bytes) -> object:
    try:
        return way(rig, "Say", request)
    except CallFailed as error:
        if error.failure is Failure.TOO_LARGE:  # which gRPC says in its own words
            return error.failure
        return error.failure, error.text, error.trailer("x-bin"), error.trailer("x-other-bin"), error.trailer("y-bin")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(WAYS),
    st.one_of(st.just(0), st.integers(1, 16)),
    st.sampled_from([0, 1, 1000, MESSAGE_BYTES - 1, MESSAGE_BYTES, MESSAGE_BYTES + 1, LIMIT, LIMIT + 1]),
    st.sampled_from([0, 1, 500]),
    st.sampled_from([0, 1, 2000, 17_000, 300_000]),  # between 8 and 16 KiB gRPC refuses at random
)
def test_a_carried_call_ends_as_one_alone(
    both: tuple[Rig, Rig], way: Callable[..., bytes], status: int, size: int, message: int, metadata: int
) -> None:
    request = b"%d %d %d %d" % (status, size, message, metadata)
    carried, alone = both
    before = carried.carried
    assert outcome(carried, way, request) == outcome(alone, way, request)
    assert carried.carried == before + 1


def test_a_message_that_is_not_utf8_does_not_leave_a_call_without_its_answer(make: Make) -> None:
    def fail(data: bytes, context: Any) -> bytes:
        context.set_code(grpc.StatusCode.INTERNAL)
        context.set_details("caf\udce9")
        return b""

    rig = make(Fail=fail)
    rig.hold()
    assert failure_of(lambda: rig.ask("Fail")).failure is Failure.REPORTED


def test_a_caller_that_raises_keeps_the_others_from_nothing(caplog: pytest.LogCaptureFixture) -> None:
    stream, told = NoStream(), SimpleQueue[bytes]()
    calls = CallStream(stream, "p", LIMIT)

    def fail(ended: Ended) -> None:
        raise LookupError("a bug")

    assert calls.start("/t/A", b"", 20, fail)
    assert calls.start("/t/B", b"", 20, lambda ended: told.put(ended.result()))
    stream.answers.put(answers(pb.Answer(id=1), pb.Answer(id=2, response=b"b")))
    assert told.get(timeout=60) == b"b"
    assert "a bug" in caplog.text
    stream.cancel()


def test_a_call_is_told_once_that_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its deadline is over before it is sent: then it is not made alone, too."""
    stream, told = NoStream(), list[Ended]()
    calls = CallStream(stream, "p", LIMIT)
    stream.cancel()
    eventually(lambda: calls._over)
    monkeypatch.setattr(calls._deadlines, "watch", lambda due, late: late() or 0)
    assert calls.start("/t/A", b"", 0.001, told.append) is True
    assert [failure_of(one.result).failure for one in told] == [Failure.LATE]
    monkeypatch.setattr(calls._deadlines, "watch", lambda due, late: 0)
    assert calls.start("/t/A", b"", 0.001, told.append) is False
    assert len(told) == 1
