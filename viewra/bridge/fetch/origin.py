"""``Origin``: sends a request to its server: with the plugin's secrets in it, and without them in the response.

It lies below the cache, which so gets neither a secret nor a header of the plugin's own, and only decoded bodies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

import attrs
import httpcore2
import httpx2

from viewra.bridge.call import HostCall
from viewra.bridge.fetch.encoding import ACCEPTED, decoded
from viewra.bridge.fetch.secrets import Secrets
from viewra.bridge.fetch.traffic import Traffic
from viewra.errors import FetchFailed

logging.getLogger("httpcore2").setLevel(logging.INFO)  # at debug, it logs headers, with secrets in them

T = TypeVar("T")

EXCHANGE = "viewra"
"""The extension of a request that has its ``Exchange``."""
_BROKEN = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.TimeoutException,
)
_OF_THE_WAY = frozenset({b"connection", b"content-encoding", b"content-length", b"keep-alive", b"transfer-encoding"})
"""Headers that describe how a response came; it is passed on in another way."""
_POOL_S = 10.0


@attrs.frozen(eq=False)
class Exchange:
    """What belongs to a request and is not for the cache: ``private`` are the plugin's own headers, with marks.

    ``host`` is the server's name and port, for the limits of ``traffic``. ``marked``: its URL has a secret. ``inside``:
    it may go to addresses that are not of the public internet.
    """

    call: HostCall
    host: str
    private: Mapping[str, str]
    secrets: Secrets
    traffic: Traffic
    pool: httpcore2.ConnectionPool
    marked: bool = False
    inside: bool = False

    @property
    def is_own(self) -> bool:
        """Whether what comes back is for this plugin alone, since another one would not get it, or not reach it."""
        return bool(self.private) or self.marked or self.inside


class Origin(httpx2.BaseTransport):
    """Transport of one exchange after the other. Raises FetchFailed, and what the network raises."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request, and return the response with the body still to come."""
        exchange: Exchange = request.extensions[EXCHANGE]
        call, secrets = exchange.call, exchange.secrets
        url = httpx2.URL(secrets.in_url(str(request.url)))
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"accept-encoding"]
        headers.append((b"Accept-Encoding", ACCEPTED.encode()))
        private = exchange.private.items()
        headers += [(name.encode(), secrets.in_header(text, request.read).encode()) for name, text in private]
        exchange.traffic.request(exchange.host, call)
        sent = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=headers,
            content=request.stream,
            extensions={"timeout": {"pool": min(_POOL_S, call.left_s())}},
        )
        answer = _or_failed(call, secrets, lambda: exchange.pool.handle_request(sent))
        # As bytes, since text would have to be ASCII.
        found = [(name, secrets.hidden(text).encode("latin-1")) for name, text in _passed_on(answer.headers)]
        if not exchange.is_own and any(name == b"set-cookie" for name, _ in found):  # a session is one plugin's
            if answer.status == 304:  # these headers go to an answer that is in the cache of all
                found = [(name, text) for name, text in found if name != b"set-cookie"]
            else:
                found.append((b"cache-control", b"private"))
        return httpx2.Response(
            answer.status,
            headers=found,
            stream=_Body(exchange, answer, bodiless=request.method == "HEAD" or answer.status in (204, 304)),
        )


class _Body(httpx2.SyncByteStream):
    """The body of a response, decoded, without secrets."""

    def __init__(self, exchange: Exchange, answer: httpcore2.Response, *, bodiless: bool) -> None:
        self._exchange = exchange
        self._answer = answer
        encodings = [value for name, value in answer.headers if name.lower() == b"content-encoding"]
        self._encoding = "" if bodiless else b", ".join(encodings).decode("latin-1")

    def __iter__(self) -> Iterator[bytes]:
        hider = self._exchange.secrets.hider()
        for part in decoded(self._received(), self._encoding):
            if piece := hider.feed(part):
                yield piece
        if piece := hider.end():
            yield piece

    def close(self) -> None:
        self._answer.close()

    def _received(self) -> Iterator[bytes]:
        call, parts = self._exchange.call, iter(cast("Iterable[bytes]", self._answer.stream))
        while (part := _or_failed(call, self._exchange.secrets, lambda: next(parts, None))) is not None:
            self._exchange.traffic.receive(len(part), call)
            yield part


def _passed_on(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, str]]:
    for name, value in headers:
        lower = name.lower()
        if lower not in _OF_THE_WAY:
            yield lower, value.decode("latin-1")


def _or_failed(call: HostCall, secrets: Secrets, work: Callable[[], T]) -> T:
    try:
        return work()
    except _BROKEN as error:
        call.left_s()  # if the call has ended, that is the reason
        said = str(error) or type(error).__name__
        raise FetchFailed(secrets.hidden(said)) from error
