"""Calls to a plugin as bytes: protocols and errors for code that does not depend on gRPC.

viewra/transport/grpc_calls.py implements them over a gRPC channel.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Protocol

Trailer = Callable[[str], bytes | None]
"""Returns the entry of this name in the answer's trailing metadata, None if absent."""


class Failure(enum.Enum):
    """The kind of a failed call."""

    MISSING = "missing"  # the plugin does not implement the procedure
    LATE = "late"  # the deadline passed
    LOST = "lost"  # the connection broke, or was closed
    TOO_LARGE = "too large"  # the answer exceeds the limit too large
    REPORTED = "reported"  # the plugin reported an error


class CallFailed(Exception):  # no "Error" suffix: not a bug on this side; adapters turn it into a PluginError
    """A call failed. ``text`` is the plugin's or the connection's message; ``trailer`` reads the trailing metadata."""

    def __init__(self, failure: Failure, text: str = "", trailer: Trailer = lambda _name: None) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text
        self.trailer = trailer


class Ended(Protocol):
    """A call that has ended."""

    def result(self) -> bytes:
        """The answer; raises CallFailed."""
        ...

    def trailer(self, name: str) -> bytes | None:
        """The entry of this name in the trailing metadata, None if absent."""
        ...


class Method(Protocol):
    """One procedure on one connection. Every call ends at its deadline at the latest."""

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        """Call and wait; raises CallFailed."""
        ...

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Trailer]:
        """Call and wait; returns the answer and its trailing metadata. Raises CallFailed."""
        ...

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        """Start a call; raises CallFailed when it cannot be sent.

        The connection calls ``done`` once, on a thread of its own; ``done`` must neither raise nor block.
        """
        ...


class Source(Protocol):
    """Messages of a stream, taken one by one when the one before has left, on a thread of the connection."""

    def __iter__(self) -> Iterator[bytes]:
        """Itself."""
        ...

    def __next__(self) -> bytes:
        """Wait for the next message; raises StopIteration after the last, and when it is closed."""
        ...

    def close(self) -> None:
        """Give no more messages; may be called twice."""
        ...


class Stream(Protocol):
    """One call with messages in both directions, each side waiting for the other when that does not read.

    One thread sends and one receives; any thread may cancel. The caller that opens a stream reads it to its end or
    cancels it.
    """

    def send(self, message: bytes, timeout_s: float) -> None:
        """Hand over a message, after at most ``timeout_s`` seconds in which the one before it is sent.

        Raises CallFailed: LATE if the other side does not read, LOST if the call is over; ``receive`` tells why.
        """
        ...

    def finish(self) -> None:
        """End this side's messages; the other side's may continue."""
        ...

    def receive(self) -> bytes | None:
        """Wait for the other side's next message, until the call ends; None after the last. Raises CallFailed."""
        ...

    def cancel(self) -> None:
        """End the call, if it is not over: both sides' waits end."""
        ...

    def when_over(self, done: Callable[[], None]) -> None:
        """Have ``done`` called once, when the call is over for any reason; it must neither raise nor block."""
        ...

    def trailer(self, name: str) -> bytes | None:
        """The entry of this name in the trailing metadata of a call that is over, None if absent."""
        ...


class Streaming(Protocol):
    """One procedure with streams on one connection."""

    def open(self, timeout_s: float | None, only: bytes | None = None, source: Source | None = None) -> Stream:
        """Begin a call that ends after ``timeout_s`` seconds, or with the connection if that is None.

        ``only`` is the single message of this side, which is then finished; such a call is cheaper. From a ``source``
        the connection takes the messages itself, and nobody calls ``send``. Raises CallFailed.
        """
        ...


class Wire(Protocol):
    """A connection to one process of a plugin."""

    def method(self, path: str) -> Method:
        """The procedure at this path; raises CallFailed when the connection is closed."""
        ...

    def streaming(self, path: str) -> Streaming:
        """The procedure with streams at this path; raises CallFailed when the connection is closed."""
        ...
