"""The SDK for plugin authors: subclass ``Plugin``, define the methods of your services, call ``serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy
from viewra.sdk._imports import quick

with quick():
    from viewra.sdk.plugin import Plugin
    from viewra.sdk.serve import serve

if TYPE_CHECKING:
    from viewra.sdk.enricher import Enricher, NotNow
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
    "Enricher",
    "Health",
    "NotNow",
    "Plugin",
    "PluginContext",
    "PluginInfo",
    "SearchCapabilities",
    "SearchResponse",
    "SearchResult",
    "serve",
]

__getattr__ = lazy.names(  # light start-up: a plugin loads only the classes that it uses
    __name__,
    {
        "viewra.sdk.enricher": "Enricher NotNow",
        "viewra.types": (
            "APIRoute AdminPage Health PluginContext PluginInfo SearchCapabilities SearchResponse SearchResult"
        ),
    },
)
