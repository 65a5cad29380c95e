"""The host's side of each service: which hook becomes which remote procedure. A file per service."""

from __future__ import annotations

from viewra.adapters._breaker import BreakerState
from viewra.adapters._call import RemoteEndpoint
from viewra.adapters._connection import Connection
from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint, Link
from viewra.adapters._local import LocalEndpoint
from viewra.adapters._stats import BOUNDS_S, CallStats, HookStats
from viewra.adapters._traffic import Traffic
from viewra.adapters._version import AtVersion
from viewra.adapters.admin_page import AdminPageAdapter
from viewra.adapters.api_registration import APIRegistrationAdapter
from viewra.adapters.clients import ServiceClients
from viewra.adapters.database import DatabaseAdapter
from viewra.adapters.lifecycle import LifecycleAdapter
from viewra.adapters.metadata_scraper import MetadataScraperAdapter
from viewra.adapters.scanner_hook import ScannerHookAdapter
from viewra.adapters.search import SearchAdapter

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
    "BOUNDS_S",
    "AtVersion",
    "BreakerState",
    "CallStats",
    "Connection",
    "Endpoint",
    "HookStats",
    "Link",
    "LocalEndpoint",
    "RemoteEndpoint",
    "ServiceAdapter",
    "ServiceClients",
    "Traffic",
]
