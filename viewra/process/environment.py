"""A plugin process's environment: an allow-list of the host's variables, so that it inherits no secret.

The caller adds go-plugin's variables and those for one plugin.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

ALLOWED = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONHASHSEED"})
"""The host's variables that a plugin inherits, besides every ``LC_…``."""

_ALWAYS = {
    "PYTHONUNBUFFERED": "1",  # output must reach the log before a crash
    # Else a plugin that forks in a call may wait for good: gRPC ends its threads before, and starts them again after.
    "GRPC_ENABLE_FORK_SUPPORT": "0",
}


def plugin_environment(extra: Mapping[str, str], host: Mapping[str, str] | None = None) -> dict[str, str]:
    """One plugin's complete environment. ``extra`` overrides ``host``, the host's environment (``os.environ``)."""
    source = os.environ if host is None else host
    inherited = {name: value for name, value in source.items() if name in ALLOWED or name.startswith("LC_")}
    return {**inherited, **_ALWAYS, **extra}
