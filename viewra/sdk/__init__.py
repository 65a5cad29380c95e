"""What a plugin is written with: subclass ``Plugin``, define the methods of your services, call ``serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewra.sdk._imports import quick

with quick():
    from viewra import types
    from viewra.sdk.plugin import Plugin
    from viewra.sdk.serve import serve

if TYPE_CHECKING:
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


def __getattr__(name: str) -> Any:
    if name in __all__:  # values: light start-up, a plugin makes only those that it uses
        return getattr(types, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
