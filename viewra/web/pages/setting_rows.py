"""A list of structs in a form: a row of inputs for each item, and an empty one for another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import attrs

from viewra.manifest.shapes import Shape
from viewra.web.pages.forms import Form

_SCALARS = ("string", "int", "float", "bool", "null")
MOST = 1000
"""Rows that a form may have."""


@attrs.frozen
class Cell:
    """One input of a row: its ``name`` in the form, its label, what it shows, and what can be chosen, as JSON."""

    name: str
    label: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()
    number: bool = False


def fits(items: Shape | None, value: object) -> bool:
    """Whether a list with such items, and this value, can be shown as rows: no item has more than the inputs have."""
    if items is None or not items.members or not items.accepts("struct"):
        return False
    names = {name for name, shape in items.members if shape.accepts(*_SCALARS)}
    if len(names) < len(items.members):
        return False
    rows = value if isinstance(value, list) else []
    return all(isinstance(row, dict) and row.keys() <= names and not _nested(row) for row in rows)


def rows(key: str, items: Shape, value: object, typed: Form | None) -> list[list[Cell]]:
    """The rows of a list: those that were typed, else those of its value; the last one is empty."""
    known = value if isinstance(value, list) else []
    count = _count(typed, key) if typed is not None else len(known)
    shown: list[list[Cell]] = []
    for number in range(count + (typed is None)):
        cells = []
        for name, shape in items.members:
            input_name = f"v:{key}.{number}.{name}"
            text = typed.raw(input_name) if typed is not None else _text(known, number, name, shape)
            cells.append(Cell(input_name, name, text, _choices(shape), number=shape.accepts("int", "float")))
        shown.append(cells)
    return shown


def meant(key: str, items: Shape, form: Form) -> list[dict[str, object]]:
    """The items that a form has; an input without text leaves the field out, a row without any is no item."""
    found = []
    for number in range(_count(form, key)):
        item: dict[str, object] = {}
        for name, shape in items.members:
            raw = form.raw(f"v:{key}.{number}.{name}")
            if raw.strip():
                item[name] = raw if shape.accepts("string", "null") and not shape.choices else _decoded(raw)
        if item:
            found.append(item)
    return found


def _count(form: Form, key: str) -> int:
    text = form.get(f"rows:{key}")
    return min(int(text), MOST) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _choices(shape: Shape) -> tuple[tuple[str, str], ...]:
    values = shape.choices or ((True, False) if shape.accepts("bool") else ())
    words = {True: "yes", False: "no"}
    return tuple(
        (json.dumps(one, ensure_ascii=False), words[one] if isinstance(one, bool) else str(one)) for one in values
    )


def _text(known: Sequence[Mapping[str, object]], number: int, name: str, shape: Shape) -> str:
    if number >= len(known) or known[number].get(name) is None:
        return ""
    value = known[number][name]
    return value if isinstance(value, str) and not shape.choices else json.dumps(value, ensure_ascii=False)


def _nested(row: Mapping[str, object]) -> bool:
    return any(isinstance(value, dict | list) for value in row.values())


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
