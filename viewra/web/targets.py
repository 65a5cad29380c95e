"""Reads request targets in absolute form, as clients send them to a proxy: ``GET http://host/path`` (RFC 9112)."""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_ABSOLUTE = re.compile(rb"https?://([^/@]+)(/.*)?", re.IGNORECASE | re.DOTALL)


class TargetMiddleware:
    """Hands requests on with their path alone; the host in the target replaces that of the header, as the RFC says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        target = scope.get("raw_path") or b""
        if not target.startswith(b"/") and (found := _ABSOLUTE.fullmatch(target)):
            host, path = found[1].lower(), found[2] or b"/"
            others = [one for one in scope["headers"] if one[0] != b"host"]
            scope = {**scope, "path": unquote(path), "raw_path": path, "headers": [(b"host", host), *others]}
        await self._app(scope, receive, send)
