"""What a plugin author implements: the lifecycle and the six services, as Protocols.

The same class answers in the host's own process and behind gRPC. MUST and MAY say what an implementation owes; a method
that raises makes that one call fail for that one plugin. Methods are called from several threads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from concurrent.futures import Future

    from viewra.types import (
        AdminPage,
        APIRoute,
        FileOutcome,
        FileToRead,
        Health,
        LibraryEvent,
        PluginContext,
        PluginInfo,
        ScanEvent,
        SchemaState,
        SearchCapabilities,
        SearchResponse,
    )


@runtime_checkable
class MetadataScraperService(Protocol):
    """Reads metadata from media files."""

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """MUST say whether this plugin can read the file; asked only where no supported type decides. Cheap: no I/O."""
        ...

    def extract_metadata(self, file_path: str) -> Mapping[str, str]:
        """MUST return the file's metadata, field name to text; raises for a file that it cannot read."""
        ...

    def get_supported_types(self) -> Sequence[str]:
        """MUST return the MIME types that it reads; ``audio/*`` stands for all of audio, an empty list for "ask me"."""
        ...


@runtime_checkable
class ScannerHookService(Protocol):
    """Hears of scans, in order: started, each file, completed. MAY be slow: a scan never waits for it."""

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
class LibraryEventsService(Protocol):
    """What a scanner hook MAY be besides: one that hears what became of files that the library knew.

    The events come in order with those of scans. A moved file is told of here and by ``on_media_file_scanned``.
    """

    def on_library_events(self, events: Sequence[LibraryEvent]) -> None:
        """MUST accept files that are missing, have returned, moved or were purged. At least once: MAY come twice."""
        ...


@runtime_checkable
class DatabaseService(Protocol):
    """Keeps tables of its own, in its own database, never the host's.

    That of a plugin object in the host's process MAY have ``engines``, the names of what it can keep tables in,
    ``sqlite`` or ``postgresql``, by default SQLite alone; one in a process of its own says so in its manifest.
    """

    def get_models(self) -> Sequence[str]:
        """MUST return the names of its tables."""
        ...

    def migrate(self, connection_string: str) -> None:
        """MUST bring its schema to the newest version, in one transaction; doing it twice is harmless."""
        ...

    def rollback(self, connection_string: str) -> None:
        """MUST take its schema one version back."""
        ...


@runtime_checkable
class SchemaService(Protocol):
    """What a database service MAY be besides: one that can say where its database stands.

    Such a plugin's database is migrated before ``initialize``, which finds the tables there; all methods of its
    database service MUST work without ``initialize``. ``viewra.sdk_db.AlembicDatabaseService`` is one.
    """

    def describe(self, connection_string: str) -> SchemaState:
        """MUST say which revision the database is at and which there are, without changing anything."""
        ...


@runtime_checkable
class AdminPageService(Protocol):
    """Adds pages to the host's admin area."""

    def get_admin_pages(self) -> Sequence[AdminPage]:
        """MUST return its pages; called at the start and after a reload."""
        ...

    def register_routes(self, base_path: str) -> None:
        """MUST accept the path below which its pages are reached."""
        ...


@runtime_checkable
class APIRegistrationService(Protocol):
    """Adds HTTP routes."""

    def get_registered_routes(self) -> Sequence[APIRoute]:
        """MUST return its routes; called at the start and after a reload."""
        ...


@runtime_checkable
class SearchService(Protocol):
    """Answers searches from a source of its own."""

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        """MUST return at most ``limit`` hits from ``offset`` on. ``query`` maps fields to text; ``q`` is any field."""
        ...

    def get_search_capabilities(self) -> SearchCapabilities:
        """MUST return what it can search by."""
        ...


class Implementation(Protocol):
    """A plugin: its lifecycle, and a getter for each service (None: not offered).

    Called in this order: ``initialize``, ``start``, calls, ``stop``. ``health`` is asked only after ``start``.
    """

    def initialize(self, context: PluginContext) -> None:
        """MUST take its settings and get ready; raises to say that it cannot run."""
        ...

    def start(self) -> None:
        """MUST begin what it does by itself, if anything; raises to say that it cannot run."""
        ...

    def stop(self) -> None:
        """MUST end what ``start`` began, and let go of files, ports and threads."""
        ...

    def info(self) -> PluginInfo:
        """MUST say what it is; asked before ``initialize`` too."""
        ...

    def health(self) -> Health:
        """MUST say whether it is well; MAY ask a remote site."""
        ...

    def metadata_scraper_service(self) -> MetadataScraperService | None:
        """The metadata scraper, or None."""
        ...

    def scanner_hook_service(self) -> ScannerHookService | None:
        """The scanner hook, or None."""
        ...

    def database_service(self) -> DatabaseService | None:
        """The database service, or None."""
        ...

    def admin_page_service(self) -> AdminPageService | None:
        """The admin pages, or None."""
        ...

    def api_registration_service(self) -> APIRegistrationService | None:
        """The API routes, or None."""
        ...

    def search_service(self) -> SearchService | None:
        """The search, or None."""
        ...


class ScraperSession(Protocol):
    """One plugin's side of one scan: whoever scans keeps several batches in flight and never waits for one."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def code_hash(self) -> str:
        """Hash of the plugin's code: what it made of a file is kept under it, so that new code reads again."""
        ...

    @property
    def batch_size(self) -> int:
        """How many files to hand over at once."""
        ...

    @property
    def window(self) -> int:
        """How many batches to keep in flight."""
        ...

    def wants(self, mime_type: str) -> bool:
        """Whether to hand over files of this type; True too where the plugin decides file by file."""
        ...

    def submit(self, files: Sequence[FileToRead]) -> Future[Sequence[FileOutcome]]:
        """Start reading; the future gives an outcome for each file, in order, or a ``PluginError`` for the batch."""
        ...


class ListenerSession(Protocol):
    """One scanner hook's side of the notifications."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    def deliver(self, event: ScanEvent | LibraryEvent) -> None:
        """Deliver one notification and wait for the answer; raises a ``PluginError``.

        A plugin that does not listen to an event of its kind is not told of it.
        """
        ...
