"""A plugin that breaks the rules of the stream loses it: calls on it end, later ones are made without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eventually import eventually
from tests.unit.transport.multiplexing import LIMIT, NoStream, Rig, answers, calls_in, failure_of
from viewra.pb import viewra_pb2 as pb
from viewra.transport.call_stream import METADATA_BYTES, CallStream, Carried
from viewra.transport.calls import CallFailed, Ended, Failure

Talk = Callable[[int], Iterator[bytes]]


def unknown(number: int) -> Iterator[bytes]:
    yield answers(pb.Answer(id=number + 1000))


def twice(number: int) -> Iterator[bytes]:
    yield answers(pb.Answer(id=number), pb.Answer(id=number))


def nothing(number: int) -> Iterator[bytes]:
    yield b""


def garbage(number: int) -> Iterator[bytes]:
    yield b"\xff" * 100


def parts_without_bytes(number: int) -> Iterator[bytes]:
    yield answers(pb.Answer(id=number, more=True))


def parts_without_end(number: int) -> Iterator[bytes]:
    while True:
        yield answers(pb.Answer(id=number, more=True, response=bytes(LIMIT // 2)))


def other_parts(number: int) -> Iterator[bytes]:
    yield answers(pb.Answer(id=number, more=True, response=b"x"), pb.Answer(id=2**64 - 1))


def the_end(number: int) -> Iterator[bytes]:
    return iter(())


def answered(rig: Rig, way: Callable[..., bytes]) -> bool:
    try:
        return way(rig, "Echo") == b"x"
    except CallFailed:  # it went on the stream just before the host noticed
        return False


@pytest.mark.parametrize("way", [Rig.ask, Rig.start])
@pytest.mark.parametrize(
    "talk",
    [unknown, twice, nothing, garbage, parts_without_bytes, parts_without_end, other_parts, the_end],
    ids=lambda one: one.__name__,
)
def test_calls_on_a_broken_stream_end_and_others_go_without_it(
    tmp_path: Path, talk: Talk, way: Callable[..., bytes], caplog: pytest.LogCaptureFixture
) -> None:
    def carry(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for message in messages:
            for call in calls_in(message):
                yield from talk(call.id)
                if talk is the_end:
                    return

    rig = Rig(tmp_path, {"Echo": lambda data, _: data}, carry)
    held = rig.hold()
    if talk is twice:
        assert way(rig, "Echo") == b""
    else:
        assert failure_of(lambda: way(rig, "Echo")).failure is Failure.LOST
    eventually(lambda: answered(rig, way))
    rig.go.set()
    assert held() == b"x"
    assert talk is the_end or "plugin p: its stream of calls is ended: " in caplog.text
    rig.close()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL])
def test_a_stream_that_is_listed_and_not_served_says_nothing_of_what_was_called(
    tmp_path: Path, code: grpc.StatusCode
) -> None:
    def carry(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        while not calls_in(next(messages)):
            pass
        context.abort(code, "no")

    rig = Rig(tmp_path, {"Echo": lambda data, _: data}, carry)
    rig.hold()
    assert failure_of(lambda: rig.ask("Echo")).failure is not Failure.MISSING
    eventually(lambda: answered(rig, Rig.ask))
    rig.close()


def parts_of(number: int, size: int, more: bool, status: int, trailers: int) -> pb.Answer:
    metadata = [pb.Trailer(name="x-bin", value=bytes(trailers))] if trailers else []
    return pb.Answer(id=number, response=bytes(size), more=more, status=status, message="é", trailers=metadata)


ANSWER = st.builds(
    parts_of,
    st.one_of(st.integers(1, 4), st.integers(0, 2**64 - 1)),
    st.sampled_from([0, 1, 500, 1001]),
    st.booleans(),
    st.one_of(st.just(0), st.integers(0, 2**32 - 1)),
    st.sampled_from([0, 1, 20_000]),
)
MESSAGE = st.one_of(st.lists(ANSWER, max_size=6).map(lambda items: answers(*items)), st.binary(max_size=40))


@settings(max_examples=100, deadline=None)
@given(st.lists(MESSAGE, max_size=6))
def test_whatever_comes_each_call_ends_once(messages: list[bytes]) -> None:
    stream, told = NoStream(), SimpleQueue[Ended]()
    calls = CallStream(stream, "p", 1000)
    assert all(calls.start("/t/A", b"", 20, told.put) for _ in range(4))
    for message in messages:
        stream.answers.put(message)
    stream.cancel()  # which ends it after the messages
    ended = [told.get(timeout=60) for _ in range(4)]
    assert len({cast("Carried", one).id for one in ended}) == 4
    eventually(lambda: calls._over and not calls._calls)
    assert told.empty()
    for one in ended:
        with suppress(CallFailed):
            assert len(one.result()) <= 1000
        assert len(one.trailer("x-bin") or b"") <= METADATA_BYTES
