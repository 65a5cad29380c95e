"""How the clients of host services ask: over a stream from a plugin's process, or directly in the host's."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from viewra.codec.host.method import Answered, HostMethod

T = TypeVar("T")

CALL_S = 10.0
"""Seconds that a call of a host service may take, unless its caller says otherwise."""


class Asking(Protocol):
    """Carries calls to the host."""

    def ask(self, method: HostMethod[Any], arguments: dict[str, object], data: bytes, timeout_s: float) -> Answered:
        """The result on its way; raises a ViewraError."""
        ...


class Client:
    """Base of the clients, each of which asks one service."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def _ask(
        self, method: HostMethod[T], arguments: dict[str, object], data: bytes = b"", timeout_s: float = CALL_S
    ) -> T:
        value, answered = self._asking.ask(method, arguments, data, timeout_s)
        return method.decode(value, answered)
