"""Reads a request's arguments: from its path, its query, or the JSON in its body."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from viewra.host.admin.dispatch import BadArguments
from viewra.text import is_utf8
from viewra.web import bodies
from viewra.web.api.endpoints import Endpoint

LARGEST_BODY = 1024 * 1024
DEEPEST = 64
"""Levels of lists and structs in an argument."""

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


async def read(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """All arguments; their types are checked when the operation is run. Raises BadArguments and HTTPException."""
    kinds = {one.name: one.type for one in endpoint.given}
    given = await _from_body(request) if endpoint.has_body else _from_query(request, kinds)
    refuse_unknown(given, kinds)
    path = {name: _text(request.path_params[name], _kind(endpoint, name)) for name in endpoint.in_path}
    _refuse_unreadable({**given, **path})
    _refuse_relative(given)
    return {**given, **path, **endpoint.fixed}


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise BadArguments for names that mean nothing here: a misspelt one would be ignored."""
    if unknown := sorted({*given} - {*known}):
        takes = ", ".join(sorted(known)) or "nothing"
        raise BadArguments(f"{', '.join(map(repr, unknown))} is unknown here"[:200], hint=f"it takes {takes}")


def _from_query(request: Request, kinds: Mapping[str, Any]) -> dict[str, Any]:
    query = request.query_params
    return {
        name: [_text(one, str) for one in query.getlist(name)]
        if _is_list(kinds.get(name))
        else _text(query[name], kinds.get(name))
        for name in query
    }


async def _from_body(request: Request) -> dict[str, Any]:
    body = await bodies.whole(request.receive, LARGEST_BODY)
    if not body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "arguments are JSON: Content-Type: application/json")
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadArguments("the body is not a JSON object", hint='arguments are {"name": value, …}')
    return data


def _kind(endpoint: Endpoint, name: str) -> Any:
    return typing.get_type_hints(endpoint.operation.run)[name]


def _text(text: str, kind: Any) -> Any:
    """A text as the value of a type; one that is no such value is left as it is, for the check that follows."""
    plain = next((one for one in typing.get_args(kind) if one is not types.NoneType), kind)
    if plain is int and text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20:
        return int(text)
    if plain is bool:
        return _FLAGS.get(text.lower(), text)
    return text


def _is_list(kind: Any) -> bool:
    kinds = (kind, *typing.get_args(kind))
    return any(typing.get_origin(one) is list for one in kinds)


def _refuse_relative(given: Mapping[str, Any]) -> None:
    """Raise BadArguments for a path that would be looked for where the host happens to have been started."""
    for name in ("path", "paths"):
        value = given.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and not one.startswith("/"):
                raise BadArguments(f"the path {one!r} is not absolute", hint="write it from / on")


def _refuse_unreadable(value: Any, depth: int = 0) -> None:
    """Raise BadArguments for text that no database or file can have, and for what is nested too deeply."""
    if depth > DEEPEST:
        raise BadArguments(f"an argument is nested more than {DEEPEST} levels deep")
    if isinstance(value, str) and ("\0" in value or not is_utf8(value)):
        raise BadArguments("an argument has a null character, or one that UTF-8 cannot carry")
    if isinstance(value, Mapping):
        for key, one in value.items():
            _refuse_unreadable(key, depth)
            _refuse_unreadable(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _refuse_unreadable(one, depth + 1)
