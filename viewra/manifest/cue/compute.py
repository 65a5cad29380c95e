"""Computes operators, interpolations and functions from the values of their operands."""

from __future__ import annotations

import re
from decimal import Decimal

from viewra.manifest.cue import ast
from viewra.manifest.cue.equality import equal
from viewra.manifest.cue.faults import failure
from viewra.manifest.cue.kinds import (
    BOOL,
    BYTES,
    NUMBER,
    STRING,
    Basic,
    atom_text,
    bounded,
    compare,
    kind_of,
    kinds_text,
    scalar,
)
from viewra.manifest.cue.node import Conjunct, Node, Run, Scope
from viewra.manifest.cue.numbers import NumberError, arithmetic, integer_division
from viewra.manifest.cue.patterns import compile_cost, match_cost, matches
from viewra.manifest.cue.problem import Incomplete, Limit, Problem
from viewra.manifest.cue.references import find
from viewra.manifest.cue.settle import settle

_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
"""Bytes that are not UTF-8, as Python decodes them with ``surrogateescape``."""


def operate(run: Run, expr: ast.Expr, scope: Scope | None) -> Basic:
    """The value of an operator, a template or a function. Raises ``Incomplete`` while an operand is unknown."""
    run.meter.spend(1, expr)
    try:
        if isinstance(expr, ast.Unary):
            return _unary(run, expr, scope)
        if isinstance(expr, ast.Chain):
            return _chain(run, expr, scope)
        if isinstance(expr, ast.Template):
            return _template(run, expr, scope)
        assert isinstance(expr, ast.Call)  # noqa: S101  (the evaluator sends nothing else)
        return _call(run, expr, scope)
    except NumberError as error:
        raise Problem(str(error), expr.place) from None


def operand(run: Run, expr: ast.Expr, scope: Scope | None) -> Basic | Node:
    """Any expression as an operand: a Basic for scalars and types, a Node for structs and lists."""
    if isinstance(expr, ast.Literal):
        return scalar(expr.value, expr.place)
    if isinstance(expr, (ast.Unary, ast.Chain, ast.Template)):
        return operate(run, expr, scope)
    if isinstance(expr, ast.Reference) and expr.hops >= 0:
        return settle(find(run, expr, scope), expr.place)
    probe = Node(run, "", None)
    probe.conjuncts.append(Conjunct(expr, scope))
    return settle(probe, expr.place)


def _known(run: Run, expr: ast.Expr, scope: Scope | None) -> Basic | Node:
    value = operand(run, expr, scope)
    if isinstance(value, Basic) and not value.concrete:
        raise Incomplete(f"needs a value, found {value}", expr.place)
    return value


def _unary(run: Run, expr: ast.Unary, scope: Scope | None) -> Basic:
    value = _known(run, expr.operand, scope)
    operator = expr.operator
    if operator in ("+", "-", "!"):
        wanted = BOOL if operator == "!" else NUMBER
        if not isinstance(value, Basic) or not value.kinds & wanted:
            raise Problem(f"{operator} takes a {kinds_text(wanted)}, found {_shown(value)}", expr.place)
        if operator == "!":
            return scalar(not value.value, expr.place)
        number = value.value
        assert isinstance(number, (int, Decimal))  # noqa: S101  (just checked)
        negative = -number if isinstance(number, int) else number.copy_negate() if number else number
        return scalar(number if operator == "+" else negative, expr.place)
    if not isinstance(value, Basic):
        raise Problem(f"{operator} takes a number, a string or bytes, found {_shown(value)}", expr.place)
    if isinstance(value.value, str) and operator in ("=~", "!~"):
        run.meter.spend(compile_cost(value.value), expr)
    return bounded(operator, value.value, expr.place)


def _chain(run: Run, expr: ast.Chain, scope: Scope | None) -> Basic:
    for side in (expr.first, *(right for _, right in expr.rest)):
        if _is_type(side) and any(operator in ("==", "!=") for operator, _ in expr.rest):
            raise Problem(f"a comparison takes values, found {side.text}", side.place)
    operator, right_expr = expr.rest[0]
    rest = expr.rest
    left: Basic | Node
    if operator in ("==", "!=") and (isinstance(right_expr, ast.Bottom) or isinstance(expr.first, ast.Bottom)):
        tested = expr.first if isinstance(right_expr, ast.Bottom) else right_expr
        left = scalar(_is_bottom(run, tested, scope) == (operator == "=="), expr.place)
        rest = rest[1:]
    else:
        left = _known(run, expr.first, scope)
    for operator, right_expr in rest:
        run.meter.spend(1, right_expr)
        if operator in ("&&", "||"):
            left = _logic(run, operator, left, right_expr, scope, expr)
            continue
        right = _known(run, right_expr, scope)
        if isinstance(left, Node) or isinstance(right, Node):
            if operator not in ("==", "!="):
                raise _bad_operands(operator, left, right, expr)
            left = scalar(equal(run, left, right, expr.place) == (operator == "=="), expr.place)
        else:
            left = scalar(_binary(run, operator, left.value, right.value, expr), expr.place)
    assert isinstance(left, Basic)  # noqa: S101  (a chain has at least one operator)
    return left


def _is_type(expr: ast.Expr) -> bool:
    """Whether an expression is written as a type or a bound, which never becomes a concrete value."""
    if isinstance(expr, ast.Unary):
        return expr.operator not in ("+", "-", "!")
    return isinstance(expr, ast.Reference) and expr.hops < 0


def _is_bottom(run: Run, expr: ast.Expr, scope: Scope | None) -> bool:
    """Whether an expression is an error or an absent field: the question of ``== _|_``."""
    if isinstance(expr, ast.Bottom):
        return True
    try:
        target: Node | Basic | None = None
        if (isinstance(expr, ast.Reference) and expr.hops >= 0) or isinstance(expr, ast.Path):
            target = find(run, expr, scope)
            if isinstance(target, Node) and target.presence == ast.REQUIRED:
                return True
        value = operand(run, expr, scope) if target is None else settle(target, expr.place)
    except Incomplete as waits:
        if waits.cycle:
            raise
        return not waits.several
    except Limit:
        raise
    except Problem:
        return True
    if isinstance(value, Basic):
        return not value.concrete
    return failure(value) is not None


def _logic(run: Run, operator: str, left: Basic | Node, right: ast.Expr, scope: Scope | None, expr: ast.Chain) -> Basic:
    if not isinstance(left, Basic) or not isinstance(left.value, bool):
        raise Problem(f"{operator} takes bools, found {_shown(left)}", expr.place)
    if left.value == (operator == "||"):
        return left
    value = _known(run, right, scope)
    if not isinstance(value, Basic) or not isinstance(value.value, bool):
        raise Problem(f"{operator} takes bools, found {_shown(value)}", right.place)
    return value


def _binary(run: Run, operator: str, left: ast.Atom, right: ast.Atom, expr: ast.Chain) -> ast.Atom:
    if operator in ("==", "!="):
        return compare(operator, left, right)
    if operator in ("=~", "!~"):
        if not isinstance(left, str) or not isinstance(right, str):
            raise _bad_operands(operator, left, right, expr)
        run.meter.spend(compile_cost(right) + match_cost(right, left), expr)
        return matches(right, left, expr.place) == (operator == "=~")
    kinds = kind_of(left) | kind_of(right)
    if operator in ("<", "<=", ">", ">="):
        if kinds & ~NUMBER and kinds not in (STRING, BYTES):
            raise _bad_operands(operator, left, right, expr)
        return compare(operator, left, right)
    if not kinds & ~NUMBER:
        assert isinstance(left, (int, Decimal)) and isinstance(right, (int, Decimal))  # noqa: S101, PT018
        return arithmetic(operator, left, right, run.limits)
    if operator == "+" and kinds in (STRING, BYTES):
        _check_length(run, _length(left) + _length(right), expr)
        return left + right  # type: ignore[operator]
    if operator == "*":
        text, count = (left, right) if isinstance(left, (str, bytes)) else (right, left)
        if isinstance(text, (str, bytes)) and isinstance(count, int) and not isinstance(count, bool):
            if count < 0:
                raise Problem(f"a string cannot be repeated {count} times", expr.place)
            _check_length(run, _length(text) * count, expr)
            return text * count
    raise _bad_operands(operator, left, right, expr)


def _length(value: object) -> int:
    """Bytes in UTF-8."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return len(value) if isinstance(value, bytes) else 0


def _check_length(run: Run, length: int, expr: ast.Expr) -> None:
    if length > run.limits.string_bytes:
        raise Limit(f"a string is longer than {run.limits.string_bytes:,} bytes", expr.place)
    run.meter.spend(length // 1024, expr)


def _template(run: Run, expr: ast.Template, scope: Scope | None) -> Basic:
    texts: list[bytes] = []
    total = 0
    run.meter.spend(2 * len(expr.parts), expr)
    for part in expr.parts:
        piece: ast.Atom = part if isinstance(part, (str, bytes)) else None
        if isinstance(part, ast.Expr):
            value = _known(run, part, scope)
            if not isinstance(value, Basic) or value.value is None:
                message = f"an interpolation takes a bool, a number, a string or bytes, found {_shown(value)}"
                raise Problem(message, part.place)
            piece = value.value
        if isinstance(piece, bool) or not isinstance(piece, (str, bytes)):
            piece = atom_text(piece)
        texts.append(piece.encode() if isinstance(piece, str) else piece)
        total += len(texts[-1])
        _check_length(run, total, expr)
    joined = b"".join(texts)
    if expr.binary:
        return scalar(joined, expr.place)
    return scalar(_NOT_UTF8.sub("\ufffd", joined.decode("utf-8", "surrogateescape")), expr.place)


def _call(run: Run, expr: ast.Call, scope: Scope | None) -> Basic:
    values = [_known(run, argument, scope) for argument in expr.arguments]
    value = values[0]
    if expr.name == "len":
        if isinstance(value, Node):
            if value.items is not None:
                return scalar(len(value.items), expr.place)
            members = [label for label, arc in value.arcs.items() if arc.presence == ast.MEMBER]
            return scalar(sum(map(ast.is_regular, members)), expr.place)
        if isinstance(value.value, (str, bytes)):
            run.meter.spend(len(value.value) // 4096, expr)
            return scalar(_length(value.value), expr.place)
        raise Problem(f"len() takes a string, bytes, a list or a struct, found {_shown(value)}", expr.place)
    numbers = [item.value for item in values if isinstance(item, Basic) and type(item.value) is int]
    if len(numbers) != len(values):
        raise Problem(f"{expr.name}() takes two ints, found {' and '.join(map(_shown, values))}", expr.place)
    return scalar(integer_division(expr.name, numbers[0], numbers[1]), expr.place)


def _bad_operands(operator: str, left: object, right: object, expr: ast.Expr) -> Problem:
    return Problem(f"{operator} does not take {_shown(left)} and {_shown(right)}", expr.place)


def _shown(value: object) -> str:
    if isinstance(value, Node):
        return "a list" if value.items is not None else "a struct"
    return str(value) if isinstance(value, Basic) else atom_text(value)  # type: ignore[arg-type]
