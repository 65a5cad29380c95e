"""Calls to a plugin as bytes, for code that knows no gRPC: what a connection offers, and how a call fails.

viewra/transport/grpc_calls.py makes them over a gRPC channel.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol

Trailer = Callable[[str], bytes | None]
"""Gives the entry of this name that came behind the answer, None where there is none."""


class Failure(enum.Enum):
    """Why a call has no answer."""

    MISSING = "missing"  # the plugin has no such procedure
    LATE = "late"  # its deadline ended it
    LOST = "lost"  # the connection broke, or was closed
    TOO_LARGE = "too large"  # the answer was
    REPORTED = "reported"  # the plugin says so itself


class CallFailed(Exception):  # not a bug on this side: adapters make a PluginError of it
    """A call has no answer. ``text`` is what the plugin, or the connection, said; ``trailer`` gives what came along."""

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
        """The entry of this name that came behind the answer."""
        ...


class Method(Protocol):
    """One procedure on one connection. Each way to call it ends with the deadline at the latest."""

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        """Call and wait; raises CallFailed."""
        ...

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Trailer]:
        """Call and wait; gives what came behind the answer, too. Raises CallFailed."""
        ...

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        """Start a call; ``done`` is called once, on a thread of the connection's. Raises CallFailed if it is not sent.

        ``done`` must neither raise nor wait long.
        """
        ...


class Wire(Protocol):
    """The way to one process of a plugin."""

    def method(self, path: str) -> Method:
        """The procedure at this path; raises CallFailed when the way is closed."""
        ...
