"""The options of one scan, and the rules in its folder."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import sqlalchemy as sa

from viewra.errors import UsageError
from viewra.library import ignored, ignoring, library_settings, missing
from viewra.library.ignoring import LeftOut, Rules
from viewra.library.mime import MediaTypes
from viewra.library.mounts import Mounts
from viewra.library.paths import display_bytes
from viewra.library.scope import Scope
from viewra.types import LibrarySettings

PluginsState = Callable[[], tuple[str, str] | None]
"""Gives what was chosen of plugins, and that with what they reported, as two texts; None: it cannot be told."""


Entering = Callable[[bytes], object]
"""Called with the path of a folder that a scan is about to list."""


@attrs.frozen
class Plan:
    """The options of one scan, and the rules in its folder. ``since``: the time with which missing files are marked.

    ``entering`` is called with each folder before it is listed.
    """

    settings: LibrarySettings
    rules: Rules
    mounts: Mounts
    since: int
    media: MediaTypes
    full: bool
    retry_failed: bool
    quick: bool
    entering: Entering | None = None


def make_plan(
    engine: sa.Engine,
    scope: Scope,
    mounts: Mounts,
    media: MediaTypes,
    *,
    full: bool,
    retry_failed: bool,
    quick: bool,
    entering: Entering | None = None,
) -> Plan:
    """Raises ``UsageError`` for a folder that its library leaves out."""
    settings = library_settings.load(engine, scope.library_id)
    rules = ignored.rules_in(scope, settings)
    inside = ignored.rules_in(scope, settings, with_path=True)
    if isinstance(rules, LeftOut):
        raise _left_out(scope, rules)
    if isinstance(inside, LeftOut):
        raise _left_out(scope, inside)
    since = missing.time_of_absence(engine)
    return Plan(settings, rules, mounts, since, media, full, retry_failed, quick, entering)


def _left_out(scope: Scope, why: LeftOut) -> UsageError:
    name = display_bytes(scope.path)
    return UsageError(f"{name} is left out of its library: {ignoring.shown(why)}", hint="change the rule, then scan it")
