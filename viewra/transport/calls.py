"""Calls to a plugin as bytes: protocols and errors for code that does not depend on gRPC.

viewra/transport/grpc_calls.py implements them over a gRPC channel.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
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


class Wire(Protocol):
    """A connection to one process of a plugin."""

    def method(self, path: str) -> Method:
        """The procedure at this path; raises CallFailed when the connection is closed."""
        ...
