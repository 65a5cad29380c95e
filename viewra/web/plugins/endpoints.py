"""What is at the addresses of plugins: their routes, their pages in a sandbox, and the host's page around one."""

from __future__ import annotations

import functools
import importlib.resources
import logging
from collections.abc import Mapping
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from viewra.errors import NotFound
from viewra.host.plugin import Plugin
from viewra.types import Area, RequestHead
from viewra.web.access import Identity, Scope, require
from viewra.web.declared import PAGES, ROUTES, Declared, PluginPage
from viewra.web.plugins.failures import BadGateway
from viewra.web.plugins.headers import Pairs
from viewra.web.plugins.keys import PageKeys
from viewra.web.plugins.paths import path_of
from viewra.web.plugins.policies import OF_PUBLIC_ROUTES, OF_ROUTES, SANDBOX, of_page, preflight
from viewra.web.plugins.proxy import Proxy
from viewra.web.rendering import page as rendered
from viewra.web.site import Site

log = logging.getLogger("viewra.web")

PUBLIC = "public"
"""What a plugin is told of the sender of a request to a public route, in place of a scope."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/_api"
"""Where a page finds the plugin's routes, below the path with its key."""
STYLE = "/_viewra.css"
"""Where a page finds the host's stylesheet for plain HTML; the SDK gives it to pages that are no whole document."""


class RouteEndpoint:
    """``/api/plugins/<id>/…``: requests to a plugin's routes, by programs and by the host's pages."""

    def __init__(self, site: Site, proxy: Proxy) -> None:
        self._site = site
        self._proxy = proxy

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if request.state.public:
            await self._answer_anybody(request, send)
            return
        identity = require(request, Scope.READ if request.method in SAFE else Scope.OPERATE)
        await self._pass_on(request, send, OF_ROUTES, str(identity.scope))

    async def _answer_anybody(self, request: Request, send: Send) -> None:
        """Answer a request to a public route; how a plugin failed is not for everybody."""
        asked = preflight(request, OF_PUBLIC_ROUTES)
        if asked is not None:
            await Response(status_code=204, headers=dict(asked))(request.scope, request.receive, send)
            return
        address = request.client.host if request.client is not None else ""
        try:
            with self._site.public.place(address):
                await self._pass_on(request, send, OF_PUBLIC_ROUTES, PUBLIC, address)
        except BadGateway as error:
            log.info("a request to a public route failed: %s", error.detail)
            raise _for_players(error.status_code, "the plugin does not answer", error.headers) from error
        except HTTPException as error:
            raise _for_players(error.status_code, error.detail, error.headers) from error
        except NotFound as error:
            raise _for_players(404, error.message) from error

    async def _pass_on(self, request: Request, send: Send, policy: Pairs, scope: str, client: str = "") -> None:
        plugin_id = request.path_params["plugin_id"]
        declared = await _declared(self._site, plugin_id)
        base = f"{ROUTES}/{plugin_id}"
        path = path_of(request.scope, base)
        check_route(declared, request.method, path)
        head = _head(request, path, Area.ROUTE, base, base, scope, client)
        await self._proxy.pass_on(request, _plugin(self._site, plugin_id), head, send, policy, (base,))


class PageEndpoint:
    """``/admin/plugins/<id>/-/<key>/…``: what a plugin's page in its sandbox loads and sends, itself included."""

    def __init__(self, site: Site, proxy: Proxy, keys: PageKeys) -> None:
        self._site = site
        self._proxy = proxy
        self._keys = keys

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        plugin_id, key = request.path_params["plugin_id"], request.path_params["key"]
        base = f"{PAGES}/{plugin_id}/-/{key}"
        try:
            asked = preflight(request, of_page(request, base))
            if asked is not None:
                await Response(status_code=204, headers=dict(asked))(scope, receive, send)
                return
            identity = await self._holder(plugin_id, key)
            if scope["path"] == base + STYLE:
                headers = {"content-type": "text/css; charset=utf-8", **dict(of_page(request, base))}
                await Response(_stylesheet(), headers=headers)(scope, receive, send)
                return
            if request.method not in SAFE and not identity.scope.includes(Scope.OPERATE):
                raise HTTPException(403, f"this needs the scope {Scope.OPERATE}")
            declared = await _declared(self._site, plugin_id)
            path, area = path_of(scope, base), Area.PAGE
            if path.startswith(f"{API}/"):
                path, area = path.removeprefix(API), Area.ROUTE
                check_route(declared, request.method, path)
            elif not declared.pages:
                raise NotFound(f"plugin {plugin_id} has no pages")
            head = _head(request, path, area, base, base + API, identity.scope)
            more = of_page(request, base)
            await self._proxy.pass_on(request, _plugin(self._site, plugin_id), head, send, more, (base,))
        except (HTTPException, NotFound) as error:  # shown in the frame, where the host's own pages may not be
            status = error.status_code if isinstance(error, HTTPException) else 404
            detail = error.detail if isinstance(error, HTTPException) else error.message
            headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
            headers |= of_page(request, base)
            await PlainTextResponse(detail, status, headers)(scope, receive, send)

    async def _holder(self, plugin_id: str, key: str) -> Identity:
        identity = await self._site.run(self._keys.holder, plugin_id, key, self._site.accounts.session)
        if identity is None:
            raise HTTPException(403, "this page was opened long ago, or in another session: open it again")
        return identity


class FrameEndpoint:
    """``/admin/plugins/<id>/<page>``: the host's page around a plugin's page, or with its fragment."""

    def __init__(self, site: Site, proxy: Proxy, keys: PageKeys) -> None:
        self._site = site
        self._proxy = proxy
        self._keys = keys

    async def show(self, request: Request) -> Response:
        """Show one page. Raises NotFound for a page that the plugin does not declare."""
        identity = require(request, Scope.READ)
        plugin_id = request.path_params["plugin_id"]
        declared = await _declared(self._site, plugin_id, available=False)
        path = path_of(request.scope, f"{PAGES}/{plugin_id}")
        entry = declared.page_at(path)
        if entry is None:
            if declared.down:  # it may have one
                require_available(declared)
            raise NotFound(f"plugin {plugin_id} has no page at {path}")
        if entry.kind == "link":
            return RedirectResponse(entry.href, 303)
        require_available(declared)
        if entry.kind == "fragment":
            return await self._fragment(request, entry, path, identity)
        key = self._keys.key(plugin_id, request.state.session, identity)
        source = f"{PAGES}/{quote(plugin_id)}/-/{key}{quote(path)}"
        if request.url.query:
            source += f"?{request.url.query}"
        return rendered(request, "plugin_page.html", entry=entry, source=source, sandbox=SANDBOX, fragment="")

    async def _fragment(self, request: Request, entry: PluginPage, path: str, identity: Identity) -> Response:
        plugin_id = entry.plugin_id
        base = f"{PAGES}/{plugin_id}"
        head = _head(request, path, Area.PAGE, base, f"{ROUTES}/{plugin_id}", identity.scope)
        html = await self._proxy.fragment(request, _plugin(self._site, plugin_id), head)
        if "hx-request" in request.headers:
            return HTMLResponse(html)
        return rendered(request, "plugin_page.html", entry=entry, source="", sandbox="", fragment=html)


@functools.cache
def _stylesheet() -> bytes:
    return (importlib.resources.files("viewra.web.plugins") / "page.css").read_bytes()


def _for_players(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """An error that pages of other sites can read, too: else a player would show one of the network."""
    return HTTPException(status, detail, {**dict(headers or {}), **dict(OF_PUBLIC_ROUTES)})


def check_route(declared: Declared, method: str, path: str) -> None:
    """Raise NotFound for a path that no route has, HTTPException 405 for another method."""
    match = declared.table.find(method, path)
    if match is None:
        raise NotFound(f"plugin {declared.plugin_id} has no route at {path}")
    if match.target is None:
        allowed = ", ".join(match.allows)
        raise HTTPException(
            405, f"the route {path} of plugin {declared.plugin_id} allows {allowed}", {"Allow": allowed}
        )


def require_available(declared: Declared) -> None:
    """Raise BadGateway for a plugin that does not answer requests."""
    if not declared.available:
        status = 503 if declared.down else 501
        raise BadGateway(status, declared.plugin_id, declared.reason)


async def _declared(site: Site, plugin_id: str, *, available: bool = True) -> Declared:
    declared = await site.declared.asked(plugin_id)
    if declared is None:
        raise NotFound(f"there is no plugin {plugin_id}")
    if available:
        require_available(declared)
    return declared


def _plugin(site: Site, plugin_id: str) -> Plugin:
    plugin = site.host.plugins.get(plugin_id)
    if plugin is None:
        raise NotFound(f"there is no plugin {plugin_id}")
    return plugin


def _head(request: Request, path: str, area: Area, base: str, routes: str, scope: str, client: str = "") -> RequestHead:
    return RequestHead(request.method, path, request.url.query, (), area, base, routes, str(scope), client)
