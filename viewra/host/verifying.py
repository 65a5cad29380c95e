"""Verifies the library in the background, once at a time: ``viewra fsck`` for a host that goes on serving."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from viewra.assets import AssetStore
from viewra.errors import LockedError, NotFound, ViewraError
from viewra.host.sync.background import Background
from viewra.library import Finding

CLOSING_S = 10.0
"""Seconds that the end of a host waits for the part of the work in progress."""
EVERY_S = 1.0
"""Seconds between two calls of the watcher."""

log = logging.getLogger("viewra.host")


@attrs.frozen
class Verification:
    """One verification of the library: while it is running, what it checks; then its findings.

    ``rows`` are those that were looked at in this ``step``. ``ok`` is None before the end, and False if faults are
    left. ``error`` is why it has failed, "" if it has not. Times are seconds since the epoch.
    """

    running: bool
    repair: bool
    started_at: float
    finished_at: float | None = None
    step: str = ""
    rows: int = 0
    findings: tuple[Finding, ...] = ()
    ok: bool | None = None
    error: str = ""


class _Ended(Exception):
    """The host ends."""


class Verifier:
    """Verifies one host's library; remembers the last verification. Thread-safe."""

    def __init__(self, engine: Callable[[], sa.Engine], assets: Callable[[], AssetStore]) -> None:
        self._engine = engine
        self._assets = assets
        self._lock = threading.Lock()
        self._background = Background()
        self._closing = False
        self._last: Verification | None = None
        self._watcher: Callable[[], object] = bool
        self._told_at = 0.0

    def watch(self, watcher: Callable[[], object]) -> None:
        """Call this at most once a second while a verification goes on, and at its end, on its thread."""
        self._watcher = watcher

    def start(self, *, repair: bool) -> Verification:
        """Begin. Raises LockedError while another one is running, and ViewraError while the host ends."""
        with self._lock:
            if self._last is not None and self._last.running:
                raise LockedError("the library is being verified already", hint="wait until that has ended")
            begun = self._last = Verification(True, repair, time.time(), step="database")
            if self._background.start("fsck", self._work) is None:
                self._last = None
                raise ViewraError("the host ends")
        return begun

    def last(self) -> Verification:
        """The one in progress, or the last one since the host was opened. Raises NotFound if there was none."""
        with self._lock:
            if self._last is None:
                raise NotFound("the library was not verified since viewra started", hint="start it first")
            return self._last

    def close(self) -> None:
        """End the one in progress after the transaction that it does."""
        self._closing = True
        self._background.close(CLOSING_S)

    def _work(self) -> None:
        from viewra import library  # light start: most hosts verify nothing
        from viewra.assets.fsck import verify as verify_assets

        begun = self.last()
        found: list[Finding] = []
        error = ""
        try:
            found += library.verify(self._engine(), repair=begun.repair, step=self._step)
            found += verify_assets(self._assets(), repair=begun.repair, step=self._step)
        except _Ended:
            error = "it was cancelled, as viewra ended"
        except ViewraError as failure:
            error = str(failure)
        except Exception as failure:
            log.exception("the verification of the library failed")
            error = f"{type(failure).__name__}: {failure}"
        ok = not error and all(one.harmless or one.repaired for one in found)
        self._now(running=False, finished_at=time.time(), step="", rows=0, findings=tuple(found), ok=ok, error=error)
        self._watcher()

    def _step(self, what: str, rows: int) -> None:
        if self._closing:
            raise _Ended
        self._now(step=what, rows=rows)
        if time.monotonic() - self._told_at >= EVERY_S:
            self._told_at = time.monotonic()
            self._watcher()

    def _now(self, **changes: object) -> None:
        with self._lock:
            assert self._last is not None  # noqa: S101 - it was started
            self._last = attrs.evolve(self._last, **changes)  # type: ignore[arg-type]
