"""The plugin's end of the stream to its host: sends requests up, and gives each answer to the thread that waits.

The first call requests the stream, if the host waits for that; any other host opens it when the process has announced
itself. A later stream, of another host that took the process over, replaces the one before.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

from viewra.codec.host.attach import MAX_DATA_BYTES, HostAnswer, HostRequest, from_json, to_json
from viewra.codec.host.method import Answered, HostMethod
from viewra.errors import HostTimeout, HostUnavailable, UsageError

ATTACH_S = 5.0
"""Seconds that the first call waits for the host to open the stream."""
_GONE = "the stream to the host has ended"


class Uplink:
    """Carries this process's calls (``Asking``) over the stream that ``attach`` serves, until ``close``.

    ``request`` asks the host to open the stream, and may raise OSError; None: it opens the stream by itself.
    """

    def __init__(self, request: Callable[[], None] | None = None, *, patience_s: float = ATTACH_S) -> None:
        self.requests = request is not None
        self._request = request
        self._changed = threading.Condition()
        self._stream: _Stream | None = None
        self._patience_s = patience_s
        self._closed = False

    def attach(self, answers: Iterator[HostAnswer], wanted: Callable[[], bool]) -> Iterator[HostRequest]:
        """Serve one stream: gives the requests of this process, and passes on their answers."""
        del wanted
        stream = _Stream()
        with self._changed:
            earlier, self._stream = self._stream, stream
            if self._closed:
                stream.end()
            self._changed.notify_all()
        if earlier is not None:
            earlier.end()
        threading.Thread(target=stream.receive, args=(answers,), name="host-answers", daemon=True).start()
        try:
            yield from stream.requests()
        finally:
            stream.end()

    def close(self) -> None:
        """End the stream: calls fail from now on."""
        with self._changed:
            self._closed = True
            stream = self._stream
            self._changed.notify_all()
        if stream is not None:
            stream.end()

    def ask(self, method: HostMethod[Any], arguments: dict[str, object], data: bytes, timeout_s: float) -> Answered:
        """Ask the host, as ``Asking`` has it."""
        if len(data) > MAX_DATA_BYTES:
            raise UsageError(f"{method.name}: {len(data):,} bytes are too many; at most {MAX_DATA_BYTES:,} are allowed")
        until = time.monotonic() + timeout_s
        return self._attached(until).ask(method.name, to_json(arguments), data, until)

    def _attached(self, until: float) -> _Stream:
        stream = self._stream
        if stream is not None and not stream.ended:
            return stream
        with self._changed:
            if not self._open() and self._request is not None and not self._closed:
                try:
                    self._request()
                except OSError as error:
                    raise HostUnavailable(
                        f"the host cannot be asked for its services: {error.strerror}",
                        hint="code of the plugin must not close file descriptors that it has not opened",
                    ) from error
                self._request = None
            patience_s = min(self._patience_s, until - time.monotonic())
            if not self._changed.wait_for(lambda: self._closed or self._open(), patience_s):
                self._patience_s = 0.0  # this host has none: later calls need not wait to learn that
                raise HostUnavailable(
                    "this plugin's host offers no host services", hint="they need a host of viewra, and its plugin SDK"
                )
            if self._closed or self._stream is None:
                raise HostUnavailable(_GONE)
            return self._stream

    def _open(self) -> bool:
        return self._stream is not None and not self._stream.ended


class _Stream:
    """One stream: the requests to send, and those that wait for their answer."""

    def __init__(self) -> None:
        self.ended = False
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._outgoing: SimpleQueue[HostRequest | None] = SimpleQueue()

    def requests(self) -> Iterator[HostRequest]:
        while (request := self._outgoing.get()) is not None:
            yield request

    def receive(self, answers: Iterator[HostAnswer]) -> None:
        try:
            for answer in answers:
                with self._lock:
                    waiting = self._waiting.pop(answer.id, None)
                if waiting is not None:  # else its caller gave up
                    waiting.done(answer)
        except Exception:  # noqa: S110 - the host ended the stream, or sent what is no answer: nothing more comes
            pass
        finally:
            self.end()

    def end(self) -> None:
        with self._lock:
            if self.ended:
                return
            self.ended = True
            left = list(self._waiting.values())
            self._waiting.clear()
        self._outgoing.put(None)
        for waiting in left:
            waiting.done(None)

    def ask(self, method: str, arguments: bytes, data: bytes, until: float) -> Answered:
        waiting = _Waiting()
        left_s = until - time.monotonic()
        with self._lock:
            if self.ended:
                raise HostUnavailable(_GONE, hint="the plugin is being stopped, or its host has ended")
            number = next(self._ids)
            self._waiting[number] = waiting
        self._outgoing.put(HostRequest(number, method, arguments, data, max(0.001, left_s)))
        if not waiting.wait(until - time.monotonic()):
            with self._lock:
                self._waiting.pop(number, None)
            if not waiting.wait(0):
                raise HostTimeout(f"{method}: the host did not answer in time")
        answer = waiting.answer
        if answer is None:
            raise HostUnavailable(_GONE, hint="the plugin is being stopped, or its host has ended")
        if answer.error is not None:
            raise answer.error
        return from_json(answer.value), answer.data


class _Waiting:
    """A thread that waits for an answer; a bare lock wakes it faster than an Event."""

    __slots__ = ("_lock", "answer")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.answer: HostAnswer | None = None

    def done(self, answer: HostAnswer | None) -> None:
        self.answer = answer
        self._lock.release()

    def wait(self, timeout_s: float) -> bool:
        return self._lock.acquire(timeout=max(0.0, timeout_s))
