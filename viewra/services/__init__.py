"""The Protocols that plugin authors implement, and the descriptions of the services.

The same class answers in the host's own process and behind gRPC. MUST and MAY state the duties of an implementation; a
method that raises fails only that call of that plugin. Several threads call methods at once.

Each Protocol is imported at its first use, since a plugin's process must start quickly and needs few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy
from viewra.services.description import Service, Services

if TYPE_CHECKING:
    from viewra.services.admin_page import AdminPageService
    from viewra.services.api_registration import APIRegistrationService
    from viewra.services.artwork import ArtworkService
    from viewra.services.database import DatabaseService, SchemaService
    from viewra.services.events import EventService
    from viewra.services.http import HttpService
    from viewra.services.implementation import Implementation
    from viewra.services.metadata_scraper import MetadataScraperService
    from viewra.services.resizing import ResizingService
    from viewra.services.scanner_hook import LibraryEventsService, ScanEventsService, ScannerHookService
    from viewra.services.search import SearchService
    from viewra.services.sessions import BatchListenerSession, ListenerSession, ScraperSession
    from viewra.services.tasks import TaskService

__all__ = [
    "EXTENSIONS",
    "SCRAPER",
    "SERVICES",
    "TABLES",
    "APIRegistrationService",
    "AdminPageService",
    "ArtworkService",
    "BatchListenerSession",
    "DatabaseService",
    "EventService",
    "HttpService",
    "Implementation",
    "LibraryEventsService",
    "ListenerSession",
    "MetadataScraperService",
    "ResizingService",
    "ScanEventsService",
    "ScannerHookService",
    "SchemaService",
    "ScraperSession",
    "SearchService",
    "Service",
    "Services",
    "TaskService",
]

SERVICES = Services(
    Service("metadata_scraper", "MetadataScraperService", "can_handle extract_metadata get_supported_types"),
    Service("scanner_hook", "ScannerHookService", "on_media_file_scanned on_scan_started on_scan_completed"),
    Service("database", "DatabaseService", "get_models migrate rollback", capability="database_service"),
    Service("admin_page", "AdminPageService", "get_admin_pages register_routes"),
    Service("api_registration", "APIRegistrationService", "get_registered_routes"),
    Service("search", "SearchService", "search get_search_capabilities", capability="search_service"),
)
"""The services of viewra, a line each; a host may be given more: ``Host(services=SERVICES + Services(…))``."""

SCRAPER, TABLES = SERVICES["metadata_scraper"].capability, SERVICES["database"].capability
"""The services that decide how a plugin runs: those that read files, and those with a database of their own."""

EXTENSIONS = Services(
    Service("http", "HttpService", "handle_http", wire="viewra.v1.HttpService"),
    Service("artwork", "ArtworkService", "find_pictures", wire="viewra.v1.ArtworkService"),
    Service("resizing", "ResizingService", "resize_picture", wire="viewra.v1.ResizingService"),
    Service("tasks", "TaskService", "execute_task", wire="viewra.v1.TaskService"),
    Service("events", "EventService", "on_event", wire="viewra.v1.EventService"),
)
"""Services of viewra alone, which no manifest has to declare: a plugin has them or not, as its process shows."""

__getattr__ = lazy.names(
    __name__,
    {
        ".admin_page": "AdminPageService",
        ".api_registration": "APIRegistrationService",
        ".artwork": "ArtworkService",
        ".database": "DatabaseService SchemaService",
        ".events": "EventService",
        ".http": "HttpService",
        ".implementation": "Implementation",
        ".metadata_scraper": "MetadataScraperService",
        ".resizing": "ResizingService",
        ".scanner_hook": "LibraryEventsService ScanEventsService ScannerHookService",
        ".search": "SearchService",
        ".sessions": "BatchListenerSession ListenerSession ScraperSession",
        ".tasks": "TaskService",
    },
)
