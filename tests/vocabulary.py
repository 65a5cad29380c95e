"""Reads docs/vocabulary.md and checks metadata against it: known names, and values of the documented forms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "vocabulary.md"
JOIN = "; "
"""Between the values of a field where they are joined as one text."""


@dataclass(frozen=True)
class Field:
    """One documented field: the section that it is in, its form, whether it may have several values, an example."""

    section: str
    form: str
    several: bool
    example: str


@cache
def forms() -> dict[str, re.Pattern[str]]:
    """Return the documented forms: name to the expression that a whole value matches."""
    block = DOCUMENT.read_text(encoding="utf-8").partition("```forms\n")[2].partition("```")[0]
    return {name: re.compile(rest.strip()) for name, _, rest in (line.partition(" ") for line in block.splitlines())}


@cache
def bounds() -> dict[str, tuple[float, float]]:
    """Return the documented bounds: name of a field to its least and its greatest value."""
    block = DOCUMENT.read_text(encoding="utf-8").partition("```bounds\n")[2].partition("```")[0]
    found: dict[str, tuple[float, float]] = {}
    for line in block.splitlines():
        *names, least, most = line.split()
        found |= dict.fromkeys(names, (float(least), float(most)))
    return found


@cache
def fields() -> dict[str, Field]:
    """Return every documented field by its name. Raises ``ValueError`` for a table that cannot be read."""
    found: dict[str, Field] = {}
    section = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if len(cells) != 5 or cells[1] not in forms() or cells[2] not in {"one", "several"}:
            raise ValueError(f"not a row of name, form, values, meaning and example: {line}")
        for name in re.findall(r"`(\w+)`", cells[0]):
            if name in found:
                raise ValueError(f"{name} is documented twice")
            found[name] = Field(section, cells[1], cells[2] == "several", cells[4].strip("`"))
    return found


def faults(metadata: Mapping[str, str | Sequence[str]]) -> list[str]:
    """Return what is wrong with ``metadata``, a sentence for each value; an empty list when all is as documented."""
    wrong = []
    for name, value in metadata.items():
        field = fields().get(name)
        if field is None:
            wrong.append(f"{name} is not documented")
            continue
        pattern = forms()[field.form]
        values = [value] if isinstance(value, str) else list(value)
        if not values or (len(values) > 1 and not field.several) or len(set(values)) < len(values):
            wrong.append(f"{name} has {len(values)} values: {values}")
        for text in values:
            parts = text.split(JOIN) if isinstance(value, str) and field.several else [text]
            if not (pattern.fullmatch(text) or all(pattern.fullmatch(part) for part in parts)):
                wrong.append(f"{name} is {text!r}, which is no {field.form}")
            elif name in bounds() and not _is_within(text, *bounds()[name]):
                wrong.append(f"{name} is {text!r}, which is beyond its bounds")
    return wrong


def _is_within(text: str, least: float, most: float) -> bool:
    """Whether the number that ``text`` begins with is within bounds; the side of a record is not held to any."""
    number = text.partition(" ")[0]
    return number[:1].isalpha() or least <= float(number) <= most


def check(metadata: Mapping[str, str | Sequence[str]]) -> None:
    """Raise ``AssertionError`` unless every field is documented and every value has the field's form."""
    wrong = faults(metadata)
    assert not wrong, "; ".join(wrong)


def has(fields: Mapping[str, object], **expected: object) -> None:
    """The fields have these values; None: there is no such field."""
    assert {name: fields.get(name) for name in expected} == expected
