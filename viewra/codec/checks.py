"""Checks of values that a plugin returned, shared by the codecs: each returns the final value or raises InvalidValue.

A value beyond the limits in force (viewra/codec/limits.py) is refused; a text that is only for people is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from functools import partial
from typing import Any, TypeVar

from viewra.codec.limits import in_force
from viewra.codec.rpc import InvalidValue
from viewra.text import clean, cut, is_utf8, shown
from viewra.types import MAX_ID

T = TypeVar("T")
Bounded = TypeVar("Bounded", bound=Sized)


def text(value: object, field: str) -> str:
    """A text of limited length that UTF-8 can encode."""
    if not isinstance(value, str):
        raise InvalidValue(field, f"must be text, not {_kind(value)}")
    most = in_force().text_bytes
    if len(value) > most or not value.isascii():
        if not is_utf8(value):
            raise InvalidValue(field, "has characters that UTF-8 cannot carry (lone surrogates)")
        size = len(value.encode())
        if size > most:
            raise InvalidValue(field, f"has {size:,} bytes; at most {most:,} are allowed")
    return value


def note(value: object, field: str) -> str:
    """A text for people: if too long, it is cut, with a note of its length."""
    if not isinstance(value, str):
        raise InvalidValue(field, f"must be text, not {_kind(value)}")
    if not is_utf8(value):
        raise InvalidValue(field, "has characters that UTF-8 cannot carry (lone surrogates)")
    return cut(value, in_force().reason_bytes)


def within(values: Bounded, field: str) -> Bounded:
    """A list or map itself, if it does not have too many entries."""
    most = in_force().entries
    if len(values) > most:
        raise InvalidValue(field, f"has {len(values):,} entries; at most {most:,} are allowed")
    return values


def text_map(value: object, field: str) -> dict[str, str]:
    """A mapping of text to text with a limited number of entries."""
    if not isinstance(value, Mapping):
        raise InvalidValue(field, f"must be a mapping of text to text, not {_kind(value)}")
    within(value, field)
    most = in_force().text_bytes
    if type(value) is dict and _plain(value, most) and _plain(value.values(), most):
        return value.copy()
    checked: dict[str, str] = {}
    for key, item in value.items():
        name = text(key, f"{field} key")
        checked[name] = text(item, f"{field}[{clean(name, 100)}]")
    return checked


def boolean(value: object, field: str) -> bool:
    """True or False, not other truthy values."""
    if not isinstance(value, bool):
        raise InvalidValue(field, f"must be True or False, not {_kind(value)}")
    return value


def whole(value: object, field: str, *, least: int, most: int) -> int:
    """An integer within these bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidValue(field, f"must be a whole number from {least} to {most}, not {shown(value)}")
    return value


uint32 = partial(whole, least=0, most=MAX_ID)
"""An integer that fits the wire's uint32."""

time = partial(whole, least=-(2**63), most=2**63 - 1)
"""An integer of seconds since the epoch that fits the wire's int64; Go's zero time is negative."""


def identifier(value: object, field: str) -> int:
    """The id of a stored object: 1 to MAX_ID."""
    if type(value) is int and 0 < value <= MAX_ID:  # as it is for each file of a scan
        return value
    number = uint32(value, field)
    if number == 0:
        raise InvalidValue(field, "must be 1 or more")
    return number


def items(value: object, field: str, item: Callable[[Any, str], T]) -> tuple[T, ...]:
    """A sequence of a limited number of items, each checked by ``item``."""
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
        raise InvalidValue(field, f"leaves its base: {shown(value)}")
    return str(value)


def texts(value: object, field: str) -> tuple[str, ...]:
    """A sequence of texts."""
    if type(value) is tuple:
        limits = in_force()
        if len(value) <= limits.entries and _plain(value, limits.text_bytes):
            return value
    return items(value, field, text)


def instance(value: object, field: str, kind: type[T]) -> T:
    """A value of exactly the type in the method's contract."""
    if not isinstance(value, kind):
        raise InvalidValue(field, f"must be a {kind.__name__}, not {_kind(value)}")
    return value


def _plain(values: Iterable[object], most: int) -> bool:
    """Whether all texts are short ASCII, as most are: then no field names need to be built for them."""
    for value in values:  # noqa: SIM110 - on the path of each call, and a generator takes as long again
        if type(value) is not str or len(value) > most or not value.isascii():
            return False
    return True


def _kind(value: object) -> str:
    return clean(type(value).__name__, 100)
