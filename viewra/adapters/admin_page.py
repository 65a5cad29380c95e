"""The host's side of the admin pages; its mirror image is viewra/sdk/servicers/admin_page.py."""

from __future__ import annotations

from collections.abc import Generator

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.codec import admin_page as codec
from viewra.hookspecs import hookimpl
from viewra.types import AdminPage, Result


class AdminPageClient:
    """One plugin's ``AdminPageService``; each method raises a PluginError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def get_admin_pages(self) -> tuple[AdminPage, ...]:
        """Its pages."""
        return self._endpoint.call(codec.GET_ADMIN_PAGES)

    def register_routes(self, base_path: str) -> None:
        """Tell it the path below which its pages are reached."""
        self._endpoint.call(codec.REGISTER_ROUTES, base_path)


class AdminPageAdapter(ServiceAdapter):
    """One plugin behind the hooks of the admin pages."""

    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def get_admin_pages(
        self,
    ) -> Generator[None, list[Result[tuple[AdminPage, ...]]], list[Result[tuple[AdminPage, ...]]]]:
        """Ask for its pages."""
        pending = self._begin(codec.GET_ADMIN_PAGES)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def register_routes(
        self, base_path: str, plugin_id: str | None
    ) -> Generator[None, list[Result[None]], list[Result[None]]]:
        """Tell the plugin its own base path, below the common one."""
        own = self._endpoint.plugin_id
        wanted = plugin_id in {None, own}
        pending = self._begin(codec.REGISTER_ROUTES, f"{base_path.rstrip('/')}/{own}") if wanted else None
        return self._add((yield), pending)
