"""The values that cross hooks: frozen attrs classes, and nothing that does work.

A path is always a ``str`` as ``os.fsdecode`` makes it (bytes that are not UTF-8 become surrogates), so every file
that the system can open has one. Metadata is a mapping of field names to text, as the wire has it; the field names of
audio files are those of MusicBrainz Picard (docs/vocabulary.md).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from viewra.errors import PluginError

T = TypeVar("T")

MAX_ID = 2**32 - 1
"""Ids of media files, scan jobs and libraries are 1 … MAX_ID: the wire carries them as uint32."""


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


class PluginState(enum.StrEnum):
    """Where one plugin is in its life; the reason that goes with it is kept beside it."""

    DISCOVERED = "discovered"
    INVALID = "invalid"
    DISABLED = "disabled"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"
    CRASHED = "crashed"
    BACKOFF = "backoff"
    QUARANTINED = "quarantined"


@attrs.frozen
class Result(Generic[T]):
    """What one plugin made of one hook call: its value, or its error; never both.

    ``value`` is what the service method returned (None for methods that return nothing); ``error`` is None on success.
    """

    plugin_id: str
    value: T | None = None
    error: PluginError | None = None

    @property
    def ok(self) -> bool:
        """Whether the plugin answered without an error."""
        return self.error is None

    def unwrap(self) -> T:
        """The value; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # a method that returns nothing has T = None


@attrs.frozen
class PluginInfo:
    """What a plugin says of itself (``PluginService.Info``).

    ``created_at`` and ``updated_at`` are seconds since the epoch, 0 where unknown; ``status`` and ``install_path`` are
    as the plugin reports them and are not relied on.
    """

    id: str
    name: str = ""
    version: str = ""
    description: str = ""
    author: str = ""
    website: str = ""
    repository: str = ""
    license: str = ""
    type: str = ""
    tags: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    status: str = ""
    install_path: str = ""
    created_at: int = 0
    updated_at: int = 0
    capabilities: tuple[str, ...] = attrs.field(default=(), converter=_texts)


@attrs.frozen
class PluginContext:
    """What a plugin is given at ``initialize``.

    ``config`` holds the settings as text: scalars as their JSON text without quotes around strings, nested fields under
    dotted keys, and the whole as one JSON document under ``_json``. ``database_url`` is the plugin's own database
    (empty when it offers no database service); ``base_path`` its private data directory; ``plugin_base_path`` the
    directory of its code; ``host_service_addr`` is empty while the host serves nothing to plugins.
    """

    plugin_id: str
    config: Mapping[str, str] = attrs.field(factory=dict)
    log_level: str = "info"
    database_url: str = ""
    base_path: str = ""
    host_service_addr: str = ""
    plugin_base_path: str = ""


@attrs.frozen
class Health:
    """Whether a plugin says it is well; ``error`` is why not, empty when healthy."""

    healthy: bool
    error: str = ""


@attrs.frozen
class SchemaRevision:
    """One version of a database's schema; ``additive``: going up to it changes nothing that is there."""

    id: str
    message: str = ""
    additive: bool = False


def _revisions(values: Iterable[SchemaRevision]) -> tuple[SchemaRevision, ...]:
    return tuple(values)


@attrs.frozen
class SchemaState:
    """Where a database stands: ``current`` is its revision ("" before the first), ``revisions`` all, oldest first."""

    current: str = ""
    revisions: tuple[SchemaRevision, ...] = attrs.field(default=(), converter=_revisions)

    @property
    def head(self) -> str:
        """The newest revision; "" where there is none."""
        return self.revisions[-1].id if self.revisions else ""

    @property
    def pending(self) -> tuple[SchemaRevision, ...] | None:
        """What the database still has to go through; None when it is at a revision that is not among these."""
        return self.upto(self.head)

    def upto(self, target: str) -> tuple[SchemaRevision, ...] | None:
        """What the database has to go through to ``target``; None when it is not at or below it."""
        here, there = self._position(self.current), self._position(target)
        return self.revisions[here:there] if here is not None and there is not None and here <= there else None

    def above(self, target: str) -> tuple[SchemaRevision, ...] | None:
        """What the database went through after ``target`` ("": after nothing); None when it is not at or above it."""
        here, there = self._position(self.current), self._position(target)
        return self.revisions[there:here] if here is not None and there is not None and there <= here else None

    def _position(self, revision: str) -> int | None:
        ids = ["", *(one.id for one in self.revisions)]
        return ids.index(revision) if revision in ids else None


@attrs.frozen
class AdminPage:
    """One page that a plugin adds to the host's admin area; ``path`` is below the plugin's own base path."""

    id: str
    title: str
    path: str
    icon: str = ""
    category: str = ""
    url: str = ""
    type: str = ""


@attrs.frozen
class APIRoute:
    """One HTTP route that a plugin wants served: ``path`` below its own base path, ``method`` in upper case."""

    path: str
    method: str
    description: str = ""


@attrs.frozen
class SearchResult:
    """One hit. ``score`` is 0 (worst) to 1 (best), comparable within one answer only."""

    id: str
    title: str
    artist: str = ""
    album: str = ""
    score: float = 0.0
    metadata: Mapping[str, str] = attrs.field(factory=dict)


def _results(values: Iterable[SearchResult]) -> tuple[SearchResult, ...]:
    return tuple(values)


@attrs.frozen
class SearchResponse:
    """One page of hits: ``total_count`` counts all hits, not only these; ``has_more`` says whether more follow."""

    results: tuple[SearchResult, ...] = attrs.field(default=(), converter=_results)
    total_count: int = 0
    has_more: bool = False


@attrs.frozen
class SearchCapabilities:
    """What a search service can do; ``max_results`` bounds ``limit`` (0: no bound of its own)."""

    supported_fields: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    supports_pagination: bool = False
    max_results: int = 0


@attrs.frozen
class FileToRead:
    """One file handed to a scraper in a batch; ``mime_type`` is "" where unknown."""

    file_path: str
    mime_type: str = ""


@attrs.frozen
class FileOutcome:
    """What a scraper made of one file of a batch.

    ``metadata`` is None when there is none: then either ``error`` says why, or, with ``error`` empty too, the plugin
    does not handle this file.
    """

    metadata: Mapping[str, str] | None = None
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
    """The value of one metadata field and the plugin that said it.

    ``why`` its word counts more than that of the ``others``, which are plugin ids with what they said, the next best
    first.
    """

    value: str
    plugin: str
    why: str = ""
    others: tuple[tuple[str, str], ...] = ()


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
