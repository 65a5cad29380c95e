"""Which redirects a plugin may send, and which headers are left."""

from __future__ import annotations

import pytest

from viewra.web.plugins.headers import BadRedirect, check_redirect, to_client

BASES = ("/api/plugins/p",)


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (303, "/api/plugins/p/a"),
        (307, "/api/plugins/p"),
        (302, "next"),
        (302, "?page=2"),
        (302, "https://example.org/a"),
    ],
)
def test_a_redirect_that_may_be(status: int, location: str) -> None:
    check_redirect(status, location, BASES, "media.example:8096")


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (302, "/api/v1/plugins"),
        (302, "http://Media.example:8096/api/v1/plugins"),
        (302, "http://x@media.example:8096/api/v1/plugins"),
        (302, "/api/plugins/p2/a"),
        (302, "/api/plugins/p/../q"),
        (302, "/api/plugins/p/%2e%2e/q"),
        (302, "/api/plugins/p/..\\q"),
        (302, "../q/a"),
        (302, "%2e%2e/q"),
        (302, "//evil.example/"),
        (302, "\\\\evil.example/"),
        (302, "/\\evil.example/"),
        (302, "javascript:alert(1)"),
        (302, "https:///a"),
        (307, "https://example.org/a"),
        (308, "//evil.example/"),
    ],
)
def test_a_redirect_that_must_not_be(status: int, location: str) -> None:
    with pytest.raises(BadRedirect):
        check_redirect(status, location, BASES, "media.example:8096")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("public, max-age=60", "private, max-age=60"),
        ("max-age=60, s-maxage=600", "private, max-age=60"),
        ("no-store", "no-store"),
        ("private, no-cache", "private, no-cache"),
        ("", "private"),
    ],
)
def test_shared_caches_keep_nothing(given: str, left: str) -> None:
    assert to_client((("cache-control", given),)) == (("cache-control", left),)


def test_only_what_describes_the_content_is_left() -> None:
    theirs = (
        *(("x-own", "1"), ("etag", '"a"'), ("content-type", "text/plain"), ("retry-after", "1")),
        *(("set-cookie", "a"), ("clear-site-data", "*"), ("strict-transport-security", "0"), ("link", "a")),
        *(("www-authenticate", "Basic"), ("access-control-allow-origin", "*"), ("service-worker-allowed", "/")),
        *(("x-frame-options", "ALLOW"), ("x-content-type-options", "a"), ("x-accel-redirect", "/"), ("refresh", "0")),
        *(
            ("x-sendfile2", "/a"),
            ("x-lighttpd-send-file", "/a"),
            ("x-litespeed-location", "/a"),
            ("x-reproxy-url", "a"),
        ),
        *(("hx-redirect", "/"), ("content-length", "9"), ("connection", "close"), ("trailer", "a"), ("server", "x")),
    )
    assert [name for name, _ in to_client(theirs)] == ["x-own", "etag", "content-type", "retry-after"]
