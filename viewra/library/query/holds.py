"""Decides whether a file's metadata matches a condition on a field without a column: any field of a plugin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import re2

from viewra.library.query.fields import ABSENT_IS_NO, INDEXED
from viewra.library.query.tree import And, Bound, Given, Leaf, Node, Not, Or, Pattern, Text
from viewra.library.query.values import number, yes_or_no
from viewra.library.words import Wanted, indexed, wanted
from viewra.types.values import Value

_LEADING_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d+)?|\.\d+)")
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_STATED_DATE = re.compile(r"\s*(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?|(\d\d)(\d\d))?(?!\d)")
"""A date as files state it: ``1990``, ``1990-05-17``, ``1990.5.17``, ``19900517``."""
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})

Condition = Callable[[Mapping[str, Value]], bool]


def is_date(text: str) -> bool:
    """Whether a bound is a day or a month, which is compared as text; a year alone is a number."""
    return _DATE.fullmatch(text) is not None


def condition(leaf: Leaf) -> Condition:
    """Return the predicate of one condition. A file's values have its path as ``path``."""
    if isinstance(leaf, Pattern):
        return _pattern(leaf)
    if isinstance(leaf, Bound):
        return _bound(leaf)
    if isinstance(leaf, Given):
        return lambda values: any(_values(values, leaf.field))
    return _text(leaf)


def holds(node: Node, truth: Mapping[int, bool]) -> bool:
    """Whether a condition is true. ``truth`` has the value of each leaf by ``id()``."""
    if isinstance(node, Not):
        return not holds(node.node, truth)
    if isinstance(node, And):
        return all(holds(one, truth) for one in node.nodes)
    if isinstance(node, Or):
        return any(holds(one, truth) for one in node.nodes)
    return truth[id(node)]


def _pattern(leaf: Pattern) -> Condition:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    compiled = re2.compile(leaf.expression, options)
    return lambda values: any(compiled.search(value) is not None for value in _values(values, leaf.field))


def _bound(leaf: Bound) -> Condition:
    if is_date(leaf.low) or is_date(leaf.high):
        return _bound_of_dates(leaf)
    low, high = number(leaf.low), number(leaf.high)

    def met(values: Mapping[str, Value]) -> bool:
        for value in _values(values, leaf.field):
            match = _LEADING_NUMBER.match(value)
            if match is not None and _is_between(float(match.group()), low, high, leaf):
                return True
        return False

    return met


def _bound_of_dates(leaf: Bound) -> Condition:
    low, high = _date_bound(leaf.low), _date_bound(leaf.high)

    def met(values: Mapping[str, Value]) -> bool:
        dates = [date for value in _values(values, leaf.field) if (date := _date(value))]
        return any(
            (not low or _above(date[: len(low)], low, leaf.with_low))
            and (not high or _above(high, date[: len(high)], leaf.with_high))
            for date in dates
        )

    return met


def _date_bound(text: str) -> tuple[float, ...]:
    """Return year, month and day of a bound, as far as it has them; none of ``""``."""
    if is_date(text):
        return _date(text)
    year = number(text)
    return () if year is None else (year,)


def _date(text: str) -> tuple[float, ...]:
    """Return year, month and day, as far as a text begins with them."""
    found = _STATED_DATE.match(text)
    return tuple(int(part) for part in found.groups() if part is not None) if found is not None else ()


def _is_between(value: float, low: float | None, high: float | None, leaf: Bound) -> bool:
    above = low is None or (value >= low if leaf.with_low else value > low)
    return above and (high is None or (value <= high if leaf.with_high else value < high))


def _above(value: tuple[float, ...], bound: tuple[float, ...], with_bound: bool) -> bool:
    return value >= bound if with_bound else value > bound


def _text(leaf: Text) -> Condition:
    asked = wanted(leaf.text, prefix=leaf.prefix)
    answer = (
        yes_or_no(leaf.text)
        if leaf.field not in INDEXED and leaf.field and not leaf.quoted and not leaf.prefix
        else None
    )
    fields = (leaf.field,) if leaf.field else INDEXED

    def met(values: Mapping[str, Value]) -> bool:
        found = [value for field in fields for value in _values(values, field)]
        if answer is not None and all(value in _YES | _NO for value in found):
            if not found:
                return leaf.field in ABSENT_IS_NO and not answer
            return any((value in _YES) is answer for value in found)
        return asked is not None and any(_has(indexed([value]).split(" "), asked) for value in found)

    return met


def _has(words: Sequence[str], asked: Wanted) -> bool:
    return any(_has_sequence(words, sequence, asked.prefix) for sequence in asked.sequences)


def _has_sequence(words: Sequence[str], sequence: Sequence[str], prefix: bool) -> bool:
    *first, last = sequence
    for at in range(len(words) - len(first)):
        end = words[at + len(first)]
        if list(words[at : at + len(first)]) == first and (end.startswith(last) if prefix else end == last):
            return True
    return False


def _values(values: Mapping[str, Value], field: str) -> Sequence[str]:
    value = values.get(field, ())
    return (value,) if isinstance(value, str) else value
