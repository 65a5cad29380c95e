"""The host's side of each service: which hook becomes which remote procedure. A file per service."""

from __future__ import annotations

from viewra.adapters._call import Endpoint, Link, RemoteEndpoint
from viewra.adapters._connection import Connection
from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._local import LocalEndpoint
from viewra.adapters.admin_page import AdminPageAdapter, AdminPageClient
from viewra.adapters.api_registration import APIRegistrationAdapter, APIRegistrationClient
from viewra.adapters.database import DatabaseAdapter, DatabaseClient
from viewra.adapters.lifecycle import LifecycleAdapter
from viewra.adapters.metadata_scraper import MetadataScraperAdapter, MetadataScraperClient
from viewra.adapters.scanner_hook import ScannerHookAdapter, ScannerHookClient
from viewra.adapters.search import SearchAdapter, SearchClient

ADAPTERS: tuple[type[ServiceAdapter], ...] = (
    LifecycleAdapter,
    MetadataScraperAdapter,
    ScannerHookAdapter,
    DatabaseAdapter,
    AdminPageAdapter,
    APIRegistrationAdapter,
    SearchAdapter,
)
"""One of each is registered for each plugin; it answers only while the plugin offers its service."""

__all__ = [
    "ADAPTERS",
    "APIRegistrationClient",
    "AdminPageClient",
    "Connection",
    "DatabaseClient",
    "Endpoint",
    "Link",
    "LocalEndpoint",
    "MetadataScraperClient",
    "RemoteEndpoint",
    "ScannerHookClient",
    "SearchClient",
    "ServiceAdapter",
]
