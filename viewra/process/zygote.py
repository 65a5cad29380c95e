"""Starts plugins by a zygote: a process that has imported the SDK, and forks for each start.

Such a start takes a fraction of an interpreter's start and imports. A start for which a zygote does not fit is an
ordinary one; so is the first one, since a single one would not be faster.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Literal

from viewra.errors import HandshakeError
from viewra.process.apply.zygote import REFUSED
from viewra.process.forkable import locale, obstacle, shadowed
from viewra.process.guardian import Guardian
from viewra.process.plan import LaunchPlan
from viewra.process.template import Spawn, Template

ZygoteUse = Literal["auto", "always", "off"]
"""Which starts a zygote makes: from the second on, all, or none."""

_AGAIN_S = 60.0  # after a failure
_log = logging.getLogger(__name__)


class Zygote:
    """Starts a zygote when it is needed, and another when that has ended or its code has changed. Thread-safe."""

    def __init__(self, use: ZygoteUse, spawn: Spawn) -> None:
        self._use = use
        self._spawn = spawn
        self._lock = threading.Lock()
        self._template: Template | None = None
        self._starts = 0
        self._failure = ""
        self._failed_at = 0.0
        self._closed = False

    def launch(self, plan: LaunchPlan, document: Mapping[str, object]) -> Guardian | str:
        """Start a plugin, or return why it has to be spawned; ``document`` is what the launcher is told.

        Raises OSError if it cannot be spawned either.
        """
        if self._use == "off":
            return "the host uses no zygote"
        if why := obstacle(plan):
            return why
        with self._lock:
            self._starts += 1
            if self._starts == 1 and self._use == "auto":
                return "a host starts its zygote with the second plugin"
            for _ in range(2):  # it may have been killed a moment ago, or be stopped
                template = self._ready(locale(plan))
                if isinstance(template, str):
                    return template
                if name := shadowed(plan, template.modules):
                    return f"its folder has a module {name}, which the zygote has from elsewhere"
                guardian = template.fork(plan, document)
                if isinstance(guardian, Guardian):
                    return guardian
                self._end()
                if guardian.startswith(REFUSED):
                    break
            return self._failed(f"the zygote {guardian}")

    def close(self) -> None:
        """End the zygote. The plugins that it started go on."""
        with self._lock:
            self._closed = True
            self._end()

    def _ready(self, wanted: Mapping[str, str]) -> Template | str:
        """A zygote, or why there is none."""
        if self._template is not None:
            if self._template.fits(wanted):
                return self._template
            self._end()
        if self._closed:
            return "the host is closing"
        if self._failure and time.monotonic() < self._failed_at + _AGAIN_S:
            return self._failure
        try:
            self._template = Template.start(self._spawn, wanted)
        except (OSError, ValueError, HandshakeError) as error:
            return self._failed(f"the zygote did not start: {error}")
        return self._template

    def _failed(self, why: str) -> str:
        _log.warning("plugins start without the zygote for a minute: %s", why)
        self._failure, self._failed_at = why, time.monotonic()
        return why

    def _end(self) -> None:
        if self._template is not None:
            self._template.close()
            self._template = None
