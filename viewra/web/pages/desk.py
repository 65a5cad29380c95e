"""``Desk``: what the handlers of pages share: operations, the frame around a page, and what follows an action."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from viewra import library
from viewra.errors import NotFound, ViewraError
from viewra.host.admin import catalog_operations
from viewra.host.admin.operation import OPERATIONS, Operation
from viewra.host.packages.offered import Outdated
from viewra.web.access import Scope, identity_of, require
from viewra.web.counted import Counted
from viewra.web.hints import on_pages
from viewra.web.pages import assets, fields, menu, requests, words
from viewra.web.pages.notices import Notice, Notices, Tone
from viewra.web.problems import problem_of
from viewra.web.rendering import environment, page
from viewra.web.site import Site

P = ParamSpec("P")
T = TypeVar("T")
NEWER_S = 600.0
"""Seconds until catalogs are read again for newer versions."""
Handler = Callable[["Desk", Request], Awaitable[Response]]

log = logging.getLogger("viewra.web")

environment.globals.update(asset=assets.address, own_menu=menu.own, plugin_menu=menu.of_plugins)
environment.filters.update(words.FILTERS, **fields.FILTERS, pathquote=requests.quoted, on_pages=on_pages)


class Desk:
    """The pages of one site. Everything that they show or do is an operation of the host."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._notices = Notices()
        self.newer = Counted(self._look_for_newer, shortest_s=NEWER_S)
        """The installed plugins of which a catalog has a newer version, by id."""

    # ---- routes ----

    def get(self, path: str, handler: Handler, scope: Scope = Scope.READ) -> Route:
        """The route of a page, for senders who have this scope."""

        async def answer(request: Request) -> Response:
            require(request, scope)
            return await handler(self, request)

        return Route(path, answer, methods=["GET"])

    def post(self, path: str, handler: Handler, scope: Scope = Scope.OPERATE, *, back: str) -> Route:
        """The route of an action. What goes wrong is said on the page ``back``, which may name parts of the path."""

        async def answer(request: Request) -> Response:
            require(request, scope)
            try:
                return await handler(self, request)
            except ViewraError as error:
                problem = problem_of(error).worded(on_pages)
                self._notices.add(request, Notice("bad", problem.detail, problem.hint or ""))
                parts = {name: quote(str(value), safe="") for name, value in request.path_params.items()}
                return RedirectResponse(back.format(**parts), 303)

        return Route(path, answer, methods=["POST"])

    # ---- what handlers use ----

    async def ask(self, operation: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of an operation, whose arguments are named. Raises its errors."""
        del args
        found = OPERATIONS[operation.__name__.rstrip("_")]
        result: T = await self.site.operate(found, self._work(found, kwargs), long=found.changes)
        return result

    async def ask_long(self, operation: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``ask``, for an operation that changes nothing and may take minutes, such as a download."""
        del args
        found = OPERATIONS[operation.__name__]
        result: T = await self.site.operate(found, self._work(found, kwargs), long=True)
        return result

    def _work(self, found: Operation, arguments: Mapping[str, Any]) -> Callable[[], Any]:
        return partial(self.site.host.dispatch.run, found, arguments)

    async def _look_for_newer(self) -> Mapping[str, Outdated]:
        if not self.site.host.catalogs:
            return {}
        try:
            return {one.id: one for one in await self.ask_long(catalog_operations.catalog_outdated)}
        except ViewraError as error:  # it is not asked again at once: each look waits for a catalog that is away
            log.warning("newer versions of plugins cannot be looked for: %s", error)
            return {}

    async def path_of_library(self, library_id: int) -> str:
        """Where a library is. Raises NotFound."""
        found = (await self.site.run(library.library_paths, self.site.host.engine)).get(library_id)
        if found is None:
            raise NotFound(f"there is no library {library_id}", hint="it may have been removed meanwhile")
        return found

    def show(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page in the frame: its menu, and what the last action had to say."""
        # A part that refreshes itself shows no messages: they are for the whole page, which comes at the same time.
        whole = "hx-request" not in request.headers or request.headers.get("hx-target") == "main#content"
        return page(
            request,
            template,
            status=status,
            notices=self._notices.take(request) if whole else (),
            operates=self.may(request, Scope.OPERATE),
            administers=self.may(request, Scope.ADMIN),
            **context,
        )

    def may(self, request: Request, scope: Scope) -> bool:
        """Whether who sent the request has this scope."""
        identity = identity_of(request)
        return identity is not None and identity.scope.includes(scope)

    def done(self, request: Request, to: str, text: str, *, hint: str = "", tone: Tone = "good") -> Response:
        """The answer to an action: the page ``to``, which says what was done."""
        self._notices.add(request, Notice(tone, text, hint))
        return RedirectResponse(to, 303)
