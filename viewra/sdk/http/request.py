"""The request that an author's handler gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from viewra.sdk.http.response import HttpError

if TYPE_CHECKING:
    from viewra.sdk.http.multipart import Part, UploadedFile
    from viewra.types import RequestHead

_MULTIPART = "multipart/form-data"
MAX_BODY_BYTES = 16 * 1024 * 1024
"""The most bytes that ``body`` and what rests on it read, if the author says nothing else."""


class Headers(Mapping[str, str]):
    """Headers by name in any case; several values of one name are joined with commas."""

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values[name] = f"{self._values[name]}, {value}" if name in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Request:
    """One HTTP request. Its body can be read once: whole by ``body``, or in pieces by ``stream``.

    ``path`` is below the plugin's base path, ``path_params`` what the declared path's parameters stand for. ``scope``
    is what the user may do: ``read``, ``operate`` or ``admin``. Cookies and authorization stay with the host.
    At a public route ``scope`` is ``public`` for every client: the plugin itself finds out who asks. ``client`` is then
    the address that the request came from, else "".
    """

    def __init__(
        self,
        head: RequestHead,
        parts: Iterator[bytes] | None = None,
        wanted: Callable[[], bool] = lambda: True,
        path_params: Mapping[str, str] | None = None,
    ) -> None:
        self.method = head.method
        self.path = head.path
        self.path_params = dict(path_params or {})
        self.query_string = head.query
        self.headers = Headers(head.headers)
        self.scope = head.scope
        self.client = head.client
        self._base_path = head.base_path
        self._routes_path = head.routes_path
        self._parts = iter(()) if parts is None else parts
        self._wanted = wanted
        self._query: list[tuple[str, str]] | None = None
        self._body: bytes | None = None

    @property
    def wanted(self) -> bool:
        """Whether the client still waits: a handler that streams for long may end when it does not."""
        return self._wanted()

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; the last value of each."""
        return dict(self._pairs())

    def query_all(self, name: str) -> list[str]:
        """All values of one parameter of the query."""
        return [value for key, value in self._pairs() if key == name]

    def stream(self) -> Iterator[bytes]:
        """The body in pieces, as they arrive; raises ConnectionResetError if the client goes away."""
        return self._parts

    def body(self, most: int = MAX_BODY_BYTES) -> bytes:
        """The whole body; raises HttpError 413 if it has more than ``most`` bytes."""
        if self._body is None:
            pieces: list[bytes] = []
            left = most
            for piece in self._parts:
                left -= len(piece)
                if left < 0:
                    raise HttpError(413, f"the body has more than {most:,} bytes")
                pieces.append(piece)
            self._body = b"".join(pieces)
        return self._body

    def text(self) -> str:
        """The body as text in UTF-8; raises HttpError 400."""
        try:
            return self.body().decode()
        except UnicodeDecodeError as error:
            raise HttpError(400, "the body is not UTF-8") from error

    def json(self) -> Any:
        """The body as JSON; raises HttpError 400."""
        try:
            return json.loads(self.body())
        except (ValueError, RecursionError) as error:
            raise HttpError(400, f"the body is not JSON: {error}") from error

    def form(self) -> dict[str, str]:
        """The fields of a form without its files, the last value of each; raises HttpError 400 or 415."""
        kind = self._kind()
        if kind == _MULTIPART:
            return {part.field: part.text for part in self._multipart() if part.file is None}
        if kind not in {"", "application/x-www-form-urlencoded"}:
            raise HttpError(415, f"{kind} is no form")
        return dict(parse_qsl(self.text(), keep_blank_values=True))

    def files(self) -> dict[str, UploadedFile]:
        """The files of a form by their fields, the last one of each; raises HttpError 400.

        They are in memory: for large ones, call ``body(most)`` with a limit first, or read ``stream()`` yourself.
        """
        if self._kind() != _MULTIPART:
            return {}
        return {part.field: part.file for part in self._multipart() if part.file is not None and part.file.name}

    def _kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def _multipart(self) -> Iterator[Part]:
        from viewra.sdk.http.multipart import parts  # light start: few forms have files

        return parts(self.body(), self.headers["content-type"])

    def page_url(self, path: str) -> str:
        """The URL of one of the plugin's pages, for links in its pages."""
        return self._base_path + quote("/" + path.lstrip("/"))

    def route_url(self, path: str) -> str:
        """The URL of one of the plugin's routes, for links and scripts in its pages."""
        return self._routes_path + quote("/" + path.lstrip("/"))

    def _pairs(self) -> list[tuple[str, str]]:
        if self._query is None:
            self._query = parse_qsl(self.query_string, keep_blank_values=True)
        return self._query
