"""Checks of what a plugin returned, shared by the codecs: each gives the value in its final form or InvalidValue.

A value beyond one of the limits in force (viewra/codec/limits.py) is refused whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from viewra.codec.limits import in_force
from viewra.codec.rpc import InvalidValue
from viewra.types import MAX_ID
from viewra.types.values import Value, joined

T = TypeVar("T")


def text(value: object, field: str) -> str:
    """A text of bounded length that UTF-8 can carry."""
    if not isinstance(value, str):
        raise InvalidValue(field, f"must be text, not {_kind(value)}")
    most = in_force().text_bytes
    if len(value) > most or not value.isascii():
        try:
            size = len(value.encode())
        except UnicodeEncodeError as error:
            raise InvalidValue(field, "has characters that UTF-8 cannot carry (lone surrogates)") from error
        if size > most:
            raise InvalidValue(field, f"has {size:,} bytes; at most {most:,} are allowed")
    return value


def text_map(value: object, field: str) -> dict[str, str]:
    """A mapping of text to text with a bounded number of entries."""
    if not isinstance(value, Mapping):
        raise InvalidValue(field, f"must be a mapping of text to text, not {_kind(value)}")
    limits = in_force()
    if len(value) > limits.entries:
        raise InvalidValue(field, f"has {len(value):,} entries; at most {limits.entries:,} are allowed")
    if type(value) is dict and _plain(value, limits.text_bytes) and _plain(value.values(), limits.text_bytes):
        return value.copy()
    return {text(key, f"{field} key"): text(item, f"{field}[{key!s}]") for key, item in value.items()}


def value_map(value: object, field: str) -> dict[str, Value]:
    """A mapping of text to a text, or to several, with a bounded number of entries; lists of one are that one."""
    if type(value) is dict and all(type(item) is str for item in value.values()):
        return {**text_map(value, field)}
    if not isinstance(value, Mapping):
        raise InvalidValue(field, f"must be a mapping of text to text or lists of texts, not {_kind(value)}")
    most = in_force().entries
    if len(value) > most:
        raise InvalidValue(field, f"has {len(value):,} entries; at most {most:,} are allowed")
    found = {text(key, f"{field} key"): _values(item, f"{field}[{key!s}]") for key, item in value.items()}
    return {key: item for key, item in found.items() if not isinstance(item, tuple) or item}


def boolean(value: object, field: str) -> bool:
    """True or False, and nothing that is merely true-ish."""
    if not isinstance(value, bool):
        raise InvalidValue(field, f"must be True or False, not {_kind(value)}")
    return value


def uint32(value: object, field: str) -> int:
    """A whole number that the wire's uint32 carries."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_ID:
        raise InvalidValue(field, f"must be a whole number from 0 to {MAX_ID}, not {value!r}")
    return value


def identifier(value: object, field: str) -> int:
    """The id of a stored thing: 1 to MAX_ID."""
    number = uint32(value, field)
    if number == 0:
        raise InvalidValue(field, "must be 1 or more")
    return number


def items(value: object, field: str, item: Callable[[Any, str], T]) -> tuple[T, ...]:
    """A sequence of a bounded number of items, each checked by ``item``."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidValue(field, f"must be a list, not {_kind(value)}")
    checked: list[T] = []
    most = in_force().entries
    for index, element in enumerate(value):
        if index >= most:
            raise InvalidValue(field, f"has more than {most:,} entries")
        checked.append(item(element, f"{field}[{index}]"))
    return tuple(checked)


def required(value: object, field: str) -> str:
    """A text that is not empty."""
    if not text(value, field):
        raise InvalidValue(field, "is required")
    return str(value)


def place(value: object, field: str) -> str:
    """A path or URL path that stays below its base."""
    if ".." in text(value, field).replace("\\", "/").split("/"):
        raise InvalidValue(field, f"leaves its base: {value!r}")
    return str(value)


def texts(value: object, field: str) -> tuple[str, ...]:
    """A sequence of texts."""
    if type(value) is tuple:
        limits = in_force()
        if len(value) <= limits.entries and _plain(value, limits.text_bytes):
            return value
    return items(value, field, text)


def instance(value: object, field: str, kind: type[T]) -> T:
    """A value of exactly the type that the method's contract names."""
    if not isinstance(value, kind):
        raise InvalidValue(field, f"must be a {kind.__name__}, not {_kind(value)}")
    return value


def _values(value: object, field: str) -> str | tuple[str, ...]:
    """A text, or several that are no longer than a text may be when they are joined."""
    if isinstance(value, str):
        return text(value, field)
    several = texts(value, field)
    text(joined(several), field)
    return several[0] if len(several) == 1 else several


def _plain(values: Iterable[object], most: int) -> bool:
    """Whether all are texts that need no closer look, which most are: no field's name has to be made for them."""
    for value in values:  # noqa: SIM110 - on the path of each call, and a generator takes as long again
        if type(value) is not str or len(value) > most or not value.isascii():
            return False
    return True


def _kind(value: object) -> str:
    return type(value).__name__
