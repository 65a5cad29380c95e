"""Serves the pages' own files: style, scripts and icons, all of them in memory, none from elsewhere."""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import mimetypes
from collections.abc import Mapping

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_KINDS = (".css", ".js", ".svg")
_FOR_EVER = "public, max-age=31536000, immutable"


@attrs.frozen
class Asset:
    """One file. ``version`` changes with its content: an address with it may be kept for ever."""

    content: bytes
    media_type: str
    version: str


@functools.cache
def assets() -> Mapping[str, Asset]:
    """Every file by its name."""
    folder = importlib.resources.files("viewra.web") / "assets"
    found = {}
    for file in folder.iterdir():
        if file.name.endswith(_KINDS):
            content = file.read_bytes()
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            found[file.name] = Asset(content, kind, hashlib.sha256(content).hexdigest()[:12])
    return found


def address(name: str) -> str:
    """Where a file is served."""
    return f"/admin/assets/{name}?v={assets()[name].version}"


async def show(request: Request) -> Response:
    """One file; anyone may have it, the page for signing in needs it."""
    found = assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404, "there is no such file")
    current = request.query_params.get("v") == found.version
    return Response(
        found.content, headers={"cache-control": _FOR_EVER if current else "no-cache"}, media_type=found.media_type
    )


ROUTES = (Route("/admin/assets/{name}", show, methods=["GET"]),)
