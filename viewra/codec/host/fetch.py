"""``self.host.fetch``: HTTP through the host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from viewra.codec import checks
from viewra.codec.host.attach import MAX_DATA_BYTES
from viewra.codec.host.method import Answered, HostMethod, number
from viewra.codec.rpc import InvalidValue
from viewra.hosts import FETCH
from viewra.types import Fetched

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_URL_BYTES = 8192
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16 * 1024
MAX_TIMEOUT_S = 300.0
MAX_RETRIES = 5
MAX_BODY_BYTES = MAX_DATA_BYTES
"""Bytes of a body that goes to the plugin; more go to an asset."""
MAX_ASSET_BYTES = 64 * 1024 * 1024
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HOSTS_OWN = frozenset(
    "accept-encoding connection content-length expect forwarded host http2-settings keep-alive te trailer "  # noqa: SIM905 - as a list it would be sixteen lines
    "transfer-encoding upgrade via".split()
)


def _method(value: object, field: str) -> str:
    if value not in METHODS:
        raise InvalidValue(field, f"must be one of {', '.join(METHODS)}")
    return str(value)


def _url(value: object, field: str) -> str:
    url = checks.required(value, field)
    if len(url.encode()) > MAX_URL_BYTES:
        raise InvalidValue(field, f"has more than {MAX_URL_BYTES:,} bytes")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise InvalidValue(field, "has spaces or control characters: write them as %20 and the like")
    return url


def _headers(value: object, field: str) -> dict[str, str]:
    given = checks.text_map({} if value is None else value, field)
    if len(given) > MAX_HEADERS or sum(len(name) + len(text) for name, text in given.items()) > MAX_HEADER_BYTES:
        raise InvalidValue(field, f"are at most {MAX_HEADERS}, with at most {MAX_HEADER_BYTES:,} bytes together")
    found: dict[str, str] = {}
    for name, text in given.items():
        lower = name.lower()
        if not _TOKEN.fullmatch(name):
            raise InvalidValue(field, f"{name[:100]!r} is not the name of a header")
        if lower in _HOSTS_OWN or lower.startswith("proxy-"):
            raise InvalidValue(field, f"{name} is the host's to set")
        if not text.isascii() or any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in text):
            raise InvalidValue(field, f"{name} has letters that a header cannot have")
        found[lower] = text
    return found


def _redirects(value: object, field: str) -> bool:
    return True if value is None else checks.boolean(value, field)


def _most(most: int) -> Any:
    return lambda value, field: checks.whole(value, field, least=0, most=most)


def _encode(found: Fetched) -> Answered:
    head = {"status": found.status, "url": found.url, "headers": dict(found.headers), "cached": found.from_cache}
    return {**head, "asset": found.asset_id, "size": found.size}, found.body


def _decode(value: Any, data: bytes) -> Fetched:
    headers: Mapping[str, str] = value["headers"]
    return Fetched(
        value["status"], value["url"], headers, data, value["size"], value["cached"], asset_id=value["asset"]
    )


_PARAMETERS = {
    "method": _method,
    "url": _url,
    "headers": _headers,
    "timeout_s": number(0.1, MAX_TIMEOUT_S),
    "retries": _most(MAX_RETRIES),
}
REQUEST: HostMethod[Fetched] = HostMethod(
    "fetch.request",
    {**_PARAMETERS, "max_bytes": _most(MAX_BODY_BYTES), "redirects": _redirects},
    takes_data=True,
    permission=FETCH,
    lasting=True,
    encode=_encode,
    decode=_decode,
)
TO_ASSET: HostMethod[Fetched] = HostMethod(
    "fetch.to_asset",
    {**_PARAMETERS, "max_bytes": _most(MAX_ASSET_BYTES)},
    takes_data=True,
    permission=FETCH,
    lasting=True,
    encode=_encode,
    decode=_decode,
)
ALL = (REQUEST, TO_ASSET)
