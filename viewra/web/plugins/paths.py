"""The path of a request below a plugin's base path."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import Scope


def path_of(scope: Scope, prefix: str) -> str:
    """The percent-decoded path behind ``prefix``; raises HTTPException for one that is no UTF-8, or leaves its base."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "the path is not UTF-8") from None
    if not path.startswith(prefix):
        raise HTTPException(400, "the path is spelled in an unusual way")
    path = "/" + path.removeprefix(prefix).lstrip("/")
    if any(step in {".", ".."} for step in path.replace("\\", "/").split("/")) or "\0" in path:
        raise HTTPException(400, "the path has steps that lead elsewhere")
    return path
