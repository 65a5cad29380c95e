"""The OpenAPI document of the API, made from the table of endpoints and the types of its values."""

from __future__ import annotations

import functools
import typing
from collections.abc import Mapping
from typing import Any

import attrs
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra import __version__
from viewra.host.admin.listing_operations import MAX_OFFSET
from viewra.library.listing.paging import MAX_LIMIT
from viewra.types import MAX_ID
from viewra.web.api.answers import matched
from viewra.web.api.artwork import TARGETS
from viewra.web.api.endpoints import ENDPOINTS, PREFIX, Endpoint
from viewra.web.api.events import KINDS
from viewra.web.api.export import TYPES as FORMATS
from viewra.web.api.shapes import Schemas
from viewra.web.api.uploads import KINDS as ARCHIVES
from viewra.web.pictures import MAX_SIZE
from viewra.web.uploading import Uploaded

_BOUNDS: Mapping[str, Mapping[str, int]] = {
    "limit": {"minimum": 1, "maximum": MAX_LIMIT},
    "offset": {"minimum": 0, "maximum": MAX_OFFSET},
}
_ID = {"minimum": 1, "maximum": MAX_ID}
_ERRORS = {
    "400": "the arguments cannot be used",
    "401": "the sender is unknown",
    "403": "the sender lacks the scope",
    "404": "what the request names is not there",
    "409": "the state of a plugin, library or scan does not allow it",
    "422": "the arguments do not have the right names and types",
    "default": "another problem",
}


@functools.cache
def document() -> bytes:
    """The document, as JSON."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    paths[f"{PREFIX}/files/{{media_file_id}}/content"] = {"get": _content()}
    for what, name in TARGETS.items():
        paths[f"{PREFIX}/{what}/{{{name}}}/artwork"] = {"get": _artwork(what, name)}
    paths[f"{PREFIX}/assets/{{asset_id}}/content"] = {"get": _asset()}
    paths[f"{PREFIX}/export"] = {"get": _export()}
    paths[f"{PREFIX}/uploads"] = {"post": _upload(schemas)}
    paths[f"{PREFIX}/events"] = {"get": _events()}
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "viewra", "version": __version__, "description": _ABOUT},
            "servers": [{"url": "/"}],
            "security": [{"token": []}, {"session": []}],
            "paths": paths,
            "components": {
                "schemas": {**schemas.components, "Problem": _PROBLEM},
                "responses": {"Problem": _problem("a problem")},
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "description": "viewra token create NAME"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "viewra_session"},
                },
            },
        }
    )


async def openapi(request: Request) -> Response:
    """The document, for anyone."""
    return matched(request, document())


ROUTES = (Route(f"{PREFIX}/openapi.json", openapi, methods=["GET"]),)

_ABOUT = (
    "Listings are paged: `next` of a page is `after` of the one behind it, null at the end. Answers to GET have an "
    "ETag. Times are ISO 8601 in UTC. Errors are application/problem+json (RFC 9457), with a `hint` where there is a "
    "remedy. Scopes of tokens are read, operate and admin; each includes those before it."
)
_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["type", "title", "status", "detail"],
}


def _operation(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    kinds = typing.get_type_hints(endpoint.operation.run)
    result = kinds["return"]
    if endpoint.single:
        (result,) = typing.get_args(result)
    answer: dict[str, Any] = {"description": "done"}
    if endpoint.status != 204:
        answer["content"] = {"application/json": {"schema": schemas.of(result)}}
    said: dict[str, Any] = {
        "operationId": _name(endpoint),
        "summary": endpoint.operation.about,
        "description": f"Needs the scope {endpoint.scope}.",
        "tags": [endpoint.path.split("/")[1]],
        "parameters": [_parameter(name, kinds[name], "path", schemas) for name in endpoint.in_path],
        "responses": {str(endpoint.status): answer, **_problems()},
    }
    if endpoint.method == "GET":
        said["responses"]["304"] = {"description": "as the sender has it"}
    if not endpoint.has_body:
        said["parameters"] += [_parameter(one.name, kinds[one.name], "query", schemas, one) for one in endpoint.given]
    elif endpoint.given:
        said["requestBody"] = _body(endpoint, kinds, schemas)
    return said


def _name(endpoint: Endpoint) -> str:
    words = endpoint.path.replace("{", "").replace("}", "").strip("/").replace("/", "_")
    return f"{endpoint.method.lower()}_{words}"


def _parameter(
    name: str, kind: Any, place: str, schemas: Schemas, field: attrs.Attribute[Any] | None = None
) -> dict[str, Any]:
    required = field is None or field.default is attrs.NOTHING
    schema = _argument(name, kind, schemas)
    if "anyOf" in schema:  # a query leaves out what is not given
        schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
    return {"name": name, "in": place, "required": required, "schema": schema}


def _body(endpoint: Endpoint, kinds: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    required = [one.name for one in endpoint.given if one.default is attrs.NOTHING]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: _argument(one.name, kinds[one.name], schemas) for one in endpoint.given},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _argument(name: str, kind: Any, schemas: Schemas) -> dict[str, Any]:
    schema = schemas.of(kind)
    if kind is int:
        schema |= _BOUNDS.get(name, _ID if name.endswith("_id") else {})
    return schema


def _content() -> dict[str, Any]:
    said = _file("files", "media_file_id", "content", "The bytes of a file", [])
    said["responses"]["410"] = _problem("the file is not on the disk any more")
    return said


def _artwork(what: str, name: str) -> dict[str, Any]:
    size = {"type": "integer", "minimum": 0, "maximum": MAX_SIZE, "default": 0}
    more = [
        {"name": "size", "in": "query", "required": False, "schema": size},
        {"name": "kind", "in": "query", "required": False, "schema": {"type": "string"}},
    ]
    about = "A picture, within a square of at least `size` pixels (0: as it is), of one `kind` such as back"
    return _file(what, name, "artwork", about, more)


def _asset() -> dict[str, Any]:
    said = _file("assets", "asset_id", "content", "The bytes of an asset", [])
    said["parameters"][0]["schema"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    return said


def _file(what: str, name: str, last: str, about: str, more: list[dict[str, Any]]) -> dict[str, Any]:
    """The operation that sends a file."""
    bytes_ = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    ids = {"name": name, "in": "path", "required": True, "schema": {"type": "integer", **_ID}}
    return {
        "operationId": f"get_{what}_{name}_{last}",
        "summary": f"{about}, or the parts of it that `Range` names.",
        "description": "Needs the scope read.",
        "tags": [what],
        "parameters": [ids, *more],
        "responses": {
            "200": {"description": "the file", "content": bytes_},
            "206": {"description": "the parts of it", "content": bytes_},
            "304": {"description": "as the sender has it"},
            "416": _problem("there is no such part"),
            **_problems(),
        },
    }


def _upload(schemas: Schemas) -> dict[str, Any]:
    """The operation that receives a package."""
    bytes_ = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {"file": bytes_}, "required": ["file"]}
    return {
        "operationId": "post_uploads",
        "summary": "Upload a package of a plugin, a ZIP archive or a wheel, and see what it asks for.",
        "description": "Needs the scope admin. The archive is kept for an hour, to be installed by the digest of its "
        "preview; of several that are kept, a new one replaces the oldest.",
        "tags": ["uploads"],
        "parameters": [{"name": "name", "in": "query", "required": False, "schema": {"type": "string"}}],
        "requestBody": {
            "required": True,
            "content": {
                **{kind: {"schema": bytes_} for kind in ARCHIVES},
                "multipart/form-data": {"schema": form},
            },
        },
        "responses": {
            "201": {"description": "done", "content": {"application/json": {"schema": schemas.of(Uploaded)}}},
            **_problems(),
        },
    }


def _export() -> dict[str, Any]:
    """The operation that writes out the library."""
    about = "Files with their metadata: JSON with all of it, CSV with a row for each file, or a playlist."
    forms = {"type": "string", "enum": list(FORMATS), "default": "json"}
    return {
        "operationId": "get_export",
        "summary": about,
        "description": "Needs the scope read. Files are sent as they are read, those of the query `q` or all. An "
        "answer that ends without its last part has failed.",
        "tags": ["files"],
        "parameters": [
            {"name": "q", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "format", "in": "query", "required": False, "schema": forms},
        ],
        "responses": {
            "200": {"description": "the files", "content": {kind: {"schema": {}} for kind in FORMATS.values()}},
            **_problems(),
        },
    }


def _events() -> dict[str, Any]:
    text = {"type": "string"}
    kinds = "; ".join(f"`{name}`: {about}" for name, about in KINDS.items())
    return {
        "operationId": "get_events",
        "summary": "What happens, as server-sent events.",
        "description": f"Needs the scope read. Kinds, separated by commas (all but log without it): {kinds}. "
        "`reset`: events were lost, ask for the present state.",
        "tags": ["events"],
        "parameters": [
            {"name": "kinds", "in": "query", "required": False, "schema": text},
            {"name": "about", "in": "query", "required": False, "schema": text},
            {"name": "after", "in": "query", "required": False, "schema": text},
        ],
        "responses": {
            "200": {"description": "the events", "content": {"text/event-stream": {"schema": text}}},
            **_problems(),
        },
    }


def _problems() -> dict[str, Any]:
    return {status: _problem(about) for status, about in _ERRORS.items()}


def _problem(about: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": about, "content": {"application/problem+json": {"schema": schema}}}
