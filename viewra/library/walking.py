"""Walks what one scan looks at: the folder of its scope, or the parts of that."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping

import attrs

from viewra.errors import ViewraError
from viewra.library import ignored
from viewra.library.ignoring import LeftOut, Rules
from viewra.library.scan_plan import Plan
from viewra.library.scope import Part, Scope
from viewra.library.settled import KnownFolder
from viewra.library.walk import FoundDirectory, Unreadable, Walk


def walk_scope(
    scope: Scope, plan: Plan, known: Mapping[bytes, KnownFolder], context: bytes
) -> Iterator[FoundDirectory]:
    """Walk a scope, each folder once; ``known`` and ``context`` as in ``Walk``.

    A part that is not there, or is left out of its library, has no folders. Raises ``DatabaseError``.
    """
    if not scope.parts:
        yield from _walk(Part(scope.path), scope, plan, plan.rules, known, context)
        return
    for part in scope.parts:
        if not _may_be_folder(part.path):
            continue
        try:
            rules = ignored.rules_in(attrs.evolve(scope, path=part.path, parts=()), plan.settings)
        except ViewraError as error:  # the patterns above it cannot be used, so nobody knows what they leave out
            yield FoundDirectory(part.path, [], [Unreadable(part.path, error.message)], complete=False)
            continue
        if not isinstance(rules, LeftOut):
            yield from _walk(part, scope, plan, rules, known, context)


def _may_be_folder(path: bytes) -> bool:
    """Whether a folder is there; also if that cannot be told, which its walk then reports."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116  (bytes)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        return error.errno != errno.ELOOP


def _walk(
    part: Part, scope: Scope, plan: Plan, rules: Rules, known: Mapping[bytes, KnownFolder], context: bytes
) -> Walk:
    return Walk(
        part.path,
        scope.root,
        lambda name: plan.media.by_name(name) is not None,
        rules,
        plan.settings.follow_links,
        plan.mounts,
        {path: folder.signature for path, folder in known.items()},
        context,
        {path: folder.changed_ns for path, folder in known.items()} if plan.quick else {},
        plan.entering,
        part.deep,
    )
