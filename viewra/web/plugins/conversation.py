"""One request to a plugin over its stream: the threads' side of the proxy."""

from __future__ import annotations

import threading

import attrs

from viewra.adapters import Exchange
from viewra.adapters.http import HttpClient
from viewra.errors import PluginUnavailable
from viewra.types import RequestHead, RequestPart, ResponseHead, ResponsePart

SILENCE_S = 120.0
"""Seconds without a byte after which a response that has begun is cut off."""
MOST_S = 3600.0
"""Seconds that one request may last."""
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})


class NoResponse(Exception):
    """What the plugin sent is not a response."""


class Gone(Exception):
    """The request was ended on the host's side."""


@attrs.frozen
class Patience:
    """Seconds to wait for a plugin: ``answer_s`` for a head, ``silence_s`` for another part, ``most_s`` in all."""

    answer_s: float
    silence_s: float = SILENCE_S
    most_s: float = MOST_S


class Conversation:
    """The stream of one request. All methods but ``close`` wait; that one may be called at any time, and ends them.

    Each raises a PluginError, NoResponse for what is no response, or Gone after ``close``.
    """

    def __init__(self, client: HttpClient, head: RequestHead, patience: Patience) -> None:
        self._client = client
        self._head = head
        self._patience = patience
        self._lock = threading.Lock()
        self._exchange: Exchange[RequestPart, ResponsePart] | None = None
        self._closed = False

    def ask(self, body: bytes) -> tuple[ResponseHead, ResponsePart]:
        """Send a whole request and wait for the response's first part.

        If the plugin's process ends meanwhile, a request that changes nothing is sent once more.
        """
        try:
            self.begin(body)
            return self.first(self._patience.answer_s)
        except PluginUnavailable as error:
            if not error.in_call or self._head.method not in _REPEATABLE:
                raise
        self.begin(body)
        return self.first(self._patience.answer_s)

    def begin(self, body: bytes | None = None) -> None:
        """Send a whole request, or its head alone if ``send`` sends the rest."""
        exchange = self._client.open(self._head, body=body, most_s=self._patience.most_s)
        with self._lock:
            if not self._closed:
                self._exchange = exchange
                return
        exchange.close()
        raise Gone

    def send(self, body: bytes, *, last: bool) -> bool:
        """Send a part; False if the plugin reads no more."""
        exchange = self._open()
        sent = exchange.send(RequestPart(None, body, last), self._patience.silence_s)
        if last or not sent:
            exchange.finish()
        return sent

    def first(self, timeout_s: float) -> tuple[ResponseHead, ResponsePart]:
        """Wait for the response's first part."""
        part = self._receive(timeout_s)
        if part is None:
            raise NoResponse("it ended the call without a response")
        if part.head is None:
            raise NoResponse("its answer has no head")
        return part.head, part

    def next(self) -> ResponsePart:
        """Wait for the next part; the last one is marked."""
        part = self._receive(self._patience.silence_s)
        if part is None:
            return ResponsePart(last=True)
        if part.head is not None:
            raise NoResponse("its answer has a second head")
        return part

    def close(self) -> None:
        """End the request, if it is not over."""
        with self._lock:
            self._closed = True
            exchange = self._exchange
        if exchange is not None:
            exchange.close()

    def _receive(self, timeout_s: float) -> ResponsePart | None:
        part = self._open().receive(timeout_s)
        if part is None and self._closed:
            raise Gone
        return part

    def _open(self) -> Exchange[RequestPart, ResponsePart]:
        with self._lock:
            if self._closed or self._exchange is None:
                raise Gone
            return self._exchange
