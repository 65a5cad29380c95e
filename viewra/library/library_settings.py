"""A library's settings: how long missing files are kept, which links are followed, which files are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import libraries
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.library import ignoring
from viewra.library.libraries import check_folder, find, locate, required
from viewra.library.relocation import refuse_moved
from viewra.types import FollowLinks, LibrarySettings

KEYS = ("missing_keep", "follow_links", "hidden")
"""The settings with one value; ``exclude`` has many."""

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])?")
_YES, _NO = frozenset({"yes", "true", "on"}), frozenset({"no", "false", "off"})


def load(engine: sa.Engine, library_id: int) -> LibrarySettings:
    """The settings of a library. Raises ``UsageError`` if it was removed, and ``DatabaseError``."""
    with reading(engine) as connection:
        return _load(connection, library_id)


def get_settings(engine: sa.Engine, path: str) -> LibrarySettings:
    """The settings of the library at or around ``path``. Raises ``UsageError`` if there is none."""
    return load(engine, required(engine, path).library_id)


def change_settings(
    engine: sa.Engine,
    path: str,
    values: Mapping[str, str],
    *,
    exclude: Iterable[str] = (),
    include: Iterable[str] = (),
) -> LibrarySettings:
    """Set ``KEYS`` to ``values`` (text), add ``exclude`` to the patterns, remove ``include``. Returns all settings.

    They apply from the next scan on. Raises ``UsageError`` for an invalid key, value or pattern, and for a pattern to
    remove that is not set.
    """
    library_id = required(engine, path).library_id
    parsed: dict[str, Any] = {}
    for key, value in values.items():
        parsed |= _parse(key, value)
    added, dropped = list(exclude), list(include)
    for pattern in added:
        _check(pattern)
    with writing(engine) as connection:
        known = _load(connection, library_id)
        for pattern in dropped:
            if pattern not in known.exclude:
                raise UsageError(f"{pattern!r} is not excluded", hint="see the settings with: viewra library set PATH")
        patterns = [one for one in known.exclude if one not in {*added, *dropped}] + list(dict.fromkeys(added))
        changed = attrs.evolve(known, **parsed, exclude=tuple(patterns))
        row = attrs.asdict(changed) | {"follow_links": str(changed.follow_links), "exclude": "\n".join(patterns)}
        connection.execute(sa.update(libraries).where(libraries.c.id == library_id).values(row))
    return changed


def _parse(key: str, value: str) -> dict[str, Any]:
    """The ``LibrarySettings`` attribute of a key, with its parsed value."""
    if key == "missing_keep":
        return {"missing_keep_s": parse_duration(value)}
    if key == "follow_links":
        if value not in {str(one) for one in FollowLinks}:
            raise UsageError(f"follow_links cannot be {value!r}", hint="write inside, all or none")
        return {"follow_links": FollowLinks(value)}
    if key == "hidden":
        if value.lower() not in _YES | _NO:
            raise UsageError(f"hidden cannot be {value!r}", hint="write yes or no")
        return {"hidden": value.lower() in _YES}
    raise UsageError(
        f"a library has no setting {key!r}", hint=f"its settings are {', '.join(KEYS)}; for patterns use --exclude"
    )


def keep_excluded(engine: sa.Engine, path: str, patterns: Iterable[str]) -> None:
    """Add exclude patterns to the library of the folder ``path``, which becomes a library if it is outside all.

    Raises as ``change_settings`` and ``locate``.
    """
    for pattern in patterns:
        _check(pattern)
    if find(engine, path) is None:
        check_folder(path)
        refuse_moved(engine, path)
        locate(engine, path)
    change_settings(engine, path, {}, exclude=patterns)


def parse_duration(text: str) -> int:
    """Seconds in a text such as ``30d``, ``12h``, ``0``. Raises ``UsageError``."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not (match[2] or int(match[1]) == 0):
        raise UsageError(f"{text!r} is not a duration", hint="write a number with s, m, h, d or w: for example 30d")
    return int(match[1]) * _UNITS_S[match[2] or "s"]


def duration_text(seconds: int) -> str:
    """A duration as ``parse_duration`` reads it, in the largest unit that gives a whole number."""
    unit = next(unit for unit in "wdhms" if seconds % _UNITS_S[unit] == 0)
    return f"{seconds // _UNITS_S[unit]}{unit}" if seconds else "0"


def _check(pattern: str) -> None:
    if (problem := ignoring.check_pattern(pattern)) is not None:
        raise UsageError(f"{pattern!r}: {problem}", hint="see gitignore(5): for example '*.part' or '/Samples/'")


def _load(connection: sa.Connection, library_id: int) -> LibrarySettings:
    row = connection.execute(sa.select(libraries).where(libraries.c.id == library_id)).one_or_none()
    if row is None:
        raise UsageError("the library was removed meanwhile", hint="see them with: viewra library list")
    exclude = tuple(row.exclude.split("\n")) if row.exclude else ()
    return LibrarySettings(row.missing_keep_s, FollowLinks(row.follow_links), bool(row.hidden), exclude)
