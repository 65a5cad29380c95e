"""What the library itself gives: its scans, its files, its searches. Plugins never see these."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import attrs

from viewra.errors import PluginError
from viewra.types.values import Value


@attrs.frozen
class ScanFailure:
    """One thing of a scan that failed: ``plugin`` is None when the file system is to blame, not a plugin."""

    path: str
    plugin: str | None
    error: str


@attrs.define
class ScanCounts:
    """Files of one scan. ``seen`` = new + changed + unchanged + moved; ``failed`` counts files, not failures."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    moved: int = 0
    deleted: int = 0
    failed: int = 0


class ScanStatus(enum.StrEnum):
    """How a scan ended (RUNNING: it has not)."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@attrs.frozen
class ScanReport:
    """The outcome of one scan job.

    ``failures`` is bounded (the first 1,000); ``counts.failed`` is exact. ``pending_notifications`` maps a plugin's id
    to how many notifications still wait for it; they are delivered by the next host that runs.
    """

    scan_job_id: int
    library_id: int
    library_path: str
    status: ScanStatus
    counts: ScanCounts
    duration_s: float
    failures: Sequence[ScanFailure] = ()
    pending_notifications: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen
class MetadataValue:
    """The value of one metadata field, a text or several, and the plugin that said it.

    ``why`` its word counts more than that of the ``others``, which are plugin ids with what they said, the next best
    first.
    """

    value: Value
    plugin: str
    why: str = ""
    others: tuple[tuple[str, Value], ...] = ()


@attrs.frozen
class MediaFile:
    """One stored media file. ``size`` in bytes, ``mtime_ns`` in nanoseconds since the epoch."""

    id: int
    library_id: int
    path: str
    mime_type: str
    size: int
    mtime_ns: int
    metadata: Mapping[str, MetadataValue] = attrs.field(factory=dict)


@attrs.frozen
class Library:
    """One folder that the operator wants in the library."""

    id: int
    path: str
    files: int = 0


@attrs.frozen
class SearchHit:
    """One row of a search over the library: ``score`` 0 to 1, ``source`` ``"library"`` or the plugin that found it."""

    path: str
    title: str
    artist: str
    album: str
    score: float
    source: str


@attrs.frozen
class SearchPage:
    """One page of ``host.search``: ``total`` counts every hit of every source."""

    total: int
    results: tuple[SearchHit, ...] = ()
    errors: tuple[PluginError, ...] = ()
