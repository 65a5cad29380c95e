"""The check suite of a plugin's HTTP handlers."""

from __future__ import annotations

from typing import Protocol

from viewra.adapters.admin_page import AdminPageClient
from viewra.adapters.api_registration import APIRegistrationClient
from viewra.adapters.http import HttpClient
from viewra.testing._http import ask_http

_ERRORS = 500


class WithPages(Protocol):
    """A plugin with the services that the check asks."""

    @property
    def http(self) -> HttpClient:
        """HTTP requests to it."""
        ...

    @property
    def api_registration(self) -> APIRegistrationClient | None:
        """Its routes."""
        ...

    @property
    def admin_page(self) -> AdminPageClient | None:
        """Its pages."""
        ...


def check_http(plugin: WithPages) -> None:
    """Check that each declared page, and each GET route without parameters, is answered, and not as missing.

    It calls the handlers: for plugins whose reads change nothing.
    """
    assert plugin.http.available, "the plugin declares no handlers: it has no @route, no @page and no asgi"
    routes = plugin.api_registration.get_registered_routes() if plugin.api_registration is not None else ()
    for route in routes:
        if route.method == "GET" and not set(route.path) & set("{:*"):
            _answered(plugin, route.path, page=False)
    pages = plugin.admin_page.get_admin_pages() if plugin.admin_page is not None else ()
    for page in pages:
        if not page.url.startswith(("http://", "https://")):
            kind = _answered(plugin, page.path, page=True)
            assert kind == "text/html", f"the page {page.path} is {kind or 'without a content type'}, not text/html"


def _answered(plugin: WithPages, path: str, *, page: bool) -> str:
    """The content type of a path's answer."""
    answer = ask_http(plugin, "GET", path, page=page)
    what = f"the {'page' if page else 'route'} {path} is declared, and answered with {answer.status}"
    assert answer.status not in {404, 405, 501}, what
    assert answer.status < _ERRORS, what
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()
