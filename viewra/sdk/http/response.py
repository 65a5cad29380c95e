"""What an author's handler returns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from viewra import types  # light start-up: its classes are created at first use

if TYPE_CHECKING:
    from viewra.types import Artwork

HTML = "text/html; charset=utf-8"
Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def utf8(text: str) -> bytes:
    """A text as it is sent; bytes of a path that are not UTF-8 become what JSON has for them: a number."""
    return text.encode("utf-8", "backslashreplace")


class HttpError(Exception):
    """Raise it in a handler to answer with this status (400 to 599) and a message for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Response:
    """One HTTP response: ``Response(b"…")``, or one of the methods for a kind of body.

    The host sets the length, and removes headers that are its own: cookies, and those of the connection.
    """

    def __init__(
        self,
        body: bytes | str | Iterable[bytes | str] = b"",
        status: int = 200,
        headers: Headers = (),
        *,
        content_type: str = "",
    ) -> None:
        self.status = status
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        self.headers = [(name.lower(), value) for name, value in pairs]
        if content_type:
            self.headers.insert(0, ("content-type", content_type))
        self.body = utf8(body) if isinstance(body, str) else body
        self.media_file_id = 0
        self.asset_id = ""
        self.named: Artwork | None = None

    @classmethod
    def json(cls, data: Any, status: int = 200, headers: Headers = ()) -> Response:
        """Data as JSON."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return cls(text, status, headers, content_type="application/json")

    @classmethod
    def text(cls, text: str, status: int = 200, headers: Headers = ()) -> Response:
        """Plain text."""
        return cls(text, status, headers, content_type="text/plain; charset=utf-8")

    @classmethod
    def html(cls, text: str, status: int = 200, headers: Headers = ()) -> Response:
        """HTML; put texts from elsewhere through ``html.escape``."""
        return cls(text, status, headers, content_type=HTML)

    @classmethod
    def stream(
        cls,
        pieces: Iterable[bytes | str],
        status: int = 200,
        headers: Headers = (),
        *,
        content_type: str = "application/octet-stream",
    ) -> Response:
        """A body in pieces, each sent as soon as it is there; the next one is taken when the client has read."""
        return cls(pieces, status, headers, content_type=content_type)

    @classmethod
    def redirect(cls, url: str, status: int = 303) -> Response:
        """Another place, by ``request.page_url`` or ``request.route_url``."""
        return cls(b"", status, [("location", url)])

    @classmethod
    def media(cls, media_file_id: int, headers: Headers = ()) -> Response:
        """The media file with this id: the host sends it, with ranges, and no byte goes through the plugin."""
        response = cls(b"", 200, headers)
        response.media_file_id = media_file_id
        return response

    @classmethod
    def asset(cls, asset_id: str, headers: Headers = ()) -> Response:
        """The asset with this id: the host sends it, with ranges, and no byte goes through the plugin."""
        response = cls(b"", 200, headers)
        response.asset_id = asset_id
        return response

    @classmethod
    def artwork(cls, of: str, id: int, *, size: int = 0, headers: Headers = ()) -> Response:  # noqa: A002
        """The picture that the host shows of an album, artist, file or series, which ``of`` says, with this id.

        It fits a square of ``size`` pixels (at most 4096) or a little more; 0: as it is. Without one it is a 404.
        """
        response = cls(b"", 200, headers)
        response.named = types.Artwork(of, id, size)
        return response
