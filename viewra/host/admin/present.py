"""Converts operations' results to JSON, for the command line and the control socket."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import attrs

from viewra.library import display


def as_json(value: object) -> Any:
    """An operation's result as JSON data: attrs objects become objects with their fields in order.

    Paths become printable text; a field marked ``omitted`` is left out if it is None.
    """
    kind: type[Any] = type(value)
    if attrs.has(kind):
        fields = ((field, getattr(value, field.name)) for field in attrs.fields(kind))
        return {
            field.name: as_json(one)
            for field, one in fields
            if not (one is None and field.metadata.get("omitted", False))
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, PurePath):
        return display(str(value))
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(map(as_json, value))
    return value
