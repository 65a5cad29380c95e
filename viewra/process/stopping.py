"""Ends a process step by step: request, SIGTERM, SIGKILL."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from typing import Protocol

from viewra.process.plan import StopStep

_log = logging.getLogger(__name__)


class Stoppable(Protocol):
    """The operations that ``stop`` needs."""

    pid: int

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        ...

    def wait(self, timeout_s: float | None = None) -> int | None:
        """The exit status; None while the process runs."""
        ...

    def signal(self, number: int) -> bool:
        """Send a signal; False if the process has ended."""
        ...

    def kill(self) -> None:
        """End the process by force."""
        ...


def stop(process: Stoppable, graceful: Callable[[], object] | None, *, grace_s: float, term_s: float) -> StopStep:
    """End a process: see ``Process.stop``."""
    if process.ended:
        return "ended"
    if graceful is not None:
        try:
            graceful()
        except Exception:
            _log.warning("process %d: asking it to end failed", process.pid, exc_info=True)
        if process.wait(grace_s) is not None:
            return "graceful"
    process.signal(signal.SIGTERM)
    if process.wait(term_s) is not None:
        return "term"
    process.kill()
    return "kill"
