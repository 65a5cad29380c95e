"""A child of this process that another process forked for it, with the part of ``subprocess.Popen`` that is needed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from typing import IO


class Forked:
    """A child process, until it is reaped. Thread-safe."""

    def __init__(self, pid: int, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has been reaped."""
        with self._lock:  # its pid is its own until it is reaped
            if self.returncode is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its return code, after reaping it; raises subprocess.TimeoutExpired after ``timeout`` seconds."""
        with self._lock:
            if self.returncode is not None:
                return self.returncode
            try:
                pidfd = os.pidfd_open(self.pid)
            except ProcessLookupError:
                return self._reap()
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            if not poll.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        finally:
            os.close(pidfd)
        with self._lock:
            return self._reap()

    def _reap(self) -> int:
        if self.returncode is not None:  # another thread was quicker
            return self.returncode
        try:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:  # the kernel reaps the children of a program that ignores SIGCHLD
            self.returncode = 0
        return self.returncode
