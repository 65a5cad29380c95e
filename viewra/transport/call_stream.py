"""One stream that carries calls of a process which are in flight at the same time, the host's end.

multiplexed.py decides which calls it carries; multiplexer.py is the plugin's end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from google.protobuf.message import DecodeError

from viewra.pb import viewra_pb2
from viewra.transport.batches import Batches
from viewra.transport.calls import CallFailed, Ended, Failure, Streaming
from viewra.transport.deadlines import Deadlines
from viewra.transport.grpc_failures import failure_of

PATH = "/viewra.v1.Multiplexer/Carry"
MOST_UNANSWERED = 1000
"""Calls that were never answered, though their deadlines are long over, after which the stream is ended."""

METADATA_BYTES = 16 * 1024
"""Bytes of an answer's message and trailing metadata; gRPC refuses more for calls of its own, too."""

_ENDED = "the stream of calls has ended"
_LONGEST_MS = 2**32 - 1
_log = logging.getLogger(__name__)


class _Violation(Exception):
    """The plugin sent what no plugin may send."""


class Carried:
    """A call on a stream (``Ended`` when it is over). It is over once: by its answer, its deadline, or the stream."""

    __slots__ = (
        "begun", "done", "failure", "id", "over", "response", "size", "text", "timeout_s", "trailers", "watched",
        "woken",
    )  # fmt: skip

    def __init__(self, timeout_s: float, done: Callable[[Ended], None] | None) -> None:
        self.timeout_s = max(0.0, timeout_s)
        self.done = done
        self.id = 0
        self.over = False
        self.watched: int | None = None
        self.failure: Failure | None = None
        self.text = ""
        self.begun: bytearray | None = None  # a list of small parts would take twenty times as much
        self.response = b""
        self.size = 0
        self.trailers: list[tuple[str, bytes]] = []
        self.woken = threading.Lock()  # a bare lock wakes its thread faster than an Event
        self.woken.acquire()

    def result(self) -> bytes:
        """The answer; raises CallFailed."""
        if self.failure is not None:
            raise CallFailed(self.failure, self.text, self.trailer)
        return self.response

    def trailer(self, name: str) -> bytes | None:
        """The entry of this name in the trailing metadata, None if absent."""
        return next((value for key, value in self.trailers if key == name), None)


class CallStream:
    """A stream on ``streaming`` to the plugin called ``name``, from now until the connection or the plugin ends it.

    A response has at most ``response_bytes``; -1 means no limit. Raises CallFailed, or RuntimeError without a thread.
    """

    def __init__(self, streaming: Streaming, name: str, response_bytes: int) -> None:
        self._name = name
        self._most = response_bytes
        self._lock = threading.Lock()
        self._calls: dict[int, Carried] = {}
        self._last = 0
        self._unanswered = 0
        self._over = False
        self._deadlines = Deadlines()
        self._outgoing = Batches()
        if response_bytes > 0:
            self._outgoing.put(viewra_pb2.Calls(response_bytes=response_bytes).SerializeToString())
        self._stream = streaming.open(None, source=self._outgoing)
        try:
            threading.Thread(target=self._read, name=f"calls-{name}", daemon=True).start()
        except RuntimeError:
            self._stream.cancel()
            raise

    def call(self, path: str, request: bytes, timeout_s: float) -> Carried | None:
        """Make a call and wait until it is over; None if the stream is over, and the call was not made."""
        call = Carried(timeout_s, None)
        if not self._send(call, path, request):
            return None
        try:
            if not call.woken.acquire(timeout=call.timeout_s):
                self._expire(call)
        except BaseException:  # Ctrl-C
            self._expire(call)
            raise
        return call

    def start(self, path: str, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> bool:
        """Start a call, as ``Method.start``; False if the stream is over, and ``done`` will not be called."""
        call = Carried(timeout_s, done)
        call.watched = watched = self._deadlines.watch(time.monotonic() + timeout_s, lambda: self._expire(call))
        if self._send(call, path, request):
            return True
        self._deadlines.done(watched)
        return False

    def _send(self, call: Carried, path: str, request: bytes) -> bool:
        """Send a call; False if the stream is over and nobody was told that the call is."""
        timeout_ms = min(max(1, int(call.timeout_s * 1000)), _LONGEST_MS)
        with self._lock:  # which keeps the numbers ascending on the wire, too
            if call.over:  # its deadline was over at once
                return True
            if self._over:
                call.over = True
                return False
            self._last = call.id = self._last + 1
            self._calls[call.id] = call
            sent = viewra_pb2.Call(id=call.id, path=path, request=request, timeout_ms=timeout_ms)
            self._outgoing.put(viewra_pb2.Calls(calls=(sent,)).SerializeToString())
        return True

    def _expire(self, call: Carried) -> None:
        """End a call that nobody waits for any more; its answer may still come."""
        with self._lock:
            if call.over:
                return
            call.over = True
            call.failure, call.text = Failure.LATE, "its deadline is over"
            call.begun = None
            if call.id:  # else it was not sent
                self._unanswered += 1
            too_many = self._unanswered > MOST_UNANSWERED
        self._tell(call)
        if too_many:
            _log.warning("plugin %s: its stream of calls is ended: it answers none of them", self._name)
            self._end(Failure.LOST, _ENDED)

    def _read(self) -> None:
        failure, text = Failure.LOST, _ENDED
        try:
            while (data := self._stream.receive()) is not None:
                self._take_all(data)
        except CallFailed as error:
            if error.failure is not Failure.MISSING:  # it would say that the plugin does not offer what was called
                failure, text = error.failure, error.text
        except _Violation as error:
            _log.warning("plugin %s: its stream of calls is ended: %s", self._name, error)
        finally:
            self._end(failure, text)

    def _take_all(self, data: bytes) -> None:
        """Take the answers in a message; raises _Violation."""
        try:
            answers = viewra_pb2.Answers.FromString(data).answers
        except DecodeError as error:
            raise _Violation("it sent something else than answers") from error
        if not answers:
            raise _Violation("it sent a message without an answer")
        ended = []
        try:
            with self._lock:
                for answer in answers:
                    call = self._calls.get(answer.id)
                    if call is None:
                        raise _Violation(f"it answered call {answer.id}, which is answered or was never made")
                    if self._take(call, answer):
                        ended.append(call)
        finally:
            for call in ended:
                self._tell(call)

    def _take(self, call: Carried, answer: viewra_pb2.Answer) -> bool:
        """Take an answer or a part of one, with the lock held; returns whether somebody waits for what is now over."""
        response = answer.response
        call.size += len(response)
        if self._most > 0 and call.size > self._most:
            raise _Violation(f"a response has more than {self._most:,} bytes")
        if answer.more:
            if not response:
                raise _Violation("it sent a part of a response without bytes")
            if not call.over:
                if call.begun is None:
                    call.begun = bytearray()
                call.begun += response
            return False
        del self._calls[call.id]
        if call.over:
            self._unanswered -= 1
            return False
        call.over = True
        if call.begun is not None:
            call.begun += response
            response, call.begun = bytes(call.begun), None
        call.response = response
        if answer.status or answer.trailers:
            _take_status(call, answer)
        return True

    def _end(self, failure: Failure, text: str) -> None:
        with self._lock:
            self._over = True
            left = [call for call in self._calls.values() if not call.over]
            self._calls.clear()
            for call in left:
                call.over = True
                call.failure, call.text = failure, text
        self._stream.cancel()
        self._outgoing.close()
        for call in left:
            self._tell(call)

    def _tell(self, call: Carried) -> None:
        if call.done is None:
            call.woken.release()
            return
        if call.watched is not None:
            self._deadlines.done(call.watched)
        try:
            call.done(call)
        except Exception:  # the others must still be told
            _log.exception("plugin %s: the end of a call could not be told", self._name)


def _take_status(call: Carried, answer: viewra_pb2.Answer) -> None:
    sizes = (len(one.name) + len(one.value) for one in answer.trailers)
    if len(answer.message) + sum(sizes) > METADATA_BYTES:
        call.failure, call.text = Failure.TOO_LARGE, f"an error with more than {METADATA_BYTES:,} bytes"
        return
    if answer.status:
        call.failure, name = failure_of(answer.status)
        call.text = answer.message or name
    call.trailers = [(one.name, one.value) for one in answer.trailers]
