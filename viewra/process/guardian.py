"""The host's hold on a guardian, the process between the host and a plugin: what it reports, and how it is ended.

What the guardian does is in ``launcher``; ``child`` handles the plugin's own process and its output.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import time
from typing import IO

from viewra.errors import HandshakeError
from viewra.process.leftovers import end_marked
from viewra.process.stat import stat

CLEAN_UP_S = 5.0
"""Seconds after the plugin's end in which a guardian ends what the plugin left, and itself."""
_LAUNCH_S = 30.0  # until the plugin's process is there: an interpreter's start

_log = logging.getLogger(__name__)


class Guardian:
    """A guardian, until it is reaped. ``report`` is readable when it says something, and at its end.

    ``plugin`` is the pid of the plugin's process, ``launch_error`` why it could not be executed, ``status`` its exit
    status or minus the signal's number, None until that is known.
    """

    def __init__(self, process: subprocess.Popen[bytes], report: IO[bytes], mark: str) -> None:
        self.process = process
        self.report = report
        self.plugin = 0
        self.launch_error = ""
        self.status: int | None = None
        self._mark = mark
        self._done = False  # nothing is left for anybody to end
        self._rest = b""

    def wait_for_plugin(self) -> None:
        """Wait until ``plugin`` is known; raises HandshakeError (step ``spawn``) when there is none."""
        poll = select.poll()
        poll.register(self.report, select.POLLIN)
        deadline = time.monotonic() + _LAUNCH_S
        while not self.plugin:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise HandshakeError(f"its launcher did nothing within {_LAUNCH_S:g} s", step="spawn")
            if not self.read():
                raise HandshakeError(f"it cannot be started: {self.launch_error or 'its launcher ended'}", step="spawn")

    def read(self) -> bool:
        """Take what it has reported, waiting for something; False at the end of the report."""
        data = os.read(self.report.fileno(), 4096)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            word, _, value = line.decode("utf-8", "replace").partition(" ")
            if word == "pid" and not self.plugin:  # the first is said before any code of the plugin's runs
                self.plugin = int(value)
            elif word == "error":
                self.launch_error = value
            elif word == "exit" and self.status is None:
                with contextlib.suppress(ValueError):
                    self.status = int(value)
            elif word == "done":
                self._done = True
        return bool(data)

    def open_plugin(self) -> tuple[int, int] | None:
        """A pidfd of the plugin's process and its start time in clock ticks; None when it has ended."""
        try:
            pidfd = os.pidfd_open(self.plugin)
        except ProcessLookupError:
            return None
        found = stat(self.plugin)  # only its guardian reaps it: no other process of this number has that parent
        if found is None or found.parent != self.process.pid:
            os.close(pidfd)
            return None
        return pidfd, found.started

    def end(self) -> None:
        """Ask it to end the plugin and all that is the plugin's; it may have been stopped."""
        self.process.send_signal(signal.SIGTERM)
        self.wake()

    def wake(self) -> None:
        """Let it go on if it has been stopped: it has something to do."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it by force; what it guarded, ``reap`` ends."""
        self.process.kill()

    def reap(self) -> None:
        """Take its end, which has come or will. What it did not end itself is ended, as far as it can be found."""
        poll = select.poll()
        poll.register(self.report, select.POLLIN)
        while poll.poll(0) and self.read():
            pass
        if not self._done:
            end_marked(self._mark)
        try:
            self.process.wait(CLEAN_UP_S)
        except subprocess.TimeoutExpired:  # killed, and held in the kernel by a disk that does not answer
            _log.error("guardian %d has not ended within %g s: it is left behind", self.process.pid, CLEAN_UP_S)

    def abandon(self) -> None:
        """End it with all that it guards, reap it and let go of its pipes: the plugin cannot be watched."""
        self.end()
        try:
            self.process.wait(CLEAN_UP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self.reap()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        self.report.close()
