"""Signing in and out, and the one-time link that sets the admin's password."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from viewra.errors import UsageError
from viewra.web import bodies
from viewra.web.access.asking import cookies_of, identity_of
from viewra.web.accounts.accounts import SESSION_S, SHORTEST, TooMany, WrongPassword
from viewra.web.problems import Problem, problem_of
from viewra.web.rendering import page
from viewra.web.site import Site, site_of

HOME = "/admin/"
_LARGEST = 64 * 1024


def routes(site: Site) -> Sequence[BaseRoute]:
    """The routes of the sign-in."""
    del site
    return [
        Route("/admin/sign-in", show_sign_in, methods=["GET"]),
        Route("/admin/sign-in", sign_in, methods=["POST"]),
        Route("/admin/sign-out", sign_out, methods=["POST"]),
        Route("/admin/setup", show_setup, methods=["GET"]),
        Route("/admin/setup", set_up, methods=["POST"]),
    ]


async def show_sign_in(request: Request) -> Response:
    """The form; for one who is signed in already, the pages."""
    goal = _goal(request.query_params.get("next", ""))
    if identity_of(request) is not None:
        return RedirectResponse(goal, 303)
    site = site_of(request)
    return _sign_in_page(request, goal, ready=await site.run(site.accounts.has_password))


async def sign_in(request: Request) -> Response:
    """Check the password and begin a session."""
    site, form = site_of(request), await _form(request)
    goal = _goal(form.get("next", ""))
    address = request.client.host if request.client is not None else ""
    try:
        secret = await site.run(site.accounts.sign_in, form.get("password", ""), address, before=request.state.session)
    except (WrongPassword, TooMany) as error:
        return _sign_in_page(request, goal, ready=True, problem=problem_of(error))
    return _signed_in(request, goal, secret)


async def sign_out(request: Request) -> Response:
    """End the session."""
    site = site_of(request)
    if request.state.session:
        await site.run(site.accounts.sign_out, request.state.session)
    response = RedirectResponse("/admin/sign-in", 303)
    cookies = cookies_of(site)
    for cookie in cookies:
        response.delete_cookie(cookie, path="/", secure=cookie == cookies.secure, httponly=True, samesite="strict")
    return response


async def show_setup(request: Request) -> Response:
    """The form that sets the password, for one who has the link."""
    return _setup_page(request, request.query_params.get("key", ""))


async def set_up(request: Request) -> Response:
    """Set the password, and begin a session."""
    site, form = site_of(request), await _form(request)
    link, password = form.get("key", ""), form.get("password", "")
    if password != form.get("again", ""):
        return _setup_page(request, link, Problem(400, "the two passwords differ"))
    try:
        await site.run(site.accounts.use_link, link, password)
    except UsageError as error:
        return _setup_page(request, link, problem_of(error))
    return _signed_in(request, HOME, await site.run(site.accounts.new_session, before=request.state.session))


def _sign_in_page(request: Request, goal: str, *, ready: bool, problem: Problem | None = None) -> Response:
    status = problem.status if problem is not None else 200
    headers = problem.headers if problem is not None else None
    return page(request, "sign_in.html", status=status, headers=headers, next=goal, ready=ready, problem=problem)


def _setup_page(request: Request, link: str, problem: Problem | None = None) -> Response:
    opens = site_of(request).accounts.opens(link)
    if not opens and problem is None:
        problem = Problem(403, "this link was used, or is of an earlier start", "viewra serve prints a new one")
    status = problem.status if problem is not None else 200
    return page(request, "setup.html", status=status, key=link, opens=opens, problem=problem, shortest=SHORTEST)


def _signed_in(request: Request, goal: str, secret: str) -> Response:
    secure = request.url.scheme == "https"
    cookies = cookies_of(site_of(request))
    response = RedirectResponse(goal, 303)
    response.set_cookie(
        cookies.secure if secure else cookies.plain,
        secret,
        max_age=int(SESSION_S),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return response


def _goal(text: str) -> str:
    """Where to go afterwards: a page of this site only."""
    parts = urlsplit(text)
    ours = not parts.scheme and not parts.netloc and text.startswith("/admin/") and "\\" not in text
    return text if ours and text.isprintable() else HOME


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name. Raises HTTPException for one that is too large or late."""
    body = await bodies.whole(request.receive, _LARGEST, "a form")
    return {
        name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
    }
