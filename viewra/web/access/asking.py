"""What handlers ask about the sender of a request; the middleware has found it out before."""

from __future__ import annotations

from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from viewra.web.accounts.accounts import csrf_of
from viewra.web.accounts.identity import Identity, Scope
from viewra.web.site import Site

COOKIE = "viewra_session"


class Cookies(NamedTuple):
    """The names of the session's cookie by http and by https; no plugin may get either."""

    plain: str
    secure: str


class SignInNeeded(HTTPException):
    """The sender is unknown: a program needs a token, a person has to sign in."""

    hint = "send a token: Authorization: Bearer TOKEN (viewra token create makes one)"

    def __init__(self, detail: str = "this needs a token or a session") -> None:
        super().__init__(401, detail, {"WWW-Authenticate": "Bearer"})


class Refused(HTTPException):
    """The sender is known, or its request looks forged, and must not do this."""

    def __init__(self, detail: str, hint: str) -> None:
        super().__init__(403, detail)
        self.hint = hint


def cookies_of(site: Site) -> Cookies:
    """The names of a site's cookies."""
    name = f"{COOKIE}_{site.exposure.apart}" if site.exposure.apart else COOKIE
    return Cookies(name, f"__Host-{name}")


def identity_of(request: HTTPConnection) -> Identity | None:
    """Who sent the request; None: nobody known."""
    identity: Identity | None = request.state.identity
    return identity


def require(request: HTTPConnection, scope: Scope) -> Identity:
    """Who sent the request; raises SignInNeeded if nobody known, Refused if it lacks the scope."""
    identity = identity_of(request)
    if identity is None:
        raise SignInNeeded
    if not identity.scope.includes(scope):
        raise Refused(
            f"the token {identity.name} has the scope {identity.scope}, and this needs {scope}",
            f"make another one: viewra token create NAME --scope {scope}",
        )
    return identity


def csrf_token(request: HTTPConnection) -> str:
    """What forms send as ``csrf_token``, scripts as the header ``X-CSRF-Token``; "" without a session."""
    session: str = request.state.session
    return csrf_of(session) if session else ""
