"""Reads what the address of a page asks for."""

from __future__ import annotations

from urllib.parse import parse_qs, quote

from starlette.requests import Request

from viewra.errors import NotFound
from viewra.types import MAX_ID


def query_of(request: Request) -> str:
    """The query that a page was asked for."""
    return request.query_params.get("q", "").strip()


def after_of(request: Request) -> str | None:
    """The cursor of a page of a listing, None for the first one."""
    return request.query_params.get("after") or None


def id_of(request: Request, name: str) -> int:
    """The id in a path. Raises NotFound for a number that nothing has."""
    number: int = request.path_params[name]
    if not 1 <= number <= MAX_ID:
        raise NotFound(f"nothing has the id {number}", hint="go back, and look for it by its name")
    return number


def path_of(request: Request) -> str:
    """The path of a file in ``?path=…``, whatever its bytes are."""
    values = parse_qs(request.url.query, errors="surrogateescape").get("path", [""])
    return values[-1].replace("\0", "")


def quoted(path: str) -> str:
    """A path of a file as a value in an address."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")
