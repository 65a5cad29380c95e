"""The host's side of HTTP requests to a plugin; its mirror image is viewra/sdk/servicers/http.py.

No hook leads here: a request concerns one plugin.
"""

from __future__ import annotations

from viewra.adapters._endpoint import Endpoint
from viewra.adapters._exchange import Exchange
from viewra.codec.http import HANDLE
from viewra.types import RequestHead, RequestPart, ResponsePart


class HttpClient:
    """One plugin's ``HttpService``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def available(self) -> bool:
        """Whether the plugin is known to answer requests; False before its first start."""
        return self._endpoint.serves(HANDLE)

    @property
    def answer_s(self) -> float:
        """Seconds within which the plugin has to begin its answer."""
        return self._endpoint.deadline_s(HANDLE.method)

    def open(
        self, head: RequestHead, *, body: bytes | None = b"", most_s: float
    ) -> Exchange[RequestPart, ResponsePart]:
        """Begin a request, which ends after ``most_s`` seconds; starts the plugin if need be. Raises a PluginError.

        With ``body`` the request is complete; with None the caller sends its parts, the last one marked, and finishes.
        """
        if body is None:
            exchange = self._endpoint.stream(HANDLE, most_s=most_s)
            exchange.send(RequestPart(head), most_s)
            return exchange
        return self._endpoint.stream(HANDLE, only=RequestPart(head, body, last=True), most_s=most_s)
