"""The menu of the pages: the host's own, and those of plugins below their categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from starlette.requests import Request

from viewra.web.site import site_of


@attrs.frozen
class Entry:
    """One entry; ``current``: this page, or one below it, is shown. ``reason`` is why it cannot be shown now."""

    title: str
    href: str
    icon: str
    current: bool
    reason: str = ""


_ENTRIES = (
    ("Overview", "/admin/", "home", ()),
    ("Browse", "/admin/browse", "music", ("/admin/browse", "/admin/file", "/admin/search")),
    ("Libraries", "/admin/libraries", "folder", ("/admin/librar", "/admin/scan", "/admin/failures", "/admin/missing")),
    ("Plugins", "/admin/plugins", "plug", ("/admin/plugin/", "/admin/plugins/")),
    ("Doctor", "/admin/doctor", "shield", ("/admin/doctor",)),
    ("Access", "/admin/access", "key", ("/admin/access",)),
)
OTHERS = "More"
"""The heading of pages that name no category."""


def own(request: Request) -> Sequence[Entry]:
    """The host's pages, as seen from the requested one."""
    path = request.url.path
    return [Entry(title, href, icon, path == href or path.startswith(below)) for title, href, icon, below in _ENTRIES]


def of_plugins(request: Request) -> Mapping[str, Sequence[Entry]]:
    """The pages of plugins by category; for those that may see them."""
    path = request.url.path
    found: dict[str, list[Entry]] = {}
    for page in site_of(request).declared.pages():
        heading = page.category.replace("_", " ").strip() or OTHERS
        heading = heading[:1].upper() + heading[1:]
        title = page.title or page.id or page.plugin_id
        entry = Entry(title, page.href, "page", path == page.href, page.reason)
        found.setdefault(heading, []).append(entry)
    return {heading: found[heading] for heading in sorted(found, key=lambda name: (name == OTHERS, name.casefold()))}
