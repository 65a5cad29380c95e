"""Which headers pass between clients and plugins: neither may see or set what belongs to the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

Pairs = tuple[tuple[str, str], ...]

_HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    ]
)
_OF_THE_HOST = frozenset(
    ["cookie", "cookie2", "authorization", "x-csrf-token", "content-length", "expect", "forwarded", "x-real-ip"]
)
_ANSWERED = frozenset(
    [
        "accept-ranges",
        "age",
        "allow",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-location",
        "content-range",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "location",
        "retry-after",
        "vary",
        "deprecation",
        "sunset",
    ]
)
_NOT_OURS = re.compile(
    r"x-(accel|sendfile|litespeed|lighttpd|reproxy|frame-options|content-|forwarded|dns-|permitted-|xss-|csrf|ua-|real-)"
)
"""What browsers obey, and what has proxies in front of viewra send files of theirs."""
_SHARED = frozenset({"public", "proxy-revalidate"})
_SAME_METHOD = frozenset({307, 308})


class BadRedirect(ValueError):
    """A plugin sent the client to a place where it must not send it."""


def to_plugin(headers: Iterable[tuple[str, str]]) -> Pairs:
    """The headers of a request that a plugin gets."""
    given = [(name.lower(), value) for name, value in headers]
    named = {one.strip().lower() for name, value in given if name == "connection" for one in value.split(",")}
    dropped = _HOP_BY_HOP | _OF_THE_HOST | named
    return tuple((name, value) for name, value in given if name not in dropped and not name.startswith("x-forwarded-"))


def to_client(headers: Pairs) -> Pairs:
    """The headers of a response that a client gets: those of its content, and the plugin's own (``x-…``).

    Cookies, policies and what steers the browser beyond this response are the host's. What a plugin answers is for the
    client that asked: shared caches must not keep it.
    """
    kept: list[tuple[str, str]] = []
    for name, value in headers:
        if name == "cache-control":
            kept.append((name, _private(value)))
        elif name in _ANSWERED or (name.startswith("x-") and not _NOT_OURS.match(name)):
            kept.append((name, value))
    return tuple(kept)


def check_redirect(status: int, location: str, bases: Iterable[str], host: str) -> None:
    """Raise BadRedirect for a redirect to another part of the host, or one that repeats a request elsewhere.

    A client follows it with the rights that it has on the host, which the plugin has not. ``host`` is the host's name
    with its port, as the client knows it.
    """
    parts = urlsplit(location)
    if parts.netloc and parts.netloc.rpartition("@")[2].lower() == host.lower():
        raise BadRedirect(location)  # places on the host are named by their paths
    if parts.scheme or parts.netloc or location.startswith(("//", "\\", "/\\")):
        if status in _SAME_METHOD or parts.scheme not in {"http", "https"} or not parts.netloc:
            raise BadRedirect(location)
        return
    steps = parts.path.lower().replace("\\", "/").replace("%2e", ".").split("/")
    own = any(parts.path == base or parts.path.startswith(base + "/") for base in bases)
    if ".." in steps or (parts.path.startswith("/") and not own):
        raise BadRedirect(location)


def _private(value: str) -> str:
    directives = [one.strip() for one in value.split(",") if one.strip()]
    kept = [one for one in directives if one.lower() not in _SHARED and not one.lower().startswith("s-maxage")]
    lowered = {one.lower() for one in kept}
    return ", ".join(kept if lowered & {"private", "no-store"} else ["private", *kept])
