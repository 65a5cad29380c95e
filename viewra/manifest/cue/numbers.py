"""Number literals and arithmetic within limits. CUE's int is a Python int, its float a Decimal of 34 digits."""

from __future__ import annotations

import decimal
import re
from decimal import Decimal

from viewra.manifest.cue.limits import Limits

_CONTEXT = decimal.Context(prec=34, Emax=999_999, Emin=-999_999, traps=[decimal.InvalidOperation])
_BASES = {"0x": 16, "0X": 16, "0o": 8, "0b": 2}
_UNITS = {letter: power for power, letter in enumerate("KMGTP", start=1)}
_DECIMAL = re.compile(
    r"(?P<whole>0|[1-9](?:_?[0-9])*)?(?P<point>\.(?P<fraction>[0-9](?:_?[0-9])*)?)?"
    r"(?:[eE](?P<exponent>[+-]?[0-9](?:_?[0-9])*)|(?P<unit>[KMGTP])(?P<binary>i?))?"
)
_DIGITS = {16: re.compile(r"_?[0-9a-fA-F](?:_?[0-9a-fA-F])*"), 8: re.compile(r"_?[0-7](?:_?[0-7])*")}
_DIGITS[2] = re.compile(r"_?[01](?:_?[01])*")


class NumberError(ValueError):
    """Not a number, or a number beyond the limits."""


def parse_number(text: str, limits: Limits) -> int | Decimal:
    """The value of a number literal without a sign. Raises ``NumberError`` with a complete message."""
    if len(text) > limits.digits:
        raise NumberError(f"a number has at most {limits.digits:,} digits")
    base = _BASES.get(text[:2])
    if base is not None:
        if not _DIGITS[base].fullmatch(text, 2):
            raise NumberError(f"{text!r} is not a number")
        return int(text[2:].replace("_", ""), base)
    found = _DECIMAL.fullmatch(text)
    if found is None or (found["whole"] is None and found["fraction"] is None):
        raise NumberError(f"{text!r} is not a number")
    whole, fraction = (found["whole"] or "0").replace("_", ""), (found["fraction"] or "").replace("_", "")
    if found["unit"]:
        factor: int = (1024 if found["binary"] else 1000) ** _UNITS[found["unit"]]
        divisor: int = 10 ** len(fraction)
        value, rest = divmod(int(whole + fraction) * factor, divisor)
        if rest:
            raise NumberError(f"{text!r} is not a whole number")
        return value
    if found["point"] is None and found["exponent"] is None:
        return int(whole)
    exponent = (found["exponent"] or "0").replace("_", "")
    if len(exponent) > 12 or abs(int(exponent)) > limits.exponent:
        raise NumberError(f"the exponent of a number is at most {limits.exponent:,}")
    return Decimal(f"{whole}.{fraction or '0'}E{exponent}" if fraction else f"{whole}E{exponent}")


def check_size(value: int | Decimal, limits: Limits) -> int | Decimal:
    """The number itself. Raises ``NumberError`` if it is beyond the limits."""
    if isinstance(value, int):
        if value.bit_length() > limits.digits * 3.33:
            raise NumberError(f"a number has at most {limits.digits:,} digits")
    elif not value.is_finite() or (value and abs(value.adjusted()) > limits.exponent):
        raise NumberError(f"the exponent of a number is at most {limits.exponent:,}")
    return value


def arithmetic(operator: str, left: int | Decimal, right: int | Decimal, limits: Limits) -> int | Decimal:
    """``+ - * /`` on numbers; ``/`` always returns a float. Raises ``NumberError``."""
    if operator == "/":
        if not right:
            raise NumberError("division by zero")
        return check_size(_fractional(_CONTEXT.divide(Decimal(left), Decimal(right))), limits)
    if isinstance(left, int) and isinstance(right, int):
        if operator == "*":
            return check_size(left * right, limits)
        return check_size(left + right if operator == "+" else left - right, limits)
    a, b = Decimal(left), Decimal(right)
    try:
        result = {"+": _CONTEXT.add, "-": _CONTEXT.subtract, "*": _CONTEXT.multiply}[operator](a, b)
    except decimal.DecimalException as error:
        raise NumberError(f"the exponent of a number is at most {limits.exponent:,}") from error
    return check_size(result, limits)


def integer_division(name: str, left: int, right: int) -> int:
    """``div`` and ``mod`` (Euclidean), ``quo`` and ``rem`` (truncated towards zero); raises ``NumberError``."""
    if not right:
        raise NumberError("division by zero")
    remainder = abs(left) % abs(right)
    if name in ("quo", "rem"):
        remainder = -remainder if left < 0 else remainder
    elif left < 0 and remainder:
        remainder = abs(right) - remainder
    return remainder if name in ("mod", "rem") else (left - remainder) // right


def number_text(value: int | Decimal) -> str:
    """The number in CUE's notation."""
    return str(value) if isinstance(value, int) else format(value)


def _fractional(value: Decimal) -> Decimal:
    """Mark it as a float: ``6/2`` is ``3.0``."""
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal("0.1"), context=_CONTEXT) if exponent == 0 and abs(value) < 10**30 else value
