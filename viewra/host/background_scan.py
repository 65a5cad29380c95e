"""One scan on a thread of its own, which others pause, resume and cancel."""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from viewra.errors import ViewraError
from viewra.host.nice import be_nice
from viewra.library import ScanProgress, display
from viewra.types import ScanCause, ScanReport

if TYPE_CHECKING:  # light start, as ``viewra.library``
    from viewra.host.workers.choice import EngineChoice
    from viewra.library.scan_plan import Entering
    from viewra.library.scope import Part

LOOK_S = 0.2
"""Seconds between two looks of a paused scan whether it is cancelled."""

log = logging.getLogger("viewra.host")


class Phase(enum.StrEnum):
    """What a scan that was started here is doing."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    ENDED = "ended"
    """Its report, or its error, says how."""


@attrs.frozen
class ScanState:
    """One scan that was started here. ``started_at`` and ``ended_at`` are in microseconds since the epoch.

    ``parts`` are the folders that it looks at, none: all below ``path``. ``report`` is None until it has ended, and if
    it failed: then ``error`` says why.
    """

    scan_job_id: int
    path: str
    full: bool
    retry_failed: bool
    phase: Phase
    progress: ScanProgress | None
    started_at: int
    ended_at: int | None = None
    report: ScanReport | None = None
    error: str | None = None
    quick: bool = False
    nice: bool = False
    parts: tuple[Part, ...] = ()
    cause: ScanCause = ScanCause.ASKED


class Scan(Protocol):
    """``Host.scan``."""

    def __call__(
        self,
        path: str,
        *,
        full: bool,
        retry_failed: bool,
        quick: bool,
        nice: bool,
        parts: Sequence[Part],
        cause: ScanCause,
        entering: Entering | None,
        cancel: threading.Event,
        progress: Callable[[ScanProgress], None],
        begun: Callable[[int], None],
        engine: EngineChoice | None = None,
    ) -> ScanReport:
        """Scan a folder."""
        ...


class BackgroundScan:
    """One scan on a thread of its own. Any thread may call its methods; ``changed`` is called with each new state."""

    def __init__(
        self,
        scan: Scan,
        state: ScanState,
        changed: Callable[[ScanState], None],
        entering: Entering | None = None,
        *,
        cancel: threading.Event | None = None,
        progress: Callable[[ScanProgress], None] | None = None,
    ) -> None:
        """``entering`` is called with each folder before it is listed, ``progress`` as in ``Host.scan``.

        ``cancel`` ends it, as does ``cancel()``.
        """
        self._scan = scan
        self._shown = progress
        self._then = entering
        self._alive_at = time.monotonic()
        self._changed = changed
        self._state = state
        self._moved = threading.Condition()
        self._cancel = cancel or threading.Event()
        self._paused = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="scan", daemon=True)

    @property
    def state(self) -> ScanState:
        """The present state."""
        return self._state

    def begin(self, timeout_s: float) -> ScanState:
        """Start the thread; returns when the scan has a job. Raises the scan's error if it could not begin.

        A scan that finds nothing changed has one at its end: it is waited for as long as it enters folders.
        """
        self._alive_at = time.monotonic()
        self._thread.start()
        with self._moved:
            over = False
            while not over and (left_s := self._alive_at + timeout_s - time.monotonic()) > 0:
                over = bool(self._moved.wait_for(lambda: self._state.scan_job_id or self._failure is not None, left_s))
        if not over:
            self.cancel()
            raise ViewraError(
                f"{display(self._state.path)} could not be looked at within {timeout_s:g} s, and is not scanned",
                hint="its disk may not respond",
            )
        if not self._state.scan_job_id and self._failure is not None:
            raise self._failure
        return self._state

    def run(self) -> ScanReport:
        """Scan on this thread instead. Raises the scan's error."""
        try:
            self._run()
        finally:
            if self._state.phase is not Phase.ENDED:  # by Ctrl-C, which is no failure of the scan's
                self._end(error="interrupted")
        if self._failure is not None:
            raise self._failure
        assert self._state.report is not None  # noqa: S101 - one of both is there
        return self._state.report

    def pause(self) -> None:
        """Pause it, soon: batches that plugins are reading end first."""
        self._change(Phase.PAUSED)

    def resume(self) -> None:
        """Let a paused scan continue."""
        self._change(Phase.RUNNING)

    def cancel(self) -> None:
        """End it, soon; the next scan continues from there. Without effect on one that has ended."""
        self._cancel.set()
        self._change(Phase.CANCELLING)

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; False if that did not come in time."""
        if self._thread.ident is None:  # it runs on the thread of a caller
            with self._moved:
                return self._moved.wait_for(lambda: self._state.phase is Phase.ENDED, timeout_s)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asked = self._state
        if asked.nice:
            be_nice()
        try:
            report = self._scan(
                asked.path,
                full=asked.full,
                retry_failed=asked.retry_failed,
                quick=asked.quick,
                nice=asked.nice,
                parts=asked.parts,
                cause=asked.cause,
                entering=self._entering,
                cancel=self._cancel,
                progress=self._progress,
                begun=self._begun,
            )
        except Exception as error:
            if not isinstance(error, ViewraError | OSError):
                log.exception("a scan failed within viewra")
            self._failure = error
            told = error.told if isinstance(error, ViewraError) else str(error)
            self._end(error=display(told or type(error).__name__))
        else:
            self._end(report=report)

    def _entering(self, folder: bytes) -> None:
        self._alive_at = time.monotonic()
        if self._then is not None:
            self._then(folder)

    def _begun(self, job_id: int) -> None:
        self._set(scan_job_id=job_id)

    def _progress(self, progress: ScanProgress) -> None:
        self._set(progress=progress)
        if self._shown is not None:
            self._shown(progress)
        while self._state.phase is Phase.PAUSED and not self._cancel.is_set():
            with self._moved:  # not for long: a signal sets ``cancel`` without a notice
                self._moved.wait_for(lambda: self._state.phase is not Phase.PAUSED, LOOK_S)

    def _end(self, **how: Any) -> None:
        self._set(phase=Phase.ENDED, ended_at=_now(), **how)

    def _change(self, phase: Phase) -> None:
        with self._moved:
            if self._state.phase in {Phase.ENDED, phase} or self._state.phase is Phase.CANCELLING:
                return
        self._set(phase=phase)

    def _set(self, **values: Any) -> None:
        with self._moved:
            self._state = attrs.evolve(self._state, **values)
            state = self._state
            self._moved.notify_all()
        if state.scan_job_id:
            self._changed(state)


def _now() -> int:
    return time.time_ns() // 1000
