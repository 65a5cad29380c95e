"""The check suite of scanner hooks."""

from __future__ import annotations

from collections.abc import Sequence

from viewra.services import ScannerHookService
from viewra.testing.checks._common import offered


def check_scanner_hook(service: ScannerHookService | None, *, files: Sequence[str] = ("/music/a.flac",)) -> None:
    """Check a scanner hook with a scan of ``files``, delivered in order and then again, as after a crash."""
    hook = offered(service, "scanner hook")
    for _ in range(2):
        hook.on_scan_started(1, 1, "/music")
        for number, path in enumerate(files, start=1):
            hook.on_media_file_scanned(number, path, {"title": "Für Elise", "artist": "瀧廉太郎"})
            hook.on_media_file_scanned(number, path, {})
        hook.on_scan_completed(1, 1, {"seen": str(len(files)), "status": "completed"})
