"""What plugins are told and asked in a scan."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs

from viewra.types.values import Value


@attrs.frozen
class FileToRead:
    """One file handed to a scraper in a batch; ``mime_type`` is "" where unknown."""

    file_path: str
    mime_type: str = ""


@attrs.frozen
class FileOutcome:
    """What a scraper made of one file of a batch.

    ``metadata`` has a text for each field, or several texts. It is None when there is none: then either ``error`` says
    why, or, with ``error`` empty too, the plugin does not handle this file.
    """

    metadata: Mapping[str, Value] | None = None
    error: str = ""


class ScanEventKind(enum.StrEnum):
    """The three things a scan tells scanner hooks."""

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


class LibraryEventKind(enum.StrEnum):
    """What became of a file that the library knew.

    MISSING: it is not where it was, its id and metadata are kept; RETURNED: it is back; MOVED: it has another path;
    PURGED: it was forgotten, and its id does not come again.
    """

    MISSING = "missing"
    RETURNED = "returned"
    MOVED = "moved"
    PURGED = "purged"


@attrs.frozen
class LibraryEvent:
    """One file's fate, as scanner hooks with ``on_library_events`` hear it.

    ``scan_job_id`` is 0 when no scan found it but the operator made it so. ``old_path`` is where a file was that MOVED,
    or RETURNED to another place; ``""`` otherwise.
    """

    kind: LibraryEventKind
    scan_job_id: int
    library_id: int
    media_file_id: int
    path: str
    old_path: str = ""
