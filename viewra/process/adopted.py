"""A process that this host did not start: found by pid and start time, then watched and stopped like a child.

The kernel or another host reaps it. Its output goes elsewhere, and its exit status cannot be known.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
from collections.abc import Callable

from viewra.process import stopping
from viewra.process.output import Output
from viewra.process.plan import Origin, StopStep
from viewra.process.stat import start_time

_LAST_WAIT_S = 30.0

_log = logging.getLogger(__name__)


class Adopted:
    """A running process, until it ends. Implements ``Process`` as far as possible for a process that is not a child."""

    def __init__(self, pid: int, started: int, *, on_exit: Callable[[], object] | None = None) -> None:
        """Raises ProcessLookupError unless ``pid`` is still the process that started at ``started``."""
        self.pid = pid
        self.started: int | None = started
        self._exited = threading.Event()
        self.origin = Origin("attach", "it runs already")
        self.output = Output(lambda _stream, _text: None)
        self._on_exit = on_exit
        self._pidfd = os.pidfd_open(pid)  # opened before the comparison: from here on the pid cannot be reused
        if start_time(pid) != started:
            os.close(self._pidfd)
            raise ProcessLookupError(f"process {pid} is a different process")
        self._given_up, self._giving_up = os.pipe()
        self._thread = threading.Thread(target=self._watch, name=f"adopted-{pid}", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._exited.is_set()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """0 if the process has ended within ``timeout_s`` seconds, however it ended; else None."""
        return 0 if self._exited.wait(timeout_s) else None

    def describe_exit(self) -> str:
        """Always "an unknown exit status": only the parent of a process learns it."""
        return "an unknown exit status" if self._exited.is_set() else "running"

    def stop(
        self, graceful: Callable[[], object] | None = None, *, grace_s: float = 2.0, term_s: float = 2.0
    ) -> StopStep:
        """End the process, as ``Process.stop`` has it."""
        return stopping.stop(self, graceful, grace_s=grace_s, term_s=term_s)

    def kill(self) -> None:
        """End the process at once."""
        self.signal(signal.SIGKILL)
        self._exited.wait(_LAST_WAIT_S)

    def let_go(self) -> None:
        """Stop watching; the process keeps running."""
        self._on_exit = None
        os.write(self._giving_up, b"x")
        self._thread.join(_LAST_WAIT_S)
        if self._thread.is_alive():
            _log.error("the thread that watches process %d did not end in time", self.pid)

    def signal(self, number: int) -> bool:
        """Send the process a signal; False when it has ended."""
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except OSError:  # the process has ended, or the descriptor was closed when it did
            return False
        return True

    def _watch(self) -> None:
        ready, _, _ = select.select([self._pidfd, self._given_up], [], [])
        over = self._pidfd in ready
        if over:
            self._exited.set()
        for descriptor in (self._pidfd, self._given_up, self._giving_up):
            os.close(descriptor)
        if over and self._on_exit is not None:
            self._on_exit()
