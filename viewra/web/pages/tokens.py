"""Access: API tokens, and the admin's password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.errors import UsageError
from viewra.web.access import Scope
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk

HOME = "/admin/access"


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of this page."""
    return [
        desk.get(HOME, show, Scope.ADMIN),
        desk.post(f"{HOME}/tokens", create, Scope.ADMIN, back=HOME),
        desk.post(f"{HOME}/tokens/{{name}}/revoke", revoke, Scope.ADMIN, back=HOME),
        desk.post(f"{HOME}/password", change_password, Scope.ADMIN, back=HOME),
    ]


async def show(desk: Desk, request: Request) -> Response:
    """The tokens; none of them is shown again."""
    return await _page(desk, request)


async def create(desk: Desk, request: Request) -> Response:
    """Make a token, and show it this once."""
    form = await forms.read(request)
    try:
        scope = Scope(form.get("scope"))
    except ValueError as error:
        raise UsageError(f"there is no scope {form.get('scope')!r}", hint="read, operate or admin") from error
    made = await desk.site.run(desk.site.accounts.tokens.create, form.get("name"), scope)
    return await _page(desk, request, made=made)


async def revoke(desk: Desk, request: Request) -> Response:
    """Forget a token."""
    name = request.path_params["name"]
    await desk.site.run(desk.site.accounts.tokens.revoke, name)
    return desk.done(request, HOME, f"the token {name} is refused from now on")


async def change_password(desk: Desk, request: Request) -> Response:
    """Change the password, which ends every session."""
    form = await forms.read(request)
    accounts = desk.site.accounts
    if form.raw("password") != form.raw("again"):
        raise UsageError("the two passwords differ")
    address = request.client.host if request.client is not None else ""
    await desk.site.run(accounts.change_password, form.raw("now"), form.raw("password"), address)
    return desk.done(request, "/admin/sign-in", "the password was changed: sign in with the new one")


async def _page(desk: Desk, request: Request, **context: Any) -> Response:
    tokens = await desk.site.run(desk.site.accounts.tokens.all)
    return desk.show(request, "access.html", tokens=tokens, scopes=list(Scope), **{"made": None, **context})
