"""Tells whether and why a path of a library is left out, and which rules apply in a folder."""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH112, PTH113, PTH114, PTH119

from __future__ import annotations

import os
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from viewra.errors import ViewraError
from viewra.library import ignoring, library_settings
from viewra.library.following import why_not_followed
from viewra.library.ignoring import BadIgnoreFile, LeftOut, Rules
from viewra.library.libraries import required
from viewra.library.mime import Declared, MediaTypes
from viewra.library.paths import below, display_bytes, join
from viewra.library.scope import Scope
from viewra.types import LibrarySettings


@attrs.frozen
class Ignored:
    """Why a path is left out of its library; ``rule`` is None if it is not.

    The rule applies to ``what``, the path itself or a folder above it. ``file``, ``line`` and ``pattern`` are None if
    the rule has none: ``file`` has the pattern in that line, or leaves out its whole folder.
    """

    path: str
    rule: str | None = None
    what: str | None = None
    file: str | None = None
    line: int | None = None
    pattern: str | None = None


def why_ignored(engine: sa.Engine, path: str, media_types: Iterable[Declared] = ()) -> Ignored:
    """Whether and why the file or folder ``path``, there or not, is left out.

    ``media_types`` are those that the manifests of enabled plugins declare. Raises ``UsageError`` when it is in no
    library, ``ViewraError`` for a file with patterns that cannot be used.
    """
    scope = required(engine, path)
    why = rules_in(scope, library_settings.load(engine, scope.library_id), with_path=True)
    if isinstance(why, Rules):
        name = os.path.basename(scope.path)
        if os.path.isfile(scope.path) and MediaTypes(media_types).by_name(name) is None:
            return Ignored(path, "no media file by its name, nor of a type that an enabled plugin adds", path)
        return Ignored(path)
    file = os.fsdecode(why.file) if why.file is not None else None
    return Ignored(path, ignoring.shown(why), os.fsdecode(why.path), file, why.line, why.pattern)


def rules_in(scope: Scope, settings: LibrarySettings, *, with_path: bool = False) -> Rules | LeftOut:
    """The rules for a scope's folder, without (``with_path``: with) its own; or the reason why it is left out.

    Raises ``ViewraError`` for a file with invalid patterns.
    """
    try:
        return _rules_in(scope, settings, with_path=with_path)
    except BadIgnoreFile as error:
        raise ViewraError(f"{display_bytes(error.path)}: {error.problem}", hint="correct or remove it") from error


def _rules_in(scope: Scope, settings: LibrarySettings, *, with_path: bool) -> Rules | LeftOut:
    folder, real = scope.root, os.path.realpath(scope.root)
    rules: Rules | LeftOut = ignoring.rules_of(folder, hidden=settings.hidden, exclude=settings.exclude)
    for name in filter(None, below(scope.path, scope.root).split(b"/")) if not scope.is_whole else ():
        rules = _enter(rules, folder)
        if isinstance(rules, LeftOut):
            return rules
        folder = join(folder, name)
        is_folder = os.path.isdir(folder)
        why = rules.why(folder, name, is_folder=is_folder)
        if why is not None:
            return why
        if os.path.islink(folder):
            reason = why_not_followed(folder, real, settings.follow_links, to_folder=is_folder)
            if reason is not None:
                return LeftOut(folder, reason)
    return _enter(rules, folder) if with_path and os.path.isdir(folder) else rules


def _enter(rules: Rules | LeftOut, folder: bytes) -> Rules | LeftOut:
    if isinstance(rules, LeftOut):
        return rules
    try:
        marks = ignoring.marks_in(folder)
    except OSError:  # its rules are unknown; the scan reports the folder
        return rules
    return rules.enter(folder, marks)
