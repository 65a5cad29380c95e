"""The description of one method of a host service: its arguments, the permission that it needs, its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from viewra.codec.rpc import InvalidValue
from viewra.errors import UsageError

T = TypeVar("T")

Answered = tuple[Any, bytes]
"""A result on its way: JSON data, and bytes beside it."""
Check = Callable[[object, str], object]
"""Gives the final value of an argument with a name; raises InvalidValue."""


def _plain(value: Any) -> Answered:
    return value, b""


def _as_it_is(value: Any, data: bytes) -> Any:
    del data
    return value


@attrs.frozen(eq=False)
class HostMethod(Generic[T]):
    """One method, such as ``kv.get``.

    ``parameters`` has the check of each argument; ``takes_data`` says that it takes bytes, as the argument ``data``.
    ``permission`` is what the operator must have granted (``library:read``), "" for nothing. ``encode`` gives the form
    on the wire of what the host's method returned, ``decode`` the result for the plugin. A ``quick`` one takes
    no longer than handing it to another thread does: it looks into memory, or reads one row. One that is ``lasting``
    waits for others than the host, and gets the ``call`` itself. One that ``needs_rights`` gets the
    caller's ``rights``, where what is allowed depends on the arguments.
    """

    name: str
    parameters: Mapping[str, Check] = attrs.field(factory=dict)
    takes_data: bool = False
    permission: str = ""
    quick: bool = False
    lasting: bool = False
    needs_rights: bool = False
    encode: Callable[[T], Answered] = _plain
    decode: Callable[[Any, bytes], T] = _as_it_is

    @property
    def service(self) -> str:
        """The service's name."""
        return self.name.partition(".")[0]

    @property
    def action(self) -> str:
        """The name of the method that implements it."""
        return self.name.partition(".")[2]

    def checked(self, arguments: object, data: bytes) -> dict[str, Any]:
        """The arguments in their final form, absent ones as None; raises UsageError."""
        given = {} if arguments is None else arguments
        if not isinstance(given, dict):
            raise UsageError(f"{self.name}: the arguments must be an object of names and values")
        for name in given:
            if name not in self.parameters:
                raise UsageError(f"{self.name} has no argument {name!r}"[:300])
        try:
            found = {name: check(given.get(name), name) for name, check in self.parameters.items()}
        except InvalidValue as error:
            raise UsageError(f"{self.name}: {error}") from error
        if self.takes_data:
            found["data"] = data
        elif data:
            raise UsageError(f"{self.name} takes no data")
        return found


def optional(check: Check) -> Check:
    """A check that accepts None, too."""

    def checked(value: object, field: str) -> object:
        return None if value is None else check(value, field)

    return checked


def number(least: float, most: float) -> Check:
    """A check of a number within these bounds."""

    def checked(value: object, field: str) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidValue(field, f"must be a number from {least:g} to {most:g}")
        return float(value)

    return checked
