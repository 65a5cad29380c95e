"""Scans with the host that runs on the data directory, for ``viewra scan`` beside it: starts, shows, cancels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from viewra.cli._control import HostError, ask, find_host, whole
from viewra.cli._options import Options
from viewra.cli._output import print_line
from viewra.errors import LockedError, ViewraError
from viewra.library import ScanProgress
from viewra.types import ScanCounts, ScanFailure, ScanReport, ScanStage, ScanStatus

if TYPE_CHECKING:
    from viewra.host.workers.choice import EngineChoice

LOOK_S = 0.2
"""Seconds between two looks at the scan's progress."""


class ScansBeside:
    """The scans of the running host on a data directory. ``cancel`` cancels the scan that it does."""

    def __init__(self, options: Options, cancel: threading.Event, progress: Callable[[ScanProgress], None]) -> None:
        self._directory = options.directory
        self._cancel = cancel
        self._progress = progress

    def scan(
        self, path: str, *, exclude: Sequence[str], readers: EngineChoice | None = None, **how: bool
    ) -> ScanReport:
        """Scan a folder, ``how`` as in ``Host.scan``; that host connects to the cluster of ``readers``.

        Raises the host's errors, and ViewraError if the host ends meanwhile.
        """
        engine = {} if readers is None else {"engine": attrs.asdict(readers)}
        info = self._ask("scan_start", path=whole(path), exclude=[*exclude], **how, **engine)
        job_id, cancelled = info["scan_job_id"], False
        while info["finished_at"] is None or info["status"] == ScanStatus.RUNNING:
            if info["progress"] is not None:
                self._progress(ScanProgress(**info["progress"]))
            if self._cancel.wait(LOOK_S) and not cancelled:
                self._ask("scan_cancel", scan_job_id=job_id)
                cancelled = True
            elif cancelled:
                threading.Event().wait(LOOK_S)
            info = self._ask("scan_get", scan_job_id=job_id)
        if info["report"] is None:
            raise HostError(info["error"] or "the scan failed", hint="the host's log may say more", exit_status=1)
        return _report(info["report"])

    def pending(self, timeout_s: float) -> dict[str, int]:
        """Wait until listeners have all notifications, at most so long; returns the pending ones."""
        pending: dict[str, int] = self._ask("scan_notifications", timeout_s=timeout_s)["pending"]
        return pending

    def _ask(self, command: str, **arguments: Any) -> Any:
        try:
            answer = ask(self._directory, command, **arguments)
        except LockedError as error:
            raise _ended() from error
        if answer is None:
            raise _ended()
        return answer


def scans_beside(
    options: Options, cancel: threading.Event, progress: Callable[[ScanProgress], None]
) -> ScansBeside | None:
    """The scans of the host that runs on the data directory; None if none runs.

    Raises LockedError if a host holds the directory and does not answer.
    """
    if options.reattach or find_host(options.directory) is None:
        return None
    if options.plugins:
        print_line("viewra: the running host scans with the plugins that it has: --plugins is not used", err=True)
    return ScansBeside(options, cancel, progress)


def _ended() -> ViewraError:
    return ViewraError("the host that scanned has ended", hint="scan again: it goes on where that scan stopped")


def _report(data: dict[str, Any]) -> ScanReport:
    """The report that a host sent as JSON."""
    return ScanReport(
        **{
            **data,
            "status": ScanStatus(data["status"]),
            "counts": ScanCounts(**data["counts"]),
            "failures": tuple(ScanFailure(**one) for one in data["failures"]),
            "stages": tuple(ScanStage(**one) for one in data["stages"]),
        }
    )
