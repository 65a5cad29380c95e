"""The scanner hook, as an author implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up
    from viewra.types import LibraryEvent, ScanEvent


@runtime_checkable
class ScannerHookService(Protocol):
    """Listens to scans, in order: started, each file, completed. MAY be slow: a scan never waits for it.

    A scan that finds a library as the last one left it is not told of: that would start the plugin for nothing.
    """

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """MUST accept a file that is new, changed, moved or read again. At least once: it MAY come twice."""
        ...

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """MUST accept the start of a scan of one library."""
        ...

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """MUST accept the end of a scan; ``stats`` has the counts of the report and ``status``, as text."""
        ...


@runtime_checkable
class ScanEventsService(Protocol):
    """An optional extension: a scanner hook that takes the events of scans several at a time, which costs less."""

    def on_scan_events(self, events: Sequence[ScanEvent]) -> None:
        """MUST accept all of them, in order, or raise and have accepted none: they are delivered one by one then.

        A host calls it instead of the methods for one event, which are for hosts that know no batches.
        """
        ...


@runtime_checkable
class LibraryEventsService(Protocol):
    """An optional extension: a scanner hook that also listens to changes of known files.

    The events come in order with those of scans. A moved file is also reported to ``on_media_file_scanned``.
    """

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """MUST accept files that are missing, have returned, moved or were purged. At least once: MAY come twice."""
        ...
