"""Values of the library's own interface: scans, files, searches. Plugins never see these."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import attrs

from viewra.errors import PluginError
from viewra.types.values import Value


@attrs.frozen
class ScanFailure:
    """One failure of a scan: ``plugin`` is None for a failure of the file system.

    ``worker`` names the worker that read the file, ``""``: the host that scanned.
    """

    path: str
    plugin: str | None
    error: str
    worker: str = ""


@attrs.define
class ScanCounts:
    """Files of one scan: ``seen`` = new + changed + unchanged + moved + returned.

    ``missing`` files existed before and do not now; ``returned`` ones were missing and exist again; ``deleted`` ones
    were missing for so long that the scan removed their records; a plugin read ``read`` files. ``failed`` counts
    files, not failures.
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
    """How a scan ended (RUNNING: it has not ended)."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class ScanCause(enum.StrEnum):
    """Why a scan began: somebody ASKED for it, a change was noticed, or a schedule said so.

    MADE_UP: a scheduled time passed while nothing ran that could have scanned.
    """

    ASKED = "asked"
    CHANGE = "change"
    SCHEDULE = "schedule"
    MADE_UP = "made_up"


@attrs.frozen
class ScanStage:
    """What one stage of a scan took: ``took_s`` seconds by the clock, ``cpu_s`` of processor time in the host's thread.

    Stages of that thread follow each other. Each ``plugin`` reads its ``files`` beside them, in processes of its own,
    whose processor time is not known here (None).
    """

    name: str
    took_s: float
    cpu_s: float | None = None
    plugin: str | None = None
    files: int | None = None


@attrs.frozen
class ScanReport:
    """The outcome of one scan job.

    ``failures`` has the first 1,000 failures; ``counts.failed`` is exact. ``pending_notifications`` maps a plugin's id
    to the number of notifications that it has not received yet; the next host delivers them. ``reached`` is the last
    path that the scan visited, and ``unread`` the number of files that plugins have still to read: the next scan
    continues a cancelled one from there. Some plugin failed to read ``still_failed`` files, in this scan or an earlier
    one; ``new_failed`` of them could be read before or are new; ``unwanted`` counts the files that no enabled plugin
    reads, by file name extension. ``stages`` say where the time went. ``workers`` maps each worker that read files to
    their number, counted for each plugin; empty where the host read all of them.
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
    stages: Sequence[ScanStage] = ()
    workers: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen
class MetadataValue:
    """The value of one metadata field, a text or several, and the plugin that supplied it.

    ``why`` is the reason why this plugin takes precedence over the ``others``: plugin ids with their values, in order
    of precedence. ``stated_in`` is the path of the nfo file that states it, beside a film or an episode; None: the
    plugin has it from the file itself, or from elsewhere.
    """

    value: Value
    plugin: str
    why: str = ""
    others: tuple[tuple[str, Value], ...] = ()
    stated_in: str | None = None


@attrs.frozen
class MediaFile:
    """One stored media file. ``size`` in bytes, ``mtime_ns`` in nanoseconds since the epoch.

    ``other_paths`` are hard and symbolic links to the same file. ``missing_since`` is when a scan first did not find
    it, in microseconds since the epoch; None: it exists.
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
    """A file that scans no longer find; ``since`` in microseconds since the epoch."""

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
    """The operator's settings of one library.

    Scans remove the record of a file that has been missing for ``missing_keep_s`` seconds. ``hidden``: scan hidden
    files and folders, too. ``exclude`` has patterns in gitignore's syntax, relative to the library. A lasting host
    keeps the library current if ``watch``, and scans it by the ``schedule`` (see ``parse_schedule``; "": none).
    """

    missing_keep_s: int = 30 * 86_400
    follow_links: FollowLinks = FollowLinks.ALL
    hidden: bool = False
    exclude: tuple[str, ...] = ()
    watch: bool = True
    schedule: str = ""


@attrs.frozen
class Library:
    """One folder of the library, with the number of its existing ``files`` and of those that are ``missing``."""

    id: int
    path: str
    files: int = 0
    missing: int = 0


@attrs.frozen(weakref_slot=False)  # as ``library.listing.filling`` needs it
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
    """One page of ``host.search``. ``total`` counts the hits of all sources; with ``has_more`` there are more.

    ``did_you_mean`` is a similar query that finds something, if this one found nothing.
    """

    total: int
    results: tuple[SearchHit, ...] = ()
    errors: tuple[PluginError, ...] = ()
    has_more: bool = False
    did_you_mean: str | None = None


@attrs.frozen
class Recording:
    """A recording as another source knows it: whatever is known of its identifiers, its texts and its duration."""

    title: str = ""
    artist: str = ""
    duration_s: float | None = None
    musicbrainz_recordingid: str = ""
    acoustid_id: str = ""
    isrc: str = ""


@attrs.frozen
class Match:
    """A file that a recording may be. ``score`` is from 0 to 1; ``by`` is the identifier's field, or ``texts``."""

    media_file_id: int
    path: str
    score: float
    by: str
