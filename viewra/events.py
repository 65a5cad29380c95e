"""Names of events: what is one, which names a pattern covers, and which names are not a plugin's own.

A name is words with dots, such as ``lyrics.found``; a pattern is a name, or words with ``.*`` behind them, which stands
for all names that go on from there. ``*`` alone, for any name, is not for manifests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_NAME = 128
LIBRARY = "library"
"""``library.…`` are the host's own events."""
LIBRARY_CHANGED = f"{LIBRARY}.changed"
SHARED = frozenset({LIBRARY, "playback"})
"""First words of names whose meaning is agreed: not even a plugin with such an id has them for itself."""
PUBLISH, SUBSCRIBE = "events:publish", "events:subscribe"
"""The permissions, as the operator names them."""

_WORD = "[a-z][a-z0-9_]*"
_NAME = re.compile(rf"{_WORD}([.]{_WORD})+")
_PATTERN = re.compile(rf"{_WORD}(([.]{_WORD})+|([.]{_WORD})*[.][*])")


def is_name(text: str) -> bool:
    """Whether an event may have this name."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Whether this is a name, or a pattern of names."""
    return len(text) <= MAX_NAME and _PATTERN.fullmatch(text) is not None


def covers(patterns: Iterable[str], name: str) -> bool:
    """Whether one of these patterns covers a name."""
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)


def is_own(plugin_id: str, name: str) -> bool:
    """Whether a name is a plugin's own: it begins with the plugin's id."""
    return plugin_id not in SHARED and name.startswith(f"{plugin_id}.")
