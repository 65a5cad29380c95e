"""Functions that several check suites share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

S = TypeVar("S")


def offered(service: S | None, name: str) -> S:
    """The service; fails if the plugin does not offer it."""
    assert service is not None, f"the plugin does not offer {name}"
    return service


def text_map(value: object, what: str) -> None:
    """Fail unless the value maps text to text."""
    assert isinstance(value, Mapping), f"{what} must return a mapping, not {type(value).__name__}"
    for key, item in value.items():
        assert isinstance(key, str), f"{what}: the key {key!r} is not text"
        assert isinstance(item, str), f"{what}: {key} is {item!r}, not text"
        assert key, f"{what}: an empty key"
