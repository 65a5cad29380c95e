"""Defines operations: functions on a part of the host that are called by name."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

F = TypeVar("F", bound=Callable[..., object])


@attrs.frozen
class Operation:
    """One operation of a host. ``arguments`` is an attrs class of the arguments that ``run`` takes besides its subject.

    ``subject`` is what it works on: the ``plugins`` of a host, or the ``host`` with its library and scans. ``result``
    is the type of its value. ``changes`` is whether it changes something; ``about`` is a description of one line.
    """

    name: str
    run: Callable[..., object]
    arguments: type
    subject: str
    result: Any
    changes: bool
    about: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its arguments."""
        return tuple(field.name for field in attrs.fields(self.arguments))


OPERATIONS: dict[str, Operation] = {}
"""Every operation by name."""


def operation(*, changes: bool) -> Callable[[F], F]:
    """Turn a function into an operation with its name, arguments and first sentence.

    The name of its first parameter says what it works on.
    """

    def add(function: F) -> F:
        name = function.__name__.rstrip("_")
        hints = typing.get_type_hints(function)
        subject, *given = inspect.signature(function).parameters.values()
        fields = {
            one.name: attrs.field(
                type=hints[one.name], default=attrs.NOTHING if one.default is one.empty else one.default
            )
            for one in given
        }
        about = (function.__doc__ or "").partition("\n")[0]
        arguments = attrs.make_class(name, fields, frozen=True)
        OPERATIONS[name] = Operation(
            name, function, arguments, subject=subject.name, result=hints["return"], changes=changes, about=about
        )
        return function

    return add
