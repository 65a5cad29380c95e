"""The plugin's side of the admin pages; its mirror image is viewra/adapters/admin_page.py."""

from __future__ import annotations

from viewra.codec import admin_page as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import AdminPageService


def handlers(service: AdminPageService) -> list[Handler]:
    """The procedures of the admin pages."""
    return [
        handle(codec.GET_ADMIN_PAGES, service.get_admin_pages),
        handle(codec.REGISTER_ROUTES, service.register_routes),
    ]
