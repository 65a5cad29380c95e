"""A process that the host started: drains its output, notices its end, reaps and stops it.

A thread per child reads its pipes and waits on its pidfd, so that a slow listener of one plugin delays no other. The
parent is a guardian, which ends every process that the plugin leaves behind. ``spawn`` starts children.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import selectors
import signal
import threading
import time
from collections.abc import Callable
from typing import IO, cast

from viewra.errors import HandshakeError
from viewra.process import stopping
from viewra.process.guardian import CLEAN_UP_S, Guardian
from viewra.process.output import Output, Stream
from viewra.process.plan import Origin, StopStep

_log = logging.getLogger(__name__)
_CHUNK = 64 * 1024
_QUIET_S = 0.2  # of silence after the last line, before ``on_quiet`` is called
_LAST_WORDS_S = 0.5  # after the end of all known processes, for output pipes that an unknown process holds open
_REAP_S = 30.0  # after SIGKILL; beyond that the kernel itself is stuck


class Child:
    """A process, until it has been reaped and the processes that it left behind have ended.

    ``pid`` is also its process group. ``started`` is its start time in clock ticks since boot, None if it ended at
    once; pid and start time together identify it. ``returncode`` is None while it runs, then its exit status, or minus
    the signal's number.
    """

    def __init__(
        self,
        guardian: Guardian,
        output: Output,
        origin: Origin,
        *,
        on_quiet: Callable[[], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        self.pid = guardian.plugin
        self.started: int | None = None
        self.output = output
        self.origin = origin
        self._exited = threading.Event()
        self._guardian = guardian
        self._on_quiet = on_quiet
        self._on_exit = on_exit
        self._signalling = threading.Lock()  # held while the pidfd is closed
        self._guardian_fd = os.pidfd_open(guardian.process.pid)
        self._pidfd: int | None = None
        try:
            if (opened := guardian.open_plugin()) is not None:
                self._pidfd, self.started = opened
            self._thread = threading.Thread(target=self._watch, name=f"child-{self.pid}", daemon=True)
            self._thread.start()
        except (OSError, RuntimeError):
            for descriptor in (self._guardian_fd, self._pidfd):
                if descriptor is not None:
                    os.close(descriptor)
            raise

    @property
    def ended(self) -> bool:
        """Whether the process has ended, and its output has been read."""
        return self._exited.is_set()

    @property
    def returncode(self) -> int | None:
        """None until the process has ended and its output has been read."""
        if not self._exited.is_set():
            return None
        status = self._guardian.status
        return -signal.SIGKILL if status is None else status  # killed when its guardian died without a report

    def wait(self, timeout_s: float | None = None) -> int | None:
        """The return code, or None when the process still runs after ``timeout_s`` seconds (None: no limit)."""
        self._exited.wait(timeout_s)
        return self.returncode

    def handshake_line(self, timeout_s: float) -> str:
        """The first line on stdout that looks like a handshake.

        Raises HandshakeError with the last output: step ``spawn`` when the process could not be executed, ``handshake``
        when it ended, closed its stdout or let ``timeout_s`` seconds pass without that line.
        """
        line = self.output.handshake(timeout_s)
        if line is not None:
            return line
        begun = self.output.begun
        closed = self.output.ended("stdout")
        if closed:  # its pipe probably closed because it is ending
            self._exited.wait(2 * _LAST_WORDS_S)
        if self._guardian.launch_error:
            raise HandshakeError(f"it cannot be started: {self._guardian.launch_error}", step="spawn")
        stdout = self.output.last("stdout")
        if self._exited.is_set():
            what = f"it ended with {self.describe_exit()} before it printed a handshake line"
        elif closed:
            what = "it closed its stdout without a handshake line"
        elif begun:
            what = f"it did not finish its line {begun[:200]!r} within {timeout_s:g} s"
        elif stdout:
            what = f"it printed no handshake line within {timeout_s:g} s, but {stdout[0][:200]!r}"
        else:
            what = f"it printed no handshake line within {timeout_s:g} s"
        raise HandshakeError(what, step="handshake", output=self.output.last())

    def describe_exit(self) -> str:
        """How the process ended: ``exit status 3``, ``SIGSEGV``; ``running`` while it runs."""
        code = self.returncode
        if code is None:
            return "running"
        if code >= 0:
            return f"exit status {code}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
        return f"signal {-code}"

    def signal(self, number: int) -> bool:
        """Send a signal to the whole process group; False when the process has ended."""
        with self._signalling:
            if self._pidfd is None or _ended(self._pidfd):
                return False
            # The process may just have ended; the kernel reuses a pid only after thousands of others.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            return True

    def stop(
        self, graceful: Callable[[], object] | None = None, *, grace_s: float = 2.0, term_s: float = 2.0
    ) -> StopStep:
        """End the process and reap it: see ``Process.stop``."""
        return stopping.stop(self, graceful, grace_s=grace_s, term_s=term_s)

    def kill(self) -> None:
        """End the process and all its descendants at once, and reap it."""
        self.signal(signal.SIGKILL)
        self._guardian.end()
        if self.wait(_REAP_S) is None:
            _log.error("process %d did not end within %g s of SIGKILL", self.pid, _REAP_S)

    def let_go(self) -> None:
        """Call no callback at its end; it is still reaped."""
        self._on_exit = self._on_quiet = None

    def _watch(self) -> None:
        try:
            self._drain()
        finally:
            self._exited.set()
        self._tell(self._on_exit)
        self._on_exit = self._on_quiet = None  # the owner's callbacks, which refer to this child

    def _drain(self) -> None:
        """Read until process and guardian have ended and the pipes are closed, or have been held open for too long."""
        pipes = {
            self._guardian.process.stdout: "stdout",
            self._guardian.process.stderr: "stderr",
            self._guardian.report: "report",
        }
        alive = {"guardian"}
        with selectors.DefaultSelector() as selector:
            for pipe, name in pipes.items():
                selector.register(cast("IO[bytes]", pipe), selectors.EVENT_READ, name)
            selector.register(self._guardian_fd, selectors.EVENT_READ, "guardian")
            if self._pidfd is not None:
                selector.register(self._pidfd, selectors.EVENT_READ, "plugin")
                alive.add("plugin")
            quiet = True
            deadline = None if "plugin" in alive else time.monotonic() + CLEAN_UP_S
            while selector.get_map():
                if deadline is not None and time.monotonic() >= deadline:
                    if not alive:
                        break
                    self._guardian.kill()
                    deadline = None
                events = selector.select(None if quiet and deadline is None else _QUIET_S)
                if not events and not quiet:
                    quiet = True
                    self.output.report_dropped()
                    self._tell(self._on_quiet)
                for key, _ in events:
                    if key.data in alive:
                        selector.unregister(key.fileobj)
                        alive.remove(key.data)
                        self._take_end(key.data)
                        deadline = time.monotonic() + (CLEAN_UP_S if alive else _LAST_WORDS_S)
                    elif self._read(key.fd, key.data):
                        quiet = False
                    else:
                        selector.unregister(key.fileobj)
        for pipe in pipes:
            cast("IO[bytes]", pipe).close()
        with self._signalling:
            os.close(self._guardian_fd)
            if self._pidfd is not None:
                os.close(self._pidfd)
                self._pidfd = None
        self.output.end("stdout")
        self.output.end("stderr")
        self._tell(self._on_quiet)

    def _take_end(self, whose: str) -> None:
        """Handle the end of process or guardian: usually the other ends too, but it may have been stopped or killed."""
        if whose == "plugin":
            self._guardian.wake()
        else:
            self.signal(signal.SIGKILL)
            self._guardian.reap()

    def _read(self, descriptor: int, name: str) -> bool:
        if name == "report":
            return self._guardian.read()
        data = os.read(descriptor, _CHUNK)
        if data:
            self.output.feed(cast("Stream", name), data)
        else:
            self.output.end(cast("Stream", name))
        return bool(data)

    @staticmethod
    def _tell(callback: Callable[[], object] | None) -> None:
        """Call a callback of the owner; its failure must not stop the draining."""
        try:
            if callback is not None:
                callback()
        except Exception:
            _log.exception("a callback of a plugin process failed")


def _ended(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))
