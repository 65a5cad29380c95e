"""What is wrong with a request or its answer: as ``application/problem+json`` (RFC 9457) for programs, or as a page."""

from __future__ import annotations

import http
import logging
from collections.abc import Callable, Mapping

import attrs
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from viewra.errors import (
    DatabaseError,
    HandshakeError,
    LockedError,
    ManifestError,
    NotFound,
    NotOffered,
    PermissionDenied,
    PluginClosed,
    PluginError,
    PluginTimeout,
    PluginUnavailable,
    UsageError,
    ViewraError,
)
from viewra.host.admin.dispatch import BadArguments
from viewra.host.packages.names import BadPackage
from viewra.library import display
from viewra.web.accounts.accounts import TooMany, WrongPassword
from viewra.web.hints import in_requests, on_pages
from viewra.web.rendering import page
from viewra.web.work import Busy

log = logging.getLogger("viewra.web")


@attrs.frozen
class Problem:
    """One problem: its HTTP status, what is wrong, the remedy, and further headers of the response."""

    status: int
    detail: str
    hint: str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    errors: tuple[Mapping[str, object], ...] = ()

    @property
    def title(self) -> str:
        """The status in words."""
        return http.HTTPStatus(self.status).phrase

    def worded(self, words: Callable[[str], str]) -> Problem:
        """The same problem, with what is said of it in other words."""
        return attrs.evolve(self, detail=words(self.detail), hint=words(self.hint) if self.hint else None)

    def as_json(self) -> dict[str, object]:
        """The problem as its JSON has it."""
        data: dict[str, object] = {"type": "about:blank", "title": self.title, "status": self.status}
        data["detail"] = self.detail
        if self.hint:
            data["hint"] = self.hint
        if self.errors:
            data["errors"] = list(self.errors)
        return data


_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (BadArguments, 422),
    (ManifestError, 422),
    (WrongPassword, 401),
    (TooMany, 429),
    (UsageError, 400),
    (LockedError, 409),
    (PermissionDenied, 403),
    (NotOffered, 404),
    (PluginTimeout, 504),
    (PluginUnavailable, 409),
    (PluginClosed, 409),
    (PluginError, 502),
    (DatabaseError, 503),
    (Busy, 503),
    (HandshakeError, 502),
    (BadPackage, 502),
    (ViewraError, 503),
)
"""The first type that fits decides."""


def problem_of(error: Exception) -> Problem:
    """The problem that an error is."""
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        return Problem(error.status_code, error.detail, getattr(error, "hint", None), headers)
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return _typed(error, status)
    log.error("a request failed within viewra", exc_info=error)
    return Problem(500, "the request failed within viewra", "viewra's log has the traceback")


def _typed(error: Exception, status: int) -> Problem:
    hint = error.hint if isinstance(error, ViewraError) else None
    headers = {"Retry-After": f"{error.wait_s:.0f}"} if isinstance(error, TooMany) else {}
    if isinstance(error, Busy):
        headers = {"Retry-After": "5"}
    several: tuple[Mapping[str, object], ...] = ()
    if isinstance(error, ManifestError):
        several = tuple({"path": one.path, "message": one.message} for one in error.errors)
    return Problem(status, display(str(error)), hint, headers, several)


async def answer(request: Request, error: Exception) -> Response:
    """The response for an error: problem+json for programs, a page for browsers."""
    for_program = is_for_program(request)
    problem = _placed(request, problem_of(error)).worded(in_requests if for_program else on_pages)
    if for_program:
        content = orjson.dumps(problem.as_json(), default=str)
        return Response(content, problem.status, problem.headers, media_type="application/problem+json")
    return page(request, "problem.html", status=problem.status, headers=problem.headers, problem=problem)


def _placed(request: Request, problem: Problem) -> Problem:
    """A problem of which only the status is known, said of the request."""
    if problem.detail != problem.title:
        return problem
    if problem.status == 404:
        hint = "GET /api/v1/openapi.json lists what there is" if is_for_program(request) else None
        return attrs.evolve(problem, detail=f"there is nothing at {display(request.url.path)[:200]}", hint=hint)
    if problem.status == 405:
        return attrs.evolve(problem, detail=f"{display(request.method)} is not possible here")
    return problem


def is_for_program(request: Request) -> bool:
    """Whether a program, not a person with a browser, gets the answer."""
    return not request.url.path.startswith("/admin") and request.url.path != "/"
