"""The forms in which a service's methods are called, in terms of those that an author writes: batches, and a stream.

The plugin's server and the in-process adapter both use these forms, so that a batch means the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from viewra import types  # light start-up: its classes are created at first use
from viewra.denied import explained

if TYPE_CHECKING:
    from viewra.services import LibraryEventsService, MetadataScraperService, ScannerHookService, TaskService
    from viewra.types import FileOutcome, FileToRead, LibraryEvent, ScanEvent, Task, TaskDone


FIRST_BATCH, LARGEST_BATCH = 8, 128
"""Files in a scraper's first batch of a scan, and in the largest."""
BATCH_S = 0.25
"""Seconds that a batch should take: a slow plugin keeps within its deadline, a quick one has few calls."""


def next_size(size: int, count: int, took_s: float) -> int:
    """How many files the next batches should have, after one of ``count`` files; ``size`` is that of the present."""
    if count != size and took_s <= BATCH_S:  # it was not full
        return size
    return max(1, min(2 * count, LARGEST_BATCH, int(count * BATCH_S / max(took_s, 1e-6))))


def extract_metadata_batch(service: MetadataScraperService, files: Sequence[FileToRead]) -> list[FileOutcome]:
    """Read each file; a file that fails has an outcome with the error, and the others are still read."""
    decides_itself = not service.get_supported_types()
    return [_extract(service, file, decides_itself) for file in files]


def on_scan_events(service: ScannerHookService, events: Sequence[ScanEvent]) -> list[str]:
    """Deliver events in order until one fails; gives a text for each: empty when it was taken, else why not.

    An author's own batch form takes them together, or none. Then each is delivered by itself, to find which it was.
    """
    answers: list[str] = []
    if len(events) > 1 and callable(together := getattr(service, "on_scan_events", None)):
        try:
            together(events)
        except Exception:  # noqa: S110 - whatever it is comes again below, with the event that it concerns
            pass
        else:
            return [""] * len(events)
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


def execute_task(service: TaskService, tasks: Iterator[Task], wanted: Callable[[], bool]) -> Iterator[TaskDone]:
    """Execute the one task of a stream, which learns by ``wanted`` when the host has ended the call."""
    for task in tasks:
        yield types.TaskDone(service.execute_task(attrs.evolve(task, wanted=wanted)))
        return


def method_of(service: Any, name: str) -> Callable[..., Any]:
    """The function that answers ``name`` for this service object, in the form in which it is called."""
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
    together = getattr(service, "on_scan_events", None)
    try:
        if callable(together):
            together([event])
            return ""
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
    "execute_task": execute_task,
}
_OPTIONAL = frozenset({"on_library_events"})
"""Batch forms of optional methods of a service."""
