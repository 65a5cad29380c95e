"""What a plugin is written with: subclass ``Plugin``, define the methods of your services, call ``serve``."""

from __future__ import annotations

from viewra.sdk._imports import quick

with quick():
    from viewra.sdk.plugin import Plugin
    from viewra.sdk.serve import serve
    from viewra.types import (
        AdminPage,
        APIRoute,
        Health,
        PluginContext,
        PluginInfo,
        SearchCapabilities,
        SearchResponse,
        SearchResult,
    )

__all__ = [
    "APIRoute",
    "AdminPage",
    "Health",
    "Plugin",
    "PluginContext",
    "PluginInfo",
    "SearchCapabilities",
    "SearchResponse",
    "SearchResult",
    "serve",
]
