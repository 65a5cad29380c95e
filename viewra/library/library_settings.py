"""A library's settings: how long missing files are kept, which links are followed, which files are left out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import libraries
from viewra.db.transactions import reading, writing
from viewra.durations import parse_duration
from viewra.errors import UsageError
from viewra.library import ignoring
from viewra.library.libraries import check_folder, find, locate, required
from viewra.types import FollowLinks, LibrarySettings

KEYS = ("missing_keep", "follow_links", "hidden", "watch", "schedule")
"""The settings with one value; ``exclude`` has many."""
_YES, _NO = frozenset({"yes", "true", "on"}), frozenset({"no", "false", "off"})
_NO_SCHEDULE = frozenset({"", "none", "off", "no"})


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
        if changed.schedule != known.schedule:
            row["scheduled_from"] = time.time_ns() // 1000
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
    if key in {"hidden", "watch"}:
        if value.lower() not in _YES | _NO:
            raise UsageError(f"{key} cannot be {value!r}", hint="write yes or no")
        return {key: value.lower() in _YES}
    if key == "schedule":
        from viewra.schedules import parse_schedule  # light start

        is_none = value.strip().lower() in _NO_SCHEDULE
        return {"schedule": "" if is_none else parse_schedule(value).text}
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
        from viewra.library.relocation import refuse_moved  # light start

        check_folder(path)
        refuse_moved(engine, path)
        locate(engine, path)
    change_settings(engine, path, {}, exclude=patterns)


def _check(pattern: str) -> None:
    if (problem := ignoring.check_pattern(pattern)) is not None:
        raise UsageError(f"{pattern!r}: {problem}", hint="see gitignore(5): for example '*.part' or '/Samples/'")


def _load(connection: sa.Connection, library_id: int) -> LibrarySettings:
    row = connection.execute(sa.select(libraries).where(libraries.c.id == library_id)).one_or_none()
    if row is None:
        raise UsageError("the library was removed meanwhile", hint="see them with: viewra library list")
    exclude = tuple(row.exclude.split("\n")) if row.exclude else ()
    links, watch = FollowLinks(row.follow_links), bool(row.watch)
    return LibrarySettings(row.missing_keep_s, links, bool(row.hidden), exclude, watch, row.schedule)
