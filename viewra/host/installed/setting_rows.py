"""Rows of settings by dotted keys: a row may contain a whole struct, and a key may lead into one."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any


def value_at(values: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    """Whether nested values have a value at a dotted key, and which; None if a struct around it is hidden."""
    found: Any = values
    for label in key.split("."):
        if found is None:
            return True, None
        if not isinstance(found, Mapping) or label not in found:
            return False, None
        found = found[label]
    return True, found


def leaves(values: Mapping[str, Any], known: Collection[str], prefix: str = "") -> Iterator[str]:
    """The dotted keys of nested values, but for what is at and below the ``known`` ones; an empty struct is a value."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if key in known:
            continue
        if isinstance(value, dict) and value:
            yield from leaves(value, known, f"{key}.")
        else:
            yield key


def assigned(rows: Mapping[str, object], assign: Mapping[str, object]) -> dict[str, object]:
    """The rows with values set: inside the row of a struct around the key, if there is one; rows below it go."""
    changed = dict(rows)
    for key, value in assign.items():
        outer = _around(changed, key)
        if outer is None:
            for inner in [row for row in changed if row.startswith(f"{key}.")]:
                del changed[inner]
            changed[key] = value
            continue
        whole = copy.deepcopy(changed[outer])
        inside, (*labels, last) = whole, key[len(outer) + 1 :].split(".")
        for label in labels:
            inside = inside.setdefault(label, {}) if isinstance(inside, dict) else {}
        if isinstance(inside, dict):
            inside[last] = value
        changed[outer] = whole
    return changed


def without(rows: Mapping[str, object], unset: Collection[str]) -> dict[str, object] | None:
    """The rows without some keys; None if one of these is not set."""
    changed = dict(rows)
    for key in unset:
        if key in changed:
            del changed[key]
            continue
        outer = _around(changed, key)
        if outer is None:
            return None
        whole = copy.deepcopy(changed[outer])
        inside, (*labels, last) = whole, key[len(outer) + 1 :].split(".")
        for label in labels:
            inside = inside.get(label) if isinstance(inside, dict) else None
        if not isinstance(inside, dict) or last not in inside:
            return None
        del inside[last]
        changed[outer] = whole
    return changed


def _around(rows: Mapping[str, object], key: str) -> str | None:
    """The row of a struct into which the key leads."""
    labels = key.split(".")
    outers = [".".join(labels[:count]) for count in range(len(labels) - 1, 0, -1)]
    return next((outer for outer in outers if isinstance(rows.get(outer), dict)), None)
