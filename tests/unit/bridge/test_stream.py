"""The host's end of the stream to a plugin's process: what is worked on when, and hostile plugins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue

import pytest

from tests.eventually import eventually
from viewra.bridge.attachment import LASTING, QUEUED, WORKERS, Attachment
from viewra.bridge.door import Door
from viewra.bridge.pace import Pace
from viewra.bridge.rights import Rights
from viewra.codec.host.attach import ATTACH, HostAnswer, HostRequest
from viewra.codec.host.method import HostMethod
from viewra.codec.limits import Limits
from viewra.errors import HostTimeout, QuotaExceeded, UsageError
from viewra.transport.calls import CallFailed, Failure


class FakeStream:
    """A ``Stream`` whose other end is the test."""

    def __init__(self, *, reads: bool = True) -> None:
        self.up: SimpleQueue[bytes | None] = SimpleQueue()
        self.down: SimpleQueue[HostAnswer] = SimpleQueue()
        self.cancelled = threading.Event()
        self.reads = reads

    def ask(self, number: int, method: str, arguments: bytes = b"", timeout_s: float = 0.0) -> None:
        self.up.put(ATTACH.answer(HostRequest(number, method, arguments, b"", timeout_s)))

    def send(self, message: bytes, timeout_s: float) -> None:
        if not self.reads or self.cancelled.is_set():
            raise CallFailed(Failure.LATE)
        self.down.put(ATTACH.parse_item(message))

    def receive(self) -> bytes | None:
        data = self.up.get()
        if data is None and self.cancelled.is_set():
            raise CallFailed(Failure.LOST)
        return data

    def cancel(self) -> None:
        self.cancelled.set()
        self.up.put(None)

    def finish(self) -> None: ...

    def when_over(self, done: Callable[[], None]) -> None: ...

    def trailer(self, name: str) -> bytes | None: ...


class Counting:
    """A service whose calls wait for the test."""

    def __init__(self) -> None:
        self.at_work = 0
        self.go_on = threading.Semaphore(0)
        self._lock = threading.Lock()

    def run(self) -> int:
        with self._lock:
            self.at_work += 1
        assert self.go_on.acquire(timeout=20)
        return 7


RUN: HostMethod[int] = HostMethod("test.run")
RIGHTS = Rights(lambda _: True)


@pytest.fixture
def service() -> Counting:
    return Counting()


@pytest.fixture
def door(service: Counting) -> Door:
    return Door(
        "one",
        {
            "test.run": (RUN, service.run),
            "test.take": (HostMethod("test.take", takes_data=True), lambda data: service.run()),
            "test.last": (HostMethod("test.last", lasting=True), lambda call: service.run()),
            "test.echo": (HostMethod("test.echo"), lambda: "echo"),
        },
    )


@pytest.fixture
def stream() -> FakeStream:
    return FakeStream()


@pytest.fixture
def attachment(door: Door, stream: FakeStream) -> Iterator[Attachment]:
    made = Attachment(stream, door, RIGHTS, limits=Limits())
    yield made
    made.close()


def test_a_slow_call_keeps_no_other_from_its_answer(
    attachment: Attachment, stream: FakeStream, service: Counting
) -> None:
    stream.ask(1, "test.run")
    stream.ask(2, "test.echo")
    assert stream.down.get(timeout=60) == HostAnswer(2, b'"echo"', b"")
    service.go_on.release()
    assert stream.down.get(timeout=60) == HostAnswer(1, b"7", b"")


def test_a_process_has_only_so_many_calls_at_work(
    attachment: Attachment, stream: FakeStream, service: Counting
) -> None:
    for number in range(1000):
        stream.ask(number, "test.run")
    eventually(lambda: service.at_work == WORKERS)
    eventually(lambda: stream.up.qsize() < 1000)
    assert stream.up.qsize() > 900, "the rest waits in the stream"
    assert service.at_work == WORKERS
    for _ in range(1000):
        service.go_on.release()
    assert {stream.down.get(timeout=60).id for _ in range(1000)} == set(range(1000))


def test_what_waits_is_bounded_in_bytes_too(attachment: Attachment, stream: FakeStream, service: Counting) -> None:
    large = [ATTACH.answer(HostRequest(number, "test.take", b"", bytes(4 << 20), 0.0)) for number in range(12)]
    for message in large:
        stream.up.put(message)
    eventually(lambda: service.at_work == WORKERS)
    eventually(lambda: stream.up.qsize() <= 12 - WORKERS - 3)
    assert stream.up.qsize() >= 12 - WORKERS - 4, "16 MiB wait, and one request for room"
    for _ in large:
        service.go_on.release()
    assert {stream.down.get(timeout=60).id for _ in large} == set(range(12))


def test_what_waits_for_others_holds_up_nothing_and_is_refused_beyond_its_room(
    attachment: Attachment, stream: FakeStream, service: Counting
) -> None:
    for number in range(LASTING + QUEUED + 1):
        stream.ask(number, "test.last")
        expected = min(LASTING, number + 1)
        eventually(partial(lambda count: service.at_work == count, expected))
    refused = stream.down.get(timeout=60)
    assert refused.id == LASTING + QUEUED
    assert isinstance(refused.error, QuotaExceeded)
    stream.ask(1000, "test.echo")
    assert stream.down.get(timeout=60).id == 1000
    for _ in range(LASTING + QUEUED):
        service.go_on.release()
    assert {stream.down.get(timeout=60).id for _ in range(LASTING + QUEUED)} == set(range(LASTING + QUEUED))


def test_large_requests_count_as_many(door: Door) -> None:
    waited: list[float] = []
    slow = Door("one", {}, Pace(1, 1, now=lambda: 0.0, sleep=waited.append))
    slow.wait(20_480, 655_360)
    assert waited == [20]


def test_calls_that_take_long_count_as_many() -> None:
    waited: list[float] = []
    now = time.thread_time()

    def work() -> None:
        while time.thread_time() < now + 0.05:
            pass

    pace = Pace(1000, 10, now=lambda: 0.0, sleep=waited.append)
    slow = Door("one", {"test.work": (HostMethod("test.work"), work)}, pace)
    slow.call("test.work", None, b"", RIGHTS)
    slow.wait()
    assert waited[0] >= 0.039, "50 ms are 50 calls, of which 10 are there at once"


def test_what_nobody_waits_for_any_more_is_not_done(
    attachment: Attachment, stream: FakeStream, service: Counting
) -> None:
    for number in range(WORKERS):
        stream.ask(number, "test.run")
    eventually(lambda: service.at_work == WORKERS)
    stream.ask(9, "test.run", timeout_s=0.001)
    eventually(lambda: stream.up.empty())
    late = time.monotonic() + 0.1
    eventually(lambda: time.monotonic() > late)  # it has waited for longer than its caller does
    for _ in range(WORKERS + 1):
        service.go_on.release()
    answers = {answer.id: answer for answer in (stream.down.get(timeout=60) for _ in range(WORKERS + 1))}
    assert isinstance(answers[9].error, HostTimeout)
    assert service.at_work == WORKERS


def test_nothing_is_done_after_the_end(door: Door, stream: FakeStream, service: Counting) -> None:
    attachment = Attachment(stream, door, RIGHTS, limits=Limits())
    for number in range(WORKERS + 3):
        stream.ask(number, "test.run")
    eventually(lambda: service.at_work == WORKERS and stream.up.empty())
    stream.cancel()
    eventually(lambda: "bridge-one" not in {thread.name for thread in threading.enumerate()})
    for _ in range(WORKERS + 3):
        service.go_on.release()
    attachment.close()
    assert service.at_work == WORKERS
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("bridge-one")])


@pytest.mark.parametrize(
    ("method", "arguments", "kind", "says"),
    [
        ("kv.nothing", b"", UsageError, "no service 'kv.nothing'"),
        ("test.echo", b"{", UsageError, "not JSON"),
        ("test.echo", b"[" * 100_000, UsageError, "not JSON"),
        ("test.echo", b"[1]", UsageError, "must be an object"),
        ("test.echo", b'{"plugin_id": "two"}', UsageError, "has no argument 'plugin_id'"),
        ("test.echo", b'{"\\ud800": 1}', UsageError, "has no argument"),
    ],
)
def test_bad_requests_get_an_error(
    attachment: Attachment, stream: FakeStream, method: str, arguments: bytes, kind: type[Exception], says: str
) -> None:
    stream.ask(1, method, arguments)
    answer = stream.down.get(timeout=60)
    assert type(answer.error) is kind
    assert says in str(answer.error)
    stream.ask(2, "test.echo")
    assert stream.down.get(timeout=60).error is None


@pytest.mark.parametrize(
    "message", [b"\xff", ATTACH.answer(HostRequest(1, "m" * 64, b"", b"", 0)) + b"\x12\x50" + b"m" * 80]
)
def test_what_is_no_request_ends_the_stream(attachment: Attachment, stream: FakeStream, message: bytes) -> None:
    stream.up.put(message)
    assert stream.cancelled.wait(60)


def test_a_plugin_that_does_not_read_its_answers_loses_the_stream(door: Door) -> None:
    stream = FakeStream(reads=False)
    over = threading.Event()
    attachment = Attachment(stream, door, RIGHTS, limits=Limits(), when_over=over.set)
    stream.ask(1, "test.echo")
    assert stream.cancelled.wait(60)
    assert over.wait(60)
    attachment.close()


def test_a_flood_is_slowed_down() -> None:
    now = [0.0]
    slept: list[float] = []
    pace = Pace(10, 2, now=lambda: now[0], sleep=slept.append)
    for _ in range(4):
        pace.wait()
    assert slept == pytest.approx([0.1, 0.2]), "two at once, then ten a second"
    now[0] += 60
    for _ in range(3):
        pace.wait()
    assert slept[2:] == pytest.approx([0.1])
