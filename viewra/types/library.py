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
    """Files of one scan: ``seen`` = new + changed + unchanged + moved + returned.

    ``missing`` were there before and are not now; ``returned`` were missing and are back; ``deleted`` were missing for
    so long that the scan forgot them; ``read`` were read by a plugin. ``failed`` counts files, not failures.
    """

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    moved: int = 0
    deleted: int = 0
    failed: int = 0
    missing: int = 0
    returned: int = 0
    read: int = 0


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
    to how many notifications still wait for it; they are delivered by the next host that runs. ``reached`` is what the
    scan looked at last, and ``unread`` how many files it found that a plugin has still to read: a scan that was
    cancelled goes on from there. ``still_failed`` files could not be read by some plugin, in this scan or an earlier
    one, of which ``new_failed`` could before, or were not there; ``unwanted`` counts those that no enabled plugin
    reads, by file name extension.
    """

    scan_job_id: int
    library_id: int
    library_path: str
    status: ScanStatus
    counts: ScanCounts
    duration_s: float
    failures: Sequence[ScanFailure] = ()
    pending_notifications: Mapping[str, int] = attrs.field(factory=dict)
    reached: str = ""
    unread: int = 0
    new_failed: int = 0
    still_failed: int = 0
    unwanted: Mapping[str, int] = attrs.field(factory=dict)


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
    """One stored media file. ``size`` in bytes, ``mtime_ns`` in nanoseconds since the epoch.

    ``other_paths`` are links, hard and symbolic, to the same file. ``missing_since`` is when a scan did not find it any
    more, in microseconds since the epoch; None: it is there.
    """

    id: int
    library_id: int
    path: str
    mime_type: str
    size: int
    mtime_ns: int
    metadata: Mapping[str, MetadataValue] = attrs.field(factory=dict)
    other_paths: tuple[str, ...] = ()
    missing_since: int | None = None


@attrs.frozen
class MissingFile:
    """A file that a scan did not find any more; ``since`` in microseconds since the epoch."""

    path: str
    media_file_id: int
    since: int


class FollowLinks(enum.StrEnum):
    """Which symbolic links a scan follows: those that lead into the library, all, or none."""

    INSIDE = "inside"
    ALL = "all"
    NONE = "none"


@attrs.frozen
class LibrarySettings:
    """What the operator wants of one library.

    A file that has been missing for ``missing_keep_s`` seconds is forgotten. ``hidden``: hidden files and folders are
    scanned too. ``exclude`` has patterns in gitignore's syntax, relative to the library.
    """

    missing_keep_s: int = 30 * 86_400
    follow_links: FollowLinks = FollowLinks.ALL
    hidden: bool = False
    exclude: tuple[str, ...] = ()


@attrs.frozen
class Library:
    """One folder that the operator wants in the library: ``files`` that are there, and how many are ``missing``."""

    id: int
    path: str
    files: int = 0
    missing: int = 0


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
    """One page of ``host.search``. ``total`` counts the hits of every source; with ``has_more`` there are even more."""

    total: int
    results: tuple[SearchHit, ...] = ()
    errors: tuple[PluginError, ...] = ()
    has_more: bool = False
