"""Values that the host and plugins exchange during a scan."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs

from viewra.types.values import Value


@attrs.frozen
class FileToRead:
    """One file of a batch for a scraper; ``mime_type`` is "" if unknown."""

    file_path: str
    mime_type: str = ""


@attrs.frozen
class FileOutcome:
    """A scraper's answer for one file of a batch.

    ``metadata`` has one or several texts for each field. If it is None, ``error`` is the reason; if ``error`` is empty,
    too, the plugin does not handle this file. ``worker`` is for the host: the worker on which it failed.
    """

    metadata: Mapping[str, Value] | None = None
    error: str = ""
    worker: str = attrs.field(default="", eq=False)


class ScanEventKind(enum.StrEnum):
    """The kinds of notifications that scanner hooks get from scans."""

    STARTED = "started"
    FILE = "file"
    COMPLETED = "completed"


@attrs.frozen
class ScanEvent:
    """One notification for scanner hooks, with the arguments of the service method for its kind.

    STARTED uses ``library_path``; FILE ``media_file_id``, ``file_path`` and ``metadata``; COMPLETED ``stats``.
    """

    kind: ScanEventKind
    scan_job_id: int
    library_id: int
    library_path: str = ""
    media_file_id: int = 0
    file_path: str = ""
    metadata: Mapping[str, str] = attrs.field(factory=dict)
    stats: Mapping[str, str] = attrs.field(factory=dict)


class ScanEvents(tuple[ScanEvent, ...]):  # noqa: SLOT001 - a tuple has no slots for more
    """Notifications that go to several listeners at once; the request that has them is kept with them."""

    request: bytes | None = None


class LibraryEventKind(enum.StrEnum):
    """A change of a file that the library knows.

    MISSING: it no longer exists, the library keeps its id and metadata; RETURNED: it exists again; MOVED: it has
    another path; PURGED: the library deleted its record, and never uses its id again.
    """

    MISSING = "missing"
    RETURNED = "returned"
    MOVED = "moved"
    PURGED = "purged"


@attrs.frozen
class LibraryEvent:
    """A change of one file, for scanner hooks with ``on_library_events``.

    ``scan_job_id`` is 0 if the operator caused the change and not a scan. ``old_path`` is the previous path of a file
    that MOVED, or that RETURNED at another path; ``""`` otherwise.
    """

    kind: LibraryEventKind
    scan_job_id: int
    library_id: int
    media_file_id: int
    path: str
    old_path: str = ""


class LibraryChangeKind(enum.StrEnum):
    """What has become of a file in the library, as ``on_library_changed`` tells it.

    ADDED: it is new, and can be found now; CHANGED: it was read or indexed again, so that what is known of it may
    differ; the others are as in ``LibraryEventKind``.
    """

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    MISSING = "missing"
    RETURNED = "returned"
    PURGED = "purged"


@attrs.frozen
class LibraryChange:
    """One change of one file.

    ``path`` is where the file is now, or was last. ``old_path`` is where a file was that MOVED, or RETURNED to another
    place; ``""`` otherwise.
    """

    kind: LibraryChangeKind
    library_id: int
    media_file_id: int
    path: str
    old_path: str = ""
