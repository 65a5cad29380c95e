"""Knows the routes and pages of every plugin, and whether its process answers requests for them.

Plugins are asked when the site opens, or when they are first seen enabled, and each time that one of their processes
begins to serve. An idle plugin keeps its answer; nobody starts it again to draw a menu.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future

import attrs

from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.host import Host
from viewra.host.plugin import Plugin
from viewra.routes import BadPath, Table
from viewra.text import clean
from viewra.types import AdminPage, APIRoute, PluginState

PAGES, ROUTES = "/admin/plugins", "/api/plugins"
"""The base paths of all plugins' pages and routes; a plugin's own are one segment longer, its id."""
CAPABILITIES = frozenset({"admin_page", "api_registration"})
ASKED_S = 120.0
"""Seconds for which a request waits until a plugin has been asked: it may have to start, and to migrate, first."""

_DOWN = frozenset({PluginState.DISABLED, PluginState.INVALID, PluginState.QUARANTINED, PluginState.STOPPED})
_NO_HTTP = "it declares this, but does not answer HTTP requests: its process has no viewra.v1.HttpService"
_NOT_ASKED = "it has not been asked yet"
_ELSEWHERE = re.compile(r"https?://[^\s]+\Z", re.IGNORECASE)

log = logging.getLogger("viewra.web")


@attrs.frozen
class PluginPage:
    """An entry of the menu. ``href`` leads to the page; ``kind`` is ``frame``, ``fragment`` or, elsewhere, ``link``.

    ``reason`` says why it is not ``available``.
    """

    plugin_id: str
    id: str
    title: str
    href: str
    path: str
    kind: str
    icon: str = ""
    category: str = ""
    available: bool = True
    reason: str = ""


@attrs.frozen(eq=False)
class Declared:
    """What one plugin declares. ``reason`` says why it does not answer requests, "" if it does.

    ``down`` says that the plugin does not run, or failed, so that another time it may answer. ``code_hash`` is that of
    the version that was asked.
    """

    plugin_id: str
    pages: tuple[PluginPage, ...] = ()
    routes: tuple[APIRoute, ...] = ()
    table: Table[APIRoute] = attrs.field(factory=Table)
    reason: str = ""
    down: bool = False
    code_hash: str = ""

    @property
    def available(self) -> bool:
        """Whether it answers requests."""
        return not self.reason

    def page_at(self, path: str) -> PluginPage | None:
        """The page at this path below the plugin's base path."""
        return next((page for page in self.pages if page.path.rstrip("/") == path.rstrip("/")), None)


class Declarations:
    """What all plugins of a host declare. For any thread.

    A plugin is asked on a thread of its own, one at a time: one that does not answer holds up nobody else.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._known: dict[str, Declared] = {}
        self._asking: dict[str, Future[None]] = {}
        self._again: set[str] = set()
        self._open = False

    def open(self) -> None:
        """Ask every plugin that has routes or pages."""
        self._open = True
        for plugin_id, plugin in self._host.plugins.items():
            if _is_to_ask(plugin):
                self.refresh(plugin_id)

    def close(self) -> None:
        """Ask no plugin any more."""
        self._open = False

    def state_changed(self, plugin_id: str, new: PluginState) -> None:
        """A plugin's state has changed; one that runs is asked."""
        if new is PluginState.RUNNING:
            self.refresh(plugin_id)

    def refresh(self, plugin_id: str) -> None:
        """Ask a plugin; one that is being asked is asked once more."""
        with self._lock:
            if plugin_id in self._asking:
                self._again.add(plugin_id)
        self._answer_of(plugin_id)

    async def asked(self, plugin_id: str) -> Declared | None:
        """What a plugin declares; None without such a plugin. One that was never asked is asked first."""
        plugin = self._host.plugins.get(plugin_id)
        if plugin is not None and _is_to_ask(plugin) and self._told(plugin_id, plugin) is None:
            await asyncio.wait([asyncio.wrap_future(self._answer_of(plugin_id))], timeout=ASKED_S)
        return self._of(plugin_id)

    def _answer_of(self, plugin_id: str) -> Future[None]:
        """A future that is done when the plugin has been asked, which begins now unless it has begun."""
        with self._lock:
            answer = self._asking.get(plugin_id)
            if answer is not None:
                return answer
            answer = Future()
            if not self._open:
                answer.set_result(None)
                return answer
            self._asking[plugin_id] = answer
        threading.Thread(target=self._refresh, args=(plugin_id,), name=f"declared-{plugin_id}", daemon=True).start()
        return answer

    def _of(self, plugin_id: str) -> Declared | None:
        plugin = self._host.plugins.get(plugin_id)
        if plugin is None:
            self._known.pop(plugin_id, None)
            return None
        known = self._told(plugin_id, plugin)
        if plugin.state in _DOWN:
            reason = f"the plugin is {plugin.state}" + (
                f": {plugin.reason.partition(chr(10))[0]}" if plugin.reason else ""
            )
            return _unavailable(known or Declared(plugin_id), reason)
        if not _is_to_ask(plugin):  # its present version declares nothing
            return Declared(plugin_id)
        return known or Declared(plugin_id, reason=_NOT_ASKED, down=True)

    def _told(self, plugin_id: str, plugin: Plugin) -> Declared | None:
        """What the version in use has told; None if that was not asked yet."""
        known = self._known.get(plugin_id)
        return known if known is not None and known.code_hash == plugin.code_hash else None

    def all(self) -> Mapping[str, Declared]:
        """What each plugin declares, as far as it is known; one that was never asked, being new, is asked meanwhile."""
        found: dict[str, Declared] = {}
        for plugin_id, plugin in self._host.plugins.items():
            declared = self._of(plugin_id)
            if _is_to_ask(plugin) and self._told(plugin_id, plugin) is None:
                self._answer_of(plugin_id)
            if declared is not None:
                found[plugin_id] = declared
        return found

    def pages(self) -> list[PluginPage]:
        """The entries of the menu, in the order of the plugins."""
        return [page for declared in self.all().values() for page in declared.pages]

    def _refresh(self, plugin_id: str) -> None:
        while True:
            try:
                plugin = self._host.plugins.get(plugin_id)
                if plugin is not None and CAPABILITIES & set(plugin.services):
                    self._ask(plugin_id, plugin)
            except Exception:  # the host closes meanwhile, or a bug of ours
                log.debug("plugin %s could not be asked for its pages", plugin_id, exc_info=True)
            with self._lock:
                if plugin_id not in self._again:
                    answer = self._asking.pop(plugin_id)
                    break
                self._again.discard(plugin_id)
        answer.set_result(None)

    def _ask(self, plugin_id: str, plugin: Plugin) -> None:
        code_hash = plugin.code_hash
        try:
            declared = declared_by(plugin_id, plugin)
        except PluginError as error:
            log.warning("%s", error)
            known = self._told(plugin_id, plugin)
            if known is not None and known.available and isinstance(error, PluginUnavailable | PluginClosed):
                return  # a request starts it again, or is told itself why not
            declared = _unavailable(known or Declared(plugin_id), error.message)
        self._known[plugin_id] = attrs.evolve(declared, code_hash=code_hash)


def _is_to_ask(plugin: Plugin) -> bool:
    return plugin.state not in _DOWN and bool(CAPABILITIES & set(plugin.services))


def declared_by(plugin_id: str, plugin: Plugin) -> Declared:
    """Ask a plugin what it declares. Raises PluginError."""
    pages: tuple[AdminPage, ...] = ()
    routes: tuple[APIRoute, ...] = ()
    if plugin.admin_page is not None:
        plugin.admin_page.register_routes(f"{PAGES}/{plugin_id}")
        pages = plugin.admin_page.get_admin_pages()
    if plugin.api_registration is not None:
        routes = plugin.api_registration.get_registered_routes()
    reason = "" if plugin.http.available else _NO_HTTP
    usable: list[APIRoute] = []
    for route in routes:
        try:
            Table([(route.method, route.path, route)])
        except BadPath as error:
            log.warning("plugin %s: a route is left out: %s", plugin_id, error)
        else:
            usable.append(route)
    table = Table((route.method, route.path, route) for route in usable)
    entries = tuple(_entry(plugin_id, page, reason) for page in pages)
    return Declared(plugin_id, entries, tuple(usable), table, reason)


def _entry(plugin_id: str, page: AdminPage, reason: str) -> PluginPage:
    base = f"{PAGES}/{plugin_id}"
    path = page.path
    if path == base or path.startswith(base + "/"):  # as Viewra's Go plugins write it
        path = path.removeprefix(base)
    path = "/" + path.lstrip("/")
    elsewhere = page.url if _ELSEWHERE.match(page.url) else ""
    kind = "link" if elsewhere else "fragment" if page.type == "fragment" else "frame"
    texts = {name: clean(getattr(page, name), 200) for name in ("id", "title", "icon", "category")}
    href = elsewhere or base + path
    why = "" if elsewhere else reason
    return PluginPage(
        plugin_id, texts["id"], texts["title"], href, path, kind, texts["icon"], texts["category"], not why, why
    )


def _unavailable(declared: Declared, reason: str) -> Declared:
    pages = tuple(
        page if page.kind == "link" else attrs.evolve(page, available=False, reason=reason) for page in declared.pages
    )
    return attrs.evolve(declared, pages=pages, reason=reason, down=True)
