"""Values without fields (types, bounds, scalars) and their unification. ``node`` handles structs and lists."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import NamedTuple

from viewra.manifest.cue.ast import Atom
from viewra.manifest.cue.numbers import number_text
from viewra.manifest.cue.patterns import compile_cost, match_cost, matches
from viewra.manifest.cue.problem import Problem
from viewra.manifest.cue.source import Place

NULL, BOOL, INT, FLOAT, STRING, BYTES, LIST, STRUCT = (1 << bit for bit in range(8))
NUMBER, TOP = INT | FLOAT, 255
_NAMES = (
    (NULL, "null"),
    (BOOL, "bool"),
    (NUMBER, "number"),
    (INT, "int"),
    (FLOAT, "float"),
    (STRING, "string"),
    (BYTES, "bytes"),
    (LIST, "a list"),
    (STRUCT, "a struct"),
)
_KIND_OF = {type(None): NULL, bool: BOOL, int: INT, Decimal: FLOAT, str: STRING, bytes: BYTES}


class Bound(NamedTuple):
    """One of ``< <= > >= != =~ !~`` with its operand. ``place`` is its place in the text."""

    operator: str
    operand: Atom
    place: Place | None

    def __str__(self) -> str:
        return f"{self.operator}{atom_text(self.operand)}"

    @property
    def kinds(self) -> int:
        """The kinds of values that can satisfy the bound."""
        if self.operator in ("=~", "!~"):
            return STRING
        kind = kind_of(self.operand)
        if self.operand is None:
            return TOP & ~NULL
        return NUMBER if kind & NUMBER else kind

    def holds(self, value: Atom) -> bool:
        """Whether a value of one of its kinds satisfies the bound."""
        if self.operator in ("=~", "!~"):
            return matches(str(self.operand), str(value), self.place) == (self.operator == "=~")
        return compare(self.operator, value, self.operand)


class Basic:
    """All knowledge about a value except its fields and items. Immutable.

    ``concrete`` means that ``value`` is known. ``place`` is the place of the value or type in the text.
    """

    __slots__ = ("bounds", "concrete", "kinds", "name", "place", "value")

    def __init__(
        self,
        kinds: int,
        place: Place | None = None,
        *,
        value: Atom = None,
        concrete: bool = False,
        bounds: tuple[Bound, ...] = (),
        name: str = "",
    ) -> None:
        self.kinds = kinds
        self.place = place
        self.value = value
        self.concrete = concrete
        self.bounds = bounds
        self.name = name

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal values."""
        if self.concrete:
            return self.kinds, self.value
        return self.kinds, frozenset((bound.operator, kind_of(bound.operand), bound.operand) for bound in self.bounds)

    def __str__(self) -> str:
        if self.concrete:
            return atom_text(self.value)
        if self.name:
            return self.name
        implied = NUMBER if any(bound.kinds == NUMBER for bound in self.bounds) else 0
        implied = implied or (STRING if any(bound.kinds == STRING for bound in self.bounds) else 0)
        parts = [] if self.kinds == implied or (self.kinds == TOP & ~NULL and self.bounds) else [kinds_text(self.kinds)]
        return " & ".join([*parts, *map(str, self.bounds)])


ANY = Basic(TOP, name="_")
_MAX_FLOAT32 = Decimal("3.40282346638528859811704183484516925440e+38")
_MAX_FLOAT64 = Decimal("1.797693134862315708145274237317043567981e+308")


def _ranged(name: str, kinds: int, low: Atom, high: Atom = None) -> Basic:
    bounds = [Bound(">=", low, None)] + ([Bound("<=", high, None)] if high is not None else [])
    return Basic(kinds, bounds=tuple(bounds), name=name)


PREDECLARED: dict[str, Basic] = {
    "_": ANY,
    "bool": Basic(BOOL),
    "int": Basic(INT),
    "float": Basic(FLOAT),
    "number": Basic(NUMBER),
    "string": Basic(STRING),
    "bytes": Basic(BYTES),
    "uint": _ranged("uint", INT, 0),
    "rune": _ranged("rune", INT, 0, 0x10FFFF),
    "float32": _ranged("float32", NUMBER, -_MAX_FLOAT32, _MAX_FLOAT32),
    "float64": _ranged("float64", NUMBER, -_MAX_FLOAT64, _MAX_FLOAT64),
    **{f"int{bits}": _ranged(f"int{bits}", INT, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": _ranged(f"uint{bits}", INT, 0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "int128": _ranged("int128", INT, -(2**127), 2**127 - 1),
    "uint128": _ranged("uint128", INT, 0, 2**128 - 1),
}
"""The types of the language by name."""


def kind_of(value: Atom) -> int:
    """The kind of a scalar."""
    return _KIND_OF[type(value)]


def scalar(value: Atom, place: Place | None) -> Basic:
    """A concrete value."""
    return Basic(kind_of(value), place, value=value, concrete=True)


def bounded(operator: str, operand: Atom, place: Place) -> Basic:
    """The values that satisfy a bound. Raises ``Problem`` for an operand of the wrong kind."""
    if operator in ("=~", "!~"):
        if not isinstance(operand, str):
            raise Problem(f"{operator} takes a regular expression, found {atom_text(operand)}", place)
        matches(operand, "", place)  # compiled at once, so that a bad one is reported even if it is never matched
    elif operator != "!=" and (operand is None or isinstance(operand, bool)):
        raise Problem(f"{operator} takes a number, a string or bytes, found {atom_text(operand)}", place)
    bound = Bound(operator, operand, place)
    return Basic(bound.kinds, place, bounds=(bound,))


def meet(a: Basic, b: Basic) -> Basic:
    """Unify two values. Raises ``Problem`` with the expected and the found value."""
    if b is ANY or a is b:
        return a
    if a is ANY:
        return b
    kinds = a.kinds & b.kinds
    if not kinds:
        raise _mismatch(a, b)
    if a.concrete and b.concrete:
        if a.value != b.value:
            raise Problem(f"conflicting values {a} and {b}", *_places(a.place, b.place), kind="value")
        return a
    if b.concrete:
        a, b = b, a
    if a.concrete:
        for bound in b.bounds:
            if not bound.holds(a.value):
                expected = f"{a} is not {bound}" + (f" ({b.name})" if b.name else "")
                raise Problem(expected, *_places(a.place, bound.place or b.place), kind="bound")
        return a
    bounds = a.bounds + tuple(bound for bound in b.bounds if bound not in a.bounds)
    if kinds & NUMBER and len(bounds) > 1:
        _check_range(kinds, bounds)
    bounds = tuple(bound for bound in bounds if bound.kinds & kinds)
    name = a.name if not b.bounds and a.kinds == kinds else b.name if not a.bounds and b.kinds == kinds else ""
    return Basic(kinds, a.place or b.place, bounds=bounds, name=name)


def effort(a: Basic, b: Basic) -> int:
    """The steps that matching regular expressions takes when the two are unified."""
    if not a.concrete:
        a, b = b, a
    if not b.bounds or not isinstance(a.value, str):
        return 0
    return sum(match_cost(str(bound.operand), a.value) for bound in b.bounds if bound.operator in ("=~", "!~"))


def preparation(basic: Basic) -> int:
    """The steps that compiling its regular expressions takes."""
    return sum(compile_cost(str(bound.operand)) for bound in basic.bounds if bound.operator in ("=~", "!~"))


def compare(operator: str, left: Atom, right: Atom) -> bool:
    """Compare two scalars whose kinds allow it. Ints and floats compare as numbers."""
    comparable = kind_of(left) == kind_of(right) or (kind_of(left) | kind_of(right)) == NUMBER
    if operator in ("==", "!="):
        return (comparable and left == right) == (operator == "==")
    below, same = left < right, left == right  # type: ignore[operator]  # the caller checked the kinds
    return {"<": below, "<=": below or same, ">": not (below or same), ">=": not below}[operator]


def atom_text(value: Atom) -> str:
    """A scalar in CUE's notation, shortened for messages."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 60 else f"{value[:57]}...", ensure_ascii=False)
    if isinstance(value, bytes):
        return repr(value[:60])[1:]
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return number_text(value)


def kinds_text(kinds: int) -> str:
    """Kinds in words: ``int or string``."""
    if kinds == TOP:
        return "_"
    names, left = [], kinds
    for bits, name in _NAMES:
        if left & bits == bits:
            names.append(name)
            left &= ~bits
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _mismatch(a: Basic, b: Basic) -> Problem:
    if a.concrete and b.concrete:
        types = "" if a.kinds == b.kinds else f" ({kinds_text(a.kinds)} and {kinds_text(b.kinds)})"
        return Problem(f"conflicting values {a} and {b}{types}", *_places(a.place, b.place), kind="type")
    if b.concrete or (b.kinds in (LIST, STRUCT) and not a.concrete and a.kinds not in (LIST, STRUCT)):
        a, b = b, a
    if a.concrete or a.kinds in (LIST, STRUCT):
        found = str(a) if a.concrete else kinds_text(a.kinds)
        expected = b.name or kinds_text(b.kinds)
        hint = bytes_hint(a) if b.kinds & STRING else ""
        return Problem(f"expected {expected}, found {found}{hint}", *_places(a.place, b.place), kind="type")
    return Problem(f"conflicting types {a} and {b}", *_places(a.place, b.place), kind="type")


def bytes_hint(found: Basic) -> str:
    """The hint for text in single quotes."""
    return ", which is bytes: write text in double quotes" if found.concrete and found.kinds == BYTES else ""


def _places(*places: Place | None) -> list[Place]:
    return [place for place in places if place is not None]


def _check_range(kinds: int, bounds: tuple[Bound, ...]) -> None:
    """Raise if no number can satisfy all bounds. As in CUE, a range of one number stays a range."""
    lows = [bound for bound in bounds if bound.operator in (">", ">=") and bound.kinds == NUMBER]
    highs = [bound for bound in bounds if bound.operator in ("<", "<=") and bound.kinds == NUMBER]
    if not lows or not highs or not kinds & NUMBER or kinds & ~NUMBER:
        return
    low = max(lows, key=lambda bound: (bound.operand, bound.operator == ">"))
    high = min(highs, key=lambda bound: (bound.operand, bound.operator == "<="))
    floor, ceiling = low.operand, high.operand
    assert isinstance(floor, (int, Decimal)) and isinstance(ceiling, (int, Decimal))  # noqa: S101, PT018
    empty = floor > ceiling or (floor == ceiling and (low.operator == ">" or high.operator == "<"))
    if not empty and kinds == INT:
        first = math.floor(floor) + 1 if low.operator == ">" else math.ceil(floor)
        last = math.ceil(ceiling) - 1 if high.operator == "<" else math.floor(ceiling)
        empty = first > last
    if empty:
        number = "int" if kinds == INT else "number"
        raise Problem(f"no {number} is {low} and {high}", *_places(low.place, high.place), kind="bound")
