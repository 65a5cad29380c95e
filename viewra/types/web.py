"""What a plugin adds to the host's pages and HTTP routes."""

from __future__ import annotations

import attrs


@attrs.frozen
class AdminPage:
    """One page that a plugin adds to the host's admin area; ``path`` is below the plugin's own base path."""

    id: str
    title: str
    path: str
    icon: str = ""
    category: str = ""
    url: str = ""
    type: str = ""


@attrs.frozen
class APIRoute:
    """One HTTP route that a plugin wants served: ``path`` below its own base path, ``method`` in upper case."""

    path: str
    method: str
    description: str = ""
