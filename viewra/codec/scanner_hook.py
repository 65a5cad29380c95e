"""``plugin.ScannerHookService``, and in ``viewra.v1`` its form with paths as bytes and the events of known files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import attrs

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue, Rpc, action, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.pb import viewra_pb2 as v1
from viewra.services import SERVICES
from viewra.types import LibraryEvent, LibraryEventKind, ScanEvent, ScanEventKind, ScanEvents

SERVICE = SERVICES["scanner_hook"].capability


def _file_request(media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> pb.OnMediaFileScannedRequest:
    return pb.OnMediaFileScannedRequest(
        media_file_id=checks.identifier(media_file_id, "media_file_id"), file_path=file_path, metadata=metadata
    )


def _started_request(scan_job_id: int, library_id: int, library_path: str) -> pb.OnScanStartedRequest:
    return pb.OnScanStartedRequest(
        scan_job_id=checks.identifier(scan_job_id, "scan_job_id"),
        library_id=checks.identifier(library_id, "library_id"),
        library_path=library_path,
    )


def _completed_request(scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> pb.OnScanCompletedRequest:
    return pb.OnScanCompletedRequest(
        scan_job_id=checks.identifier(scan_job_id, "scan_job_id"),
        library_id=checks.identifier(library_id, "library_id"),
        stats=stats,
    )


def _event_message(event: ScanEvent) -> v1.ScanEvent:
    job = checks.identifier(event.scan_job_id, "scan_job_id")
    library = checks.identifier(event.library_id, "library_id")
    match event.kind:
        case ScanEventKind.STARTED:
            started = v1.ScanEvent.Started(library_path=os.fsencode(event.library_path))
            return v1.ScanEvent(scan_job_id=job, library_id=library, started=started)
        case ScanEventKind.FILE:
            file = v1.ScanEvent.File(
                media_file_id=checks.identifier(event.media_file_id, "media_file_id"),
                path=os.fsencode(event.file_path),
                metadata=event.metadata,
            )
            return v1.ScanEvent(scan_job_id=job, library_id=library, file=file)
        case ScanEventKind.COMPLETED:
            completed = v1.ScanEvent.Completed(stats=event.stats)
            return v1.ScanEvent(scan_job_id=job, library_id=library, completed=completed)


def _event(message: v1.ScanEvent) -> ScanEvent:
    job, library = message.scan_job_id, message.library_id
    match message.WhichOneof("event"):
        case "started":
            path = os.fsdecode(message.started.library_path)
            return ScanEvent(ScanEventKind.STARTED, job, library, library_path=path)
        case "file":
            return ScanEvent(
                ScanEventKind.FILE,
                job,
                library,
                media_file_id=message.file.media_file_id,
                file_path=os.fsdecode(message.file.path),
                metadata=dict(message.file.metadata),
            )
        case _:
            return ScanEvent(ScanEventKind.COMPLETED, job, library, stats=dict(message.completed.stats))


_WIRE_KINDS = {
    LibraryEventKind.MISSING: v1.LibraryEvent.MISSING,
    LibraryEventKind.RETURNED: v1.LibraryEvent.RETURNED,
    LibraryEventKind.MOVED: v1.LibraryEvent.MOVED,
    LibraryEventKind.PURGED: v1.LibraryEvent.PURGED,
}
_KINDS = {wire: kind for kind, wire in _WIRE_KINDS.items()}


def _library_event_message(event: LibraryEvent) -> v1.LibraryEvent:
    return v1.LibraryEvent(
        kind=_WIRE_KINDS[event.kind],
        scan_job_id=checks.identifier(event.scan_job_id, "scan_job_id") if event.scan_job_id else 0,
        library_id=checks.identifier(event.library_id, "library_id"),
        media_file_id=checks.identifier(event.media_file_id, "media_file_id"),
        path=os.fsencode(event.path),
        old_path=os.fsencode(event.old_path),
    )


def _library_event(message: v1.LibraryEvent) -> LibraryEvent:
    kind = _KINDS.get(message.kind)
    if kind is None:
        raise InvalidValue("kind", f"{message.kind} is none of {', '.join(map(str, _WIRE_KINDS))}")
    return LibraryEvent(
        kind,
        message.scan_job_id,
        message.library_id,
        message.media_file_id,
        os.fsdecode(message.path),
        os.fsdecode(message.old_path),
    )


ON_MEDIA_FILE_SCANNED = action(
    SERVICE,
    "/plugin.ScannerHookService/OnMediaFileScanned",
    "on_media_file_scanned",
    pb.OnMediaFileScannedRequest,
    pb.OnMediaFileScannedResponse,
    _file_request,
    lambda message: (message.media_file_id, message.file_path, dict(message.metadata)),
)
ON_SCAN_STARTED = action(
    SERVICE,
    "/plugin.ScannerHookService/OnScanStarted",
    "on_scan_started",
    pb.OnScanStartedRequest,
    pb.OnScanStartedResponse,
    _started_request,
    lambda message: (message.scan_job_id, message.library_id, message.library_path),
)
ON_SCAN_COMPLETED = action(
    SERVICE,
    "/plugin.ScannerHookService/OnScanCompleted",
    "on_scan_completed",
    pb.OnScanCompletedRequest,
    pb.OnScanCompletedResponse,
    _completed_request,
    lambda message: (message.scan_job_id, message.library_id, dict(message.stats)),
)
_ON_SCAN_EVENTS: Rpc[[Sequence[ScanEvent]], tuple[str, ...]] = procedure(
    service=SERVICE,
    method="on_scan_events",
    path="/viewra.v1.ScanEventService/OnScanEvents",
    request=v1.OnScanEventsRequest,
    response=v1.OnScanEventsResponse,
    encode_args=lambda events: v1.OnScanEventsRequest(events=map(_event_message, events)),
    decode_args=lambda message: ([_event(event) for event in message.events],),
    encode_value=lambda errors: v1.OnScanEventsResponse(errors=errors),
    decode_value=lambda message: tuple(checks.within(message.errors, "errors")),
    check=lambda value: checks.items(value, "errors", checks.note),
    plain=True,
)


def _scan_events_request(events: Sequence[ScanEvent]) -> bytes:
    """The request for these events, made once for all listeners that get them together."""
    if not isinstance(events, ScanEvents):
        return _ON_SCAN_EVENTS.arguments(events)
    if events.request is None:
        events.request = _ON_SCAN_EVENTS.arguments(events)
    return events.request


ON_SCAN_EVENTS: Rpc[[Sequence[ScanEvent]], tuple[str, ...]] = attrs.evolve(
    _ON_SCAN_EVENTS, arguments=_scan_events_request
)
ON_LIBRARY_EVENTS: Rpc[[Sequence[LibraryEvent]], tuple[str, ...]] = procedure(
    service=SERVICE,
    method="on_library_events",
    path="/viewra.v1.LibraryEventService/OnLibraryEvents",
    request=v1.OnLibraryEventsRequest,
    response=v1.OnLibraryEventsResponse,
    encode_args=lambda events: v1.OnLibraryEventsRequest(events=map(_library_event_message, events)),
    decode_args=lambda message: ([_library_event(event) for event in message.events],),
    encode_value=lambda errors: v1.OnLibraryEventsResponse(errors=errors),
    decode_value=lambda message: tuple(checks.within(message.errors, "errors")),
    check=lambda value: checks.items(value, "errors", checks.note),
)
