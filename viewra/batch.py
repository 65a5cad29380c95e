"""Batch forms of a service's methods, in terms of its methods for one item.

An author writes the single form. The plugin's server and the in-process adapter both use these batch forms, so that a
batch means the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from viewra import types  # light start-up: its classes are created at first use
from viewra.denied import explained

if TYPE_CHECKING:
    from viewra.services import LibraryEventsService, MetadataScraperService, ScannerHookService
    from viewra.types import FileOutcome, FileToRead, LibraryEvent, ScanEvent


def extract_metadata_batch(service: MetadataScraperService, files: Sequence[FileToRead]) -> list[FileOutcome]:
    """Read each file; a file that fails has an outcome with the error, and the others are still read."""
    decides_itself = not service.get_supported_types()
    return [_extract(service, file, decides_itself) for file in files]


def on_scan_events(service: ScannerHookService, events: Sequence[ScanEvent]) -> list[str]:
    """Deliver events in order until one fails; gives a text for each: empty when it was taken, else why not."""
    answers: list[str] = []
    for event in events:
        if answers and answers[-1]:
            break
        answers.append(_deliver(service, event))
    return answers + ["the event before it was not taken"] * (len(events) - len(answers))


def on_library_events(service: LibraryEventsService, events: Sequence[LibraryEvent]) -> list[str]:
    """Deliver events together; returns a text for each: empty if they were accepted, else the error."""
    try:
        service.on_library_events(events)
    except Exception as error:  # as below
        return [explained(error)] * len(events)
    return [""] * len(events)


def method_of(service: Any, name: str) -> Callable[..., Any]:
    """The function that answers ``name`` for this service object, single or batch form."""
    form = _FORMS.get(name)
    return getattr(service, name) if form is None else partial(form, service)


def answers(service: Any, name: str) -> bool:
    """Whether this service object has a function for ``name``."""
    return name in _FORMS.keys() - _OPTIONAL or callable(getattr(service, name, None))


def _extract(service: MetadataScraperService, file: FileToRead, decides_itself: bool) -> FileOutcome:
    try:
        if decides_itself and not service.can_handle(file.file_path, file.mime_type):
            return types.FileOutcome()
        return types.FileOutcome(service.extract_metadata(file.file_path))
    except Exception as error:  # the author's code may raise anything, which concerns only this file
        return types.FileOutcome(error=explained(error))


def _deliver(service: ScannerHookService, event: ScanEvent) -> str:
    try:
        match event.kind:
            case types.ScanEventKind.STARTED:
                service.on_scan_started(event.scan_job_id, event.library_id, event.library_path)
            case types.ScanEventKind.FILE:
                service.on_media_file_scanned(event.media_file_id, event.file_path, event.metadata)
            case types.ScanEventKind.COMPLETED:
                service.on_scan_completed(event.scan_job_id, event.library_id, event.stats)
    except Exception as error:  # as above, for this event only
        return explained(error)
    return ""


_FORMS: dict[str, Callable[..., Any]] = {
    "extract_metadata_batch": extract_metadata_batch,
    "on_scan_events": on_scan_events,
    "on_library_events": on_library_events,
}
_OPTIONAL = frozenset({"on_library_events"})
"""Batch forms of optional methods of a service."""
