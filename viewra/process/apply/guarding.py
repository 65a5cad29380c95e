"""The guardian's work: waits for the end of the plugin or the host, and then ends all processes of the plugin."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # as in the launcher
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "viewra-guardian"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 1.0  # between two attempts to end processes that do not end
_OF_SIGNALS = 128  # a wrapper's exit status when its command was ended by a signal: that, and the signal's number


class Guard:
    """The guardian: blocks every signal and lives until all of the plugin's processes have ended.

    As a subreaper it becomes the parent of every process that the plugin leaves, also in sessions of their own. It is
    neither in the plugin's process group nor in the terminal's, so signals for those do not reach it.
    """

    def __init__(
        self, plugin: int, tell: Callable[..., None], parent: int, *, tied: bool, wrapped: bool = False
    ) -> None:
        self._plugin = plugin
        self._tell = tell
        self._parent = parent
        self._tied = tied
        self._wrapped = wrapped
        self._ended = False

    def run(self) -> None:
        """Wait for the end of the plugin or the host, or for the host's request; then end the remaining processes."""
        while self._reap() and not self._ended and not self._must_end(_signal.sigwaitinfo(_signal.valid_signals())):
            pass
        pause_s = _FIRST_PAUSE_S
        while self._reap():
            for pid in children(os.getpid()):
                try:  # noqa: SIM105 - ``contextlib`` takes its time to import
                    os.kill(pid, _signal.SIGKILL)
                except PermissionError:  # it runs as another user now, so it cannot be killed: wait for it
                    pass
            _signal.sigtimedwait((_signal.SIGCHLD,), pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        self._tell("done")

    def _must_end(self, signal: _signal.struct_siginfo) -> bool:
        """Whether the host requests the end, or its thread has ended: the kernel tells the sender of a SIGTERM."""
        asked: bool = signal.si_signo == _signal.SIGTERM and signal.si_pid == self._parent
        return asked or (self._tied and os.getppid() != self._parent)

    def _reap(self) -> bool:
        """Reap all children that have ended. Returns whether others are left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._plugin and not self._ended:
                self._ended = True
                code = os.waitstatus_to_exitcode(status)
                self._tell("exit", _OF_SIGNALS - code if self._wrapped and code > _OF_SIGNALS else code)


def children(parent: int) -> list[int]:
    """The child processes of ``parent``; reads each ``/proc`` entry, since few kernels list them."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", buffering=0) as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:  # the process has ended
                continue
            if fields and int(fields[1]) == parent:
                found.append(int(name))
    return found
