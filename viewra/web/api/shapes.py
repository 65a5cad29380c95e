"""Values as the API's JSON, and the JSON schemas of their types: both follow from the attrs classes."""

from __future__ import annotations

import enum
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Literal, Union

import attrs
import orjson

from viewra.library import display
from viewra.types import Page

TIMES = frozenset(
    {
        *("added_at", "at", "checked_at", "created_at", "due_at", "ended_at", "enqueued_at", "finished_at"),
        *("missing_since", "next_run", "since", "started_at", "used_at"),
    }
)
"""Names of fields with a time, which becomes ISO 8601: microseconds since the epoch as whole numbers, else seconds."""

_PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    Path: {"type": "string"},
    Any: {},
    object: {},
}


def encoded(value: object) -> bytes:
    """A value as JSON text."""
    data = data_of(value)
    try:
        return orjson.dumps(data)
    except TypeError:  # whole numbers beyond 64 bits, which a manifest may have
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


def data_of(value: Any) -> Any:
    """A value as JSON data; text that UTF-8 cannot carry, such as some paths, is written with escapes."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else display(value)
    if value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if attrs.has(kind):
        fields = ((field, getattr(value, field.name)) for field in attrs.fields(kind))
        return {
            field.name: _time(one) if field.name in TIMES and type(one) in {int, float} else data_of(one)
            for field, one in fields
            if not (one is None and field.metadata.get("omitted", False))
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {display(str(key)): data_of(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [data_of(one) for one in value]
    if isinstance(value, PurePath):
        return display(str(value))
    if isinstance(value, bytes):
        return display(value.decode("utf-8", "surrogateescape"))
    return display(str(value))


def _time(number: float) -> str:
    seconds, fine = (number / 1_000_000, "seconds") if type(number) is int else (number, "milliseconds")
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=fine).replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # a clock that was far off
        return "1970-01-01T00:00:00Z"


class Schemas:
    """Makes schemas, and collects those of attrs classes as ``components``."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is Page:
            return self._page(inner[0])
        if origin in {Union, types.UnionType}:
            return {"anyOf": [self.of(one) for one in inner]}
        if origin is Literal:
            return {"type": "string", "enum": list(inner)}
        if origin is tuple and inner and inner[-1] is not Ellipsis:
            parts = [self.of(one) for one in inner]
            return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(inner[0])}
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return {"type": "string", "enum": [one.value for one in kind]}
        if attrs.has(kind):
            return self._component(kind.__name__, lambda: self._object(kind))
        return {}  # a value of a manifest or a log record may be anything

    def _page(self, item: Any) -> dict[str, Any]:
        rows = {"type": "array", "items": self.of(item)}
        cursor = {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "`after` of the next page"}
        page = {"type": "object", "properties": {"items": rows, "next": cursor}, "required": ["items", "next"]}
        return self._component(f"{item.__name__}Page", lambda: page)

    def _object(self, kind: Any) -> dict[str, Any]:
        hints = typing.get_type_hints(kind)
        fields = attrs.fields(kind)
        properties = {field.name: self._field(field.name, hints[field.name]) for field in fields}
        required = [field.name for field in fields if not field.metadata.get("omitted", False)]
        about = " ".join((kind.__doc__ or "").partition("\n\n")[0].replace("``", "`").split())
        return {"type": "object", "description": about, "properties": properties, "required": required}

    def _field(self, name: str, kind: Any) -> dict[str, Any]:
        """The schema of a field: a time is text, a number without a value is null."""
        time = {"type": "string", "format": "date-time"}
        if name in TIMES and kind in {int, float}:
            return time
        if name in TIMES and kind in {int | None, float | None}:
            return {"anyOf": [time, {"type": "null"}]}
        return {"anyOf": [self.of(kind), {"type": "null"}]} if kind is float else self.of(kind)

    def _component(self, name: str, make: typing.Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name not in self.components:
            self.components[name] = {}  # it may contain itself
            self.components[name] = make()
        return {"$ref": f"#/components/schemas/{name}"}
