"""``viewra.v1.HttpService``: HTTP requests to a plugin's routes and admin pages."""

from __future__ import annotations

import re

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue
from viewra.codec.streams import StreamRpc, stream
from viewra.pb import viewra_pb2 as v1
from viewra.services import EXTENSIONS
from viewra.text import shown
from viewra.types import Area, Artwork, RequestHead, RequestPart, ResponseHead, ResponsePart

SERVICE = EXTENSIONS["http"].capability
MAX_HEADERS = 128
"""Headers of one request or response."""
MAX_HEADER_BYTES = 32 * 1024
"""Bytes of all names and values of one request's or response's headers."""
MAX_BODY_BYTES = 1024 * 1024
"""Bytes of the body in one part."""
MAX_PIXELS = 4096
"""The largest size that artwork can be asked for in."""

_PICTURED = ("album", "artist", "file", "series")
_AREAS = {Area.ROUTE: v1.HttpRequestHead.ROUTE, Area.PAGE: v1.HttpRequestHead.PAGE}
_AREA_OF = {wire: area for area, wire in _AREAS.items()}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def _item(part: RequestPart) -> v1.HttpRequest:
    message = v1.HttpRequest(body=part.body, last=part.last)
    if (head := part.head) is not None:
        message.head.MergeFrom(
            v1.HttpRequestHead(
                method=head.method,
                path=head.path,
                query=head.query,
                headers=_headers_message(head.headers),
                area=_AREAS[head.area],
                base_path=head.base_path,
                routes_path=head.routes_path,
                scope=head.scope,
                client=head.client,
            )
        )
    return message


def _parse_item(message: v1.HttpRequest) -> RequestPart:
    if not message.HasField("head"):
        return RequestPart(None, message.body, message.last)
    head = message.head
    area = _AREA_OF.get(head.area)
    if area is None:
        raise InvalidValue("area", f"{head.area} is none of {', '.join(_AREAS)}")
    parsed = RequestHead(
        head.method,
        head.path,
        head.query,
        _headers(head.headers),
        area,
        head.base_path,
        head.routes_path,
        head.scope,
        head.client,
    )
    return RequestPart(parsed, message.body, message.last)


def _answer(part: ResponsePart) -> v1.HttpResponse:
    message = v1.HttpResponse(body=part.body, last=part.last)
    if (head := part.head) is not None:
        message.head.MergeFrom(
            v1.HttpResponseHead(
                status=head.status,
                headers=_headers_message(head.headers),
                media_file_id=head.media_file_id,
                asset_id=head.asset_id,
                artwork=_artwork_message(head.artwork),
            )
        )
    return message


def _value(message: v1.HttpResponse) -> ResponsePart:
    if not message.HasField("head"):
        return ResponsePart(None, message.body, message.last)
    head = message.head
    artwork = Artwork(head.artwork.of, head.artwork.id, head.artwork.size) if head.HasField("artwork") else None
    parsed = ResponseHead(head.status, _headers(head.headers), head.media_file_id, head.asset_id, artwork)
    return ResponsePart(parsed, message.body, message.last)


def _artwork_message(artwork: Artwork | None) -> v1.Artwork | None:
    return v1.Artwork(of=artwork.of, id=artwork.id, size=artwork.size) if artwork is not None else None


def _headers_message(headers: tuple[tuple[str, str], ...]) -> list[v1.HttpHeader]:
    return [v1.HttpHeader(name=name, value=value.encode("latin-1")) for name, value in headers]


def _headers(headers: object) -> tuple[tuple[str, str], ...]:
    return tuple((one.name.lower(), one.value.decode("latin-1")) for one in headers)  # type: ignore[attr-defined]


def check_headers(headers: object) -> tuple[tuple[str, str], ...]:
    """Headers that HTTP can carry: no line end in a value, no more than the limits; raises InvalidValue."""
    found = checks.items(headers, "headers", _header)
    if len(found) > MAX_HEADERS:
        raise InvalidValue("headers", f"has {len(found):,} entries; at most {MAX_HEADERS} are allowed")
    size = sum(len(name) + len(value) for name, value in found)
    if size > MAX_HEADER_BYTES:
        raise InvalidValue("headers", f"has {size:,} bytes; at most {MAX_HEADER_BYTES:,} are allowed")
    return found


def _header(pair: object, field: str) -> tuple[str, str]:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise InvalidValue(field, "must be a pair of name and value")
    name, value = checks.text(pair[0], field), checks.text(pair[1], field)
    if not _NAME.fullmatch(name):
        raise InvalidValue(field, f"{shown(name)} is no name of a header")
    if not _VALUE.fullmatch(value):
        raise InvalidValue(field, f"the value of {name} has characters that HTTP cannot carry: {shown(value)}")
    return name.lower(), value


def _check(value: object) -> ResponsePart:
    part = checks.instance(value, "response", ResponsePart)
    if not isinstance(part.body, bytes):
        raise InvalidValue("body", "must be bytes")
    if len(part.body) > MAX_BODY_BYTES:
        raise InvalidValue("body", f"has {len(part.body):,} bytes in one part; at most {MAX_BODY_BYTES:,} are allowed")
    last = checks.boolean(part.last, "last")
    if part.head is None:
        return part
    head = checks.instance(part.head, "head", ResponseHead)
    checked = ResponseHead(
        checks.whole(head.status, "status", least=200, most=599),
        check_headers(head.headers),
        checks.uint32(head.media_file_id, "media_file_id"),
        checks.text(head.asset_id, "asset_id"),
        _check_artwork(head.artwork) if head.artwork is not None else None,
    )
    return ResponsePart(checked, part.body, last)


def _check_artwork(value: object) -> Artwork:
    artwork = checks.instance(value, "artwork", Artwork)
    if artwork.of not in _PICTURED:
        raise InvalidValue("artwork.of", f"is {shown(artwork.of)}, which is none of {', '.join(_PICTURED)}")
    return Artwork(
        artwork.of,
        checks.uint32(artwork.id, "artwork.id"),
        checks.whole(artwork.size, "artwork.size", least=0, most=MAX_PIXELS),
    )


HANDLE: StreamRpc[RequestPart, ResponsePart] = stream(
    service=SERVICE,
    method="handle_http",
    path="/viewra.v1.HttpService/Handle",
    request=v1.HttpRequest,
    response=v1.HttpResponse,
    encode_item=_item,
    decode_item=_parse_item,
    encode_value=_answer,
    decode_value=_value,
    check=_check,
)
