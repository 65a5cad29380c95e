"""The plugin's side of the scanner hook; its mirror image is viewra/adapters/scanner_hook.py."""

from __future__ import annotations

from functools import partial

from viewra.batch import on_library_events, on_scan_events
from viewra.codec import scanner_hook as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import LibraryEventsService, ScannerHookService


def handlers(service: ScannerHookService) -> list[Handler]:
    """The procedures of the scanner hook. The one for events of known files is optional for the author."""
    found = [
        handle(codec.ON_MEDIA_FILE_SCANNED, service.on_media_file_scanned),
        handle(codec.ON_SCAN_STARTED, service.on_scan_started),
        handle(codec.ON_SCAN_COMPLETED, service.on_scan_completed),
        handle(codec.ON_SCAN_EVENTS, partial(on_scan_events, service)),
    ]
    if isinstance(service, LibraryEventsService):
        found.append(handle(codec.ON_LIBRARY_EVENTS, partial(on_library_events, service)))
    return found
