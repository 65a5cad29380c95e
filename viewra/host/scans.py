"""The scans that run in the background of a host: started, paused, resumed and cancelled by others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from viewra.errors import LockedError, NotFound, UsageError
from viewra.host.background_scan import BackgroundScan, Phase, Scan, ScanState
from viewra.host.installed.lock import this_process
from viewra.library import ScanProgress, display
from viewra.types import ScanCause, ScanReport

if TYPE_CHECKING:  # light start, as ``viewra.library``
    from viewra.host.workers.choice import EngineChoice
    from viewra.library.scan_plan import Entering
    from viewra.library.scope import Part

BEGIN_S = 30.0
"""Seconds in which a scan must begin: it looks at the folder, its library and the mounted disks first."""
CLOSE_S = 10.0
"""Seconds for which a closing host waits for its cancelled scans; an unresponsive disk may keep one longer."""
REMEMBERED = 50
"""Ended scans whose reports are kept in memory."""

log = logging.getLogger("viewra.host")


class Scans:
    """The background scans of one host. ``accepts`` is False for a host that ends soon, as a command's own does."""

    def __init__(self, scan: Scan, *, accepts: bool) -> None:
        self._scan = scan
        self._accepts = accepts
        self._lock = threading.Lock()
        self._scans: list[BackgroundScan] = []
        self._closed = False
        self._watchers: tuple[Callable[[ScanState], None], ...] = ()

    def watch(self, watcher: Callable[[ScanState], None]) -> None:
        """Call this with each new state of each scan, on that scan's thread, which must not be held up."""
        self._watchers = (*self._watchers, watcher)

    def start(
        self,
        path: str,
        *,
        full: bool = False,
        retry_failed: bool = False,
        quick: bool = False,
        nice: bool = False,
        parts: Sequence[Part] = (),
        cause: ScanCause = ScanCause.ASKED,
        entering: Entering | None = None,
        engine: EngineChoice | None = None,
    ) -> ScanState:
        """Start a scan, as ``Host.scan`` does it; returns when it has begun.

        Raises UsageError for a path that cannot be scanned, LockedError when its library is being scanned, or this
        host takes no scans of others.
        """
        if full and retry_failed:
            raise UsageError("full and retry_failed exclude each other", hint="full reads what failed again, too")
        if quick and (full or retry_failed):
            raise UsageError("quick excludes full and retry_failed", hint="leave it out")
        state = ScanState(
            0,
            path,
            full,
            retry_failed,
            Phase.RUNNING,
            None,
            time.time_ns() // 1000,
            quick=quick,
            nice=nice,
            parts=tuple(parts),
            cause=cause,
        )
        begun = BackgroundScan(self._reading_with(engine), state, self._tell, entering)
        with self._lock:
            if self._closed or not self._accepts:
                raise LockedError(
                    f"the data directory is in use by {this_process()}, which ends soon",
                    hint="wait until it has ended, or choose another data directory: --data-dir DIR",
                )
            ended = [one for one in self._scans if one.state.phase is Phase.ENDED]
            for one in ended[: max(0, len(ended) - REMEMBERED)]:
                self._scans.remove(one)
            self._scans.append(begun)
        try:
            return begun.begin(BEGIN_S)
        except BaseException:
            with self._lock:
                if begun.state.phase is Phase.ENDED:
                    self._scans.remove(begun)
            raise

    def run(
        self,
        path: str,
        *,
        full: bool = False,
        retry_failed: bool = False,
        quick: bool = False,
        nice: bool = False,
        cancel: threading.Event | None = None,
        progress: Callable[[ScanProgress], None] | None = None,
        engine: EngineChoice | None = None,
    ) -> ScanReport:
        """Scan on this thread, as ``Host.scan`` does it; meanwhile others may pause, resume and cancel the scan."""
        now = time.time_ns() // 1000
        state = ScanState(0, path, full, retry_failed, Phase.RUNNING, None, now, quick=quick, nice=nice)
        scan = BackgroundScan(self._reading_with(engine), state, self._tell, cancel=cancel, progress=progress)
        with self._lock:
            self._scans.append(scan)
        try:
            return scan.run()
        finally:
            with self._lock:
                self._scans.remove(scan)

    def all(self) -> Sequence[ScanState]:
        """Every scan that was started here and is remembered, the last first."""
        with self._lock:
            states = [one.state for one in self._scans]
        return [state for state in reversed(states) if state.scan_job_id]

    def get(self, scan_job_id: int) -> ScanState:
        """One scan. Raises NotFound if it was not started here."""
        return self._find(scan_job_id).state

    def pause(self, scan_job_id: int) -> ScanState:
        """Pause a scan."""
        found = self._find(scan_job_id)
        found.pause()
        return found.state

    def resume(self, scan_job_id: int) -> ScanState:
        """Let a paused scan continue."""
        found = self._find(scan_job_id)
        found.resume()
        return found.state

    def cancel(self, scan_job_id: int) -> ScanState:
        """End a scan; the next one continues from there."""
        found = self._find(scan_job_id)
        found.cancel()
        return found.state

    def close(self) -> None:
        """Cancel every scan, and wait for their ends. May be called twice."""
        with self._lock:
            self._closed = True
            scans = tuple(self._scans)
        for one in scans:
            one.cancel()
        until = time.monotonic() + CLOSE_S
        for one in scans:
            if not one.wait(max(0.0, until - time.monotonic())):
                log.error(
                    "the scan of %s did not end within %g s and is not waited for any longer",
                    display(one.state.path),
                    CLOSE_S,
                )

    def _reading_with(self, engine: EngineChoice | None) -> Scan:
        return self._scan if engine is None else partial(self._scan, engine=engine)

    def _find(self, scan_job_id: int) -> BackgroundScan:
        with self._lock:
            for one in self._scans:
                if one.state.scan_job_id == scan_job_id:
                    return one
        raise NotFound(f"no scan {scan_job_id} was started in this host", hint="it may have ended long ago")

    def _tell(self, state: ScanState) -> None:
        for watcher in self._watchers:
            try:
                watcher(state)
            except Exception:  # a watcher's failure is its own
                log.exception("a watcher of scans failed")
