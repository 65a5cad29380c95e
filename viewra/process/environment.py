"""The environment of a plugin process: an allow-list of the host's variables, so that no secret is inherited.

What go-plugin's protocol and the host add for one plugin is given by the caller.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

ALLOWED = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONHASHSEED"})
"""The host's variables that a plugin gets as they are, beside every ``LC_…``."""

_ALWAYS = {
    "PYTHONUNBUFFERED": "1",  # what a plugin prints must reach the log before it crashes
}


def plugin_environment(extra: Mapping[str, str], host: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment for one plugin; ``extra`` wins. ``host`` is the host's own, ``os.environ`` unless given."""
    source = os.environ if host is None else host
    inherited = {name: value for name, value in source.items() if name in ALLOWED or name.startswith("LC_")}
    return {**inherited, **_ALWAYS, **extra}
