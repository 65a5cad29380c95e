"""The plugin's end of the stream to its host, and calls that nobody answers."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from tests.eventually import eventually
from viewra.codec.host.attach import ATTACH, HostAnswer, HostRequest
from viewra.codec.host.kv import KV
from viewra.errors import HostError, HostTimeout, HostUnavailable, NotFound
from viewra.sdk.host.uplink import Uplink


def attach(uplink: Uplink) -> tuple[Iterator[HostRequest], SimpleQueue[HostAnswer | None]]:
    answers: SimpleQueue[HostAnswer | None] = SimpleQueue()
    requests = uplink.attach(iter(answers.get, None), lambda: True)
    return requests, answers


def served(uplink: Uplink, answer: Callable[[HostRequest], HostAnswer | None]) -> threading.Thread:
    requests, answers = attach(uplink)

    def serve() -> None:
        for request in requests:
            answers.put(answer(request))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def get(uplink: Uplink, timeout_s: float = 10.0) -> object:
    return uplink.ask(KV.get, {"key": "a"}, b"", timeout_s)


def test_calls_wait_for_the_stream_and_pass_on_answers() -> None:
    uplink = Uplink()
    thread = served(uplink, lambda request: HostAnswer(request.id, request.arguments, b"data"))
    assert get(uplink) == ({"key": "a"}, b"data")
    uplink.close()
    thread.join(60)
    assert not thread.is_alive()
    with pytest.raises(HostUnavailable):
        get(uplink)


def test_a_host_without_services_is_told_of_once() -> None:
    uplink = Uplink(patience_s=0.01)
    for timeout_s in (10, 0):
        with pytest.raises(HostUnavailable, match="offers no host services"):
            get(uplink, timeout_s)
    served(uplink, lambda request: HostAnswer(request.id, b"1", b""))
    eventually(lambda: get(uplink) == (1, b""))
    uplink.close()


def test_the_first_call_requests_the_stream() -> None:
    requested: list[int] = []

    def request() -> None:
        requested.append(1)
        threading.Thread(target=served, args=(uplink, lambda one: HostAnswer(one.id, b"1", b""))).start()

    uplink = Uplink(request)
    assert uplink.requests
    assert not Uplink().requests
    for _ in range(2):
        assert get(uplink) == (1, b"")
    assert requested == [1]
    uplink.close()


def test_the_stream_is_requested_once_whether_or_not_the_host_opens_it() -> None:
    requested: list[int] = []
    uplink = Uplink(lambda: requested.append(1), patience_s=0.01)
    for _ in range(2):
        with pytest.raises(HostUnavailable, match="offers no host services"):
            get(uplink)
    assert requested == [1]


def test_a_request_that_cannot_be_written_says_why() -> None:
    def request() -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    with pytest.raises(HostUnavailable, match="cannot be asked for its services: Bad file descriptor"):
        get(Uplink(request))


def test_a_later_stream_replaces_the_one_before() -> None:
    uplink = Uplink()
    first = served(uplink, lambda request: HostAnswer(request.id, b"1", b""))
    assert get(uplink) == (1, b"")
    served(uplink, lambda request: HostAnswer(request.id, b"2", b""))
    first.join(60)
    assert not first.is_alive()
    assert get(uplink) == (2, b"")
    uplink.close()


def test_the_end_of_the_stream_ends_every_wait() -> None:
    uplink = Uplink(patience_s=0.01)
    served(uplink, lambda _request: None)  # the host ends the stream
    with pytest.raises(HostUnavailable, match="has ended"):
        get(uplink)


def test_a_call_has_a_deadline_and_a_late_answer_is_nobodys() -> None:
    uplink = Uplink()
    late: list[HostRequest] = []

    def answer(request: HostRequest) -> HostAnswer:
        if not late:
            late.append(request)
            return HostAnswer(request.id + 1000, b"", b"")  # an id that nobody waits for
        return HostAnswer(late[0].id if len(late) == 1 else request.id, b"", b"", NotFound("gone"))

    served(uplink, answer)
    with pytest.raises(HostTimeout, match="did not answer in time"):
        get(uplink, 0.05)
    late.append(late[0])
    with pytest.raises(NotFound, match="gone"):
        get(uplink)
    uplink.close()


def test_errors_travel_with_their_hint() -> None:
    error = HostError("no", hint="try")
    sent = ATTACH.parse_item(ATTACH.item(HostAnswer(1, b"", b"", error))).error
    assert type(sent) is HostError
    assert (sent.message, sent.hint) == ("no", "try")
