"""Admin pages and HTTP routes that a plugin adds to the host."""

from __future__ import annotations

import attrs


@attrs.frozen
class AdminPage:
    """One page that a plugin adds to the host's admin area; ``path`` is relative to the plugin's base path."""

    id: str
    title: str
    path: str
    icon: str = ""
    category: str = ""
    url: str = ""
    type: str = ""


@attrs.frozen
class APIRoute:
    """One HTTP route of a plugin: ``path`` is relative to its base path, ``method`` is in upper case."""

    path: str
    method: str
    description: str = ""
