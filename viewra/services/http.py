"""Answering HTTP requests, as ``viewra.sdk.http`` implements it for authors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import RequestPart, ResponsePart


@runtime_checkable
class HttpService(Protocol):
    """An optional extension: answers requests to the routes and admin pages that the plugin declares."""

    def handle_http(self, parts: Iterator[RequestPart], wanted: Callable[[], bool]) -> Iterable[ResponsePart]:
        """MUST answer one request, its head first; MAY answer before all parts are read.

        ``wanted`` says whether the client still waits; reading parts raises ConnectionResetError when it does not.
        """
        ...
