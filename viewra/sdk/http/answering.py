"""Answers one request with an author's handler: finds it, calls it, and sends what it returns in parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from viewra.codec.streams import CallEnded
from viewra.routes import Table
from viewra.sdk.http.request import Request
from viewra.sdk.http.response import HTML, HttpError, Response, utf8
from viewra.types import Area, RequestHead, RequestPart, ResponseHead, ResponsePart

if TYPE_CHECKING:
    from viewra.sdk.http.declaring import Declaration, Declared

PIECE_BYTES = 64 * 1024
"""The most bytes of a body in one part."""
STYLE = "/_viewra.css"
"""The host's stylesheet for plain HTML, below the base path of pages."""
_DOCUMENT = re.compile(r"\s*<(!doctype|html)\b", re.IGNORECASE)
_PAGE = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<link rel="stylesheet" href="{style}">\n</head>\n<body>\n{body}\n</body>\n</html>\n'
)
_NO_BODY = frozenset({204, 304})


def answer(
    plugin: object, declared: Declared, parts: Iterator[RequestPart], wanted: Callable[[], bool]
) -> Iterator[ResponsePart]:
    """The response's parts; an exception of the handler is raised."""
    head, body = begun(parts)
    response = _respond(plugin, declared.tables[head.area], head, body, wanted)
    yield from sent(response, with_body=head.method != "HEAD")


def begun(parts: Iterator[RequestPart]) -> tuple[RequestHead, Iterator[bytes]]:
    """The head and the body of a request. Reading the body raises ConnectionResetError if the request is cut off."""
    first = next(parts, None)
    if first is None or first.head is None:
        raise CallEnded("the host ended the request before its head")
    return first.head, _body(first, parts)


def _body(part: RequestPart, parts: Iterator[RequestPart]) -> Iterator[bytes]:
    while True:
        if part.body:
            yield part.body
        if part.last:
            return
        following = next(parts, None)
        if following is None:
            raise CallEnded("the client ended the request before its end")
        part = following


def sent(response: Response, *, with_body: bool) -> Iterator[ResponsePart]:
    """A response in parts."""
    head = ResponseHead(
        response.status, tuple(response.headers), response.media_file_id, response.asset_id, response.named
    )
    body = response.body
    if not with_body or head.status in _NO_BODY:
        _close(body)
        yield ResponsePart(head, last=True)
    elif isinstance(body, bytes | bytearray | memoryview):
        view = memoryview(body)
        yield ResponsePart(head, bytes(view[:PIECE_BYTES]), last=len(view) <= PIECE_BYTES)
        for at in range(PIECE_BYTES, len(view), PIECE_BYTES):
            yield ResponsePart(None, bytes(view[at : at + PIECE_BYTES]), last=at + PIECE_BYTES >= len(view))
    else:
        yield ResponsePart(head)
        try:
            for piece in body:
                yield from _pieces(piece)
        finally:
            _close(body)
        yield ResponsePart(last=True)


def _pieces(piece: bytes | str) -> Iterator[ResponsePart]:
    data = utf8(piece) if isinstance(piece, str) else bytes(piece)
    for at in range(0, len(data), PIECE_BYTES):
        yield ResponsePart(None, data[at : at + PIECE_BYTES])


def _close(body: object) -> None:
    close = getattr(body, "close", None)
    if callable(close):
        close()


def _respond(
    plugin: object, table: Table[Declaration], head: RequestHead, body: Iterator[bytes], wanted: Callable[[], bool]
) -> Response:
    match = table.find(head.method, head.path)
    if match is None:
        return Response.text("there is nothing at this path", 404)
    if match.target is None:
        return Response.text("this path has no such method", 405, [("allow", ", ".join(match.allows))])
    request = Request(head, body, wanted, match.parameters)
    try:
        returned = getattr(plugin, match.target.name)(request)
        if head.area is Area.PAGE:
            return _as_page(returned, request, whole=not match.target.fragment)
        return _as_response(returned)
    except HttpError as error:
        return Response.text(error.message, error.status)


def _as_page(returned: Any, request: Request, *, whole: bool) -> Response:
    """What a page's handler returned as a Response: text is HTML, ``whole`` unless it is a document already."""
    if isinstance(returned, str):
        document = whole and not _DOCUMENT.match(returned)
        return Response.html(_PAGE.format(style=request.page_url(STYLE), body=returned) if document else returned)
    if isinstance(returned, Iterable) and not isinstance(returned, bytes | dict | list):
        return Response.stream(returned, content_type=HTML)
    return _as_response(returned)


def _as_response(returned: Any) -> Response:
    """What a handler returned as a Response: a text, dicts and lists as JSON, None as nothing."""
    if isinstance(returned, Response):
        return returned
    if returned is None:
        return Response(b"", 204)
    if isinstance(returned, str):
        return Response.text(returned)
    if isinstance(returned, bytes):
        return Response(returned, content_type="application/octet-stream")
    if isinstance(returned, dict | list):
        return Response.json(returned)
    if isinstance(returned, Iterable):
        return Response.stream(returned)
    raise TypeError(f"a handler returned {type(returned).__name__}, not a Response")
