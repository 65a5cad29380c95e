"""Makes the values of a listing from its rows.

attrs fills a frozen class with a function call for each field, which takes a third of a listing. So a value is made of
a class with the same slots that is not frozen, and then becomes one of the frozen class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa

T = TypeVar("T")


def filled(kind: type[T], rows: Iterable[Sequence[Any]]) -> Iterator[T]:
    """Yield a value of ``kind`` for each row, which has all of its fields in their order, and possibly more."""
    make, width = unfrozen(kind), len(attrs.fields(kind))  # type: ignore[arg-type]
    for row in rows:
        value = make(*row[:width])
        value.__class__ = kind
        yield value


@cache
def unfrozen(kind: type[Any]) -> Any:
    """Return the class whose values become those of ``kind`` when that is assigned to their ``__class__``.

    ``kind`` is frozen, with slots and without ``weakref_slot``, so that both classes have the same layout.
    """
    names = [field.name for field in attrs.fields(kind)]
    return attrs.make_class(kind.__name__, names, slots=True, weakref_slot=False, eq=False, repr=False)


def known_number(column: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    """Return NULL instead of 0, which stands for an unknown number."""
    return sa.func.nullif(column, sa.literal_column("0"))


def seconds(milliseconds: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    """Return a number of seconds."""
    return sa.cast(milliseconds, sa.Double) / sa.literal_column("1000.0", sa.Double)
