"""The host's handle on a guardian, the process between the host and a plugin: its reports and its end.

``launcher`` is the guardian's program; ``child`` handles the plugin's own process and its output.
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
from viewra.process.forked import Forked
from viewra.process.leftovers import end_marked
from viewra.process.stat import stat

CLEAN_UP_S = 5.0
"""Seconds after the plugin's end in which a guardian ends the processes that the plugin left, and itself."""
_LAUNCH_S = 30.0  # until the plugin's process exists: the time in which an interpreter starts

_log = logging.getLogger(__name__)


class Guardian:
    """A guardian, until it is reaped. ``report`` is readable when it reports something, and at its end.

    ``plugin`` is the pid of the plugin's process, ``launch_error`` the reason why it could not be executed, ``status``
    its exit status or minus the signal's number, None until it is known.
    """

    def __init__(self, process: subprocess.Popen[bytes] | Forked, report: IO[bytes], mark: str) -> None:
        self.process = process
        self.report = report
        self.plugin = 0
        self.launch_error = ""
        self.status: int | None = None
        self._mark = mark
        self._done = False  # nothing is left to end
        self._rest = b""

    def wait_for_plugin(self) -> None:
        """Wait until ``plugin`` is known; raises HandshakeError (step ``spawn``) if its process cannot be started."""
        poll = select.poll()
        poll.register(self.report, select.POLLIN)
        deadline = time.monotonic() + _LAUNCH_S
        while not self.plugin:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise HandshakeError(f"its launcher reported nothing within {_LAUNCH_S:g} s", step="spawn")
            if not self.read():
                raise HandshakeError(f"it cannot be started: {self.launch_error or 'its launcher ended'}", step="spawn")

    def read(self) -> bool:
        """Wait for a report and read it; False at the end of all reports."""
        data = os.read(self.report.fileno(), 4096)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            word, _, value = line.decode("utf-8", "replace").partition(" ")
            if word == "pid" and not self.plugin:  # it reports the pid before any code of the plugin runs
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
        found = stat(self.plugin)  # only its guardian reaps it: no other process with this pid has that parent
        if found is None or found.parent != self.process.pid:
            os.close(pidfd)
            return None
        return pidfd, found.started

    def end(self) -> None:
        """Ask it to end the plugin and all of the plugin's processes; wakes it first if it is stopped."""
        self.process.send_signal(signal.SIGTERM)
        self.wake()

    def wake(self) -> None:
        """Continue it if it is stopped: it must act."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it; ``reap`` then ends the processes that it guarded."""
        self.process.kill()

    def reap(self) -> None:
        """Wait for its end and reap it. End the processes that it did not end itself, as far as they can be found."""
        poll = select.poll()
        poll.register(self.report, select.POLLIN)
        while poll.poll(0) and self.read():
            pass
        if not self._done:
            end_marked(self._mark)
        try:
            self.process.wait(CLEAN_UP_S)
        except subprocess.TimeoutExpired:  # killed, but held in the kernel by a disk that does not answer
            _log.error(
                "guardian %d did not end within %g s and is not waited for any longer", self.process.pid, CLEAN_UP_S
            )

    def abandon(self) -> None:
        """Kill it and all that it guards, reap it and close its pipes: the plugin cannot be watched."""
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
