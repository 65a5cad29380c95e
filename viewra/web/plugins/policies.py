"""What browsers may do with a plugin's responses: they come from the host's own address, and must not act as the host.

A response to a route is never a page of the host's: opened as one, it is in a sandbox without scripts. A page runs its
scripts in a sandbox with an origin of its own, so that it has no session, and reaches only what its key leads to.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from viewra.web.plugins.headers import Pairs

SANDBOX = "allow-scripts allow-forms allow-downloads"
"""What a plugin's page may do; not ``allow-same-origin``: with it, the page could do all that the user can."""
_OPENER = ("cross-origin-opener-policy", "unsafe-none")  # browsers refuse any other in a sandbox
OF_ROUTES: Pairs = (("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"), _OPENER)
OF_PUBLIC_ROUTES: Pairs = (
    *OF_ROUTES,
    ("access-control-allow-origin", "*"),  # players may be pages of other sites; no cookie counts here
    ("access-control-expose-headers", "*"),
    ("cross-origin-resource-policy", "cross-origin"),
)
_PREFLIGHT: Pairs = (
    ("access-control-allow-methods", "*"),
    ("access-control-allow-headers", "*"),
    ("access-control-max-age", "600"),
)
_PLACE = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def of_page(request: Request, base: str) -> Pairs:
    """The headers of a page below ``base``, the path with its key, and of all that the page loads from there."""
    place = request.url.netloc
    own = f"{request.url.scheme}://{place}{base}/" if _PLACE.fullmatch(place) else "'self'"
    policy = (
        f"default-src 'none'; script-src {own} 'unsafe-inline'; style-src {own} 'unsafe-inline'; "
        f"img-src {own} data: blob:; font-src {own} data:; media-src {own} data: blob:; connect-src {own}; "
        f"form-action {own}; base-uri 'none'; frame-ancestors 'self'; sandbox {SANDBOX}"
    )
    return (
        ("content-security-policy", policy),
        ("access-control-allow-origin", "null"),  # that of a sandbox: without the key nobody gets here
        ("access-control-expose-headers", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("referrer-policy", "no-referrer"),  # the address has the key
        _OPENER,
    )


def preflight(request: Request, policy: Pairs) -> Pairs | None:
    """The headers of the answer to a browser that asks whether a page may send a request; None for another request.

    ``policy`` are those of what it will get.
    """
    if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    return (*policy, *_PREFLIGHT)
