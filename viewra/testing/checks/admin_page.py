"""The check suite of admin pages."""

from __future__ import annotations

from viewra.services import AdminPageService
from viewra.testing.checks._common import offered


def check_admin_page(service: AdminPageService | None) -> None:
    """Check admin pages: each has an id of its own, a title and an address."""
    admin = offered(service, "admin pages")
    admin.register_routes("/admin/plugins/under_test")
    pages = admin.get_admin_pages()
    ids = [page.id for page in pages]
    assert len(set(ids)) == len(ids), f"two pages have the same id: {ids}"
    for page in pages:
        assert page.id, f"a page has no id: {page}"
        assert page.title, f"page {page.id} has no title"
        assert page.path or page.url, f"page {page.id} has neither path nor url"
        assert ".." not in page.path.split("/"), f"page {page.id} leaves its base path: {page.path}"
