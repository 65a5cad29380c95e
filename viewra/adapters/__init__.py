"""The host's side of each service: maps hooks to remote procedures. One module per service."""

from __future__ import annotations

from collections.abc import Iterator

import pluggy

from viewra import hookspecs
from viewra.adapters._breaker import BreakerState
from viewra.adapters._call import RemoteEndpoint
from viewra.adapters._connection import STREAMS_S, Connection
from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Caller, Endpoint, Link
from viewra.adapters._exchange import Exchange
from viewra.adapters._local import LocalEndpoint
from viewra.adapters._own_calls import Called, OwnCalls
from viewra.adapters._stats import BOUNDS_S, CallStats, HookStats
from viewra.adapters._traffic import Traffic
from viewra.adapters.clients import ServiceClients
from viewra.adapters.lifecycle import LifecycleAdapter
from viewra.services import SERVICES, Services


def adapters_of(services: Services = SERVICES) -> Iterator[type[ServiceAdapter]]:
    """The adapters to register for each plugin: the lifecycle's and one for each service.

    An adapter answers only while the plugin offers its service.
    """
    yield LifecycleAdapter
    for service in services:
        yield service.adapter


def add_hookspecs(pm: pluggy.PluginManager, services: Services = SERVICES) -> None:
    """Register the hook specifications: viewra's, and those of other services in their adapters' modules."""
    pm.add_hookspecs(hookspecs)
    for service in services:
        module = service.module("adapters")
        if any(pm.parse_hookspec_opts(module, name) for name in dir(module)):
            pm.add_hookspecs(module)


__all__ = [
    "BOUNDS_S",
    "STREAMS_S",
    "BreakerState",
    "CallStats",
    "Called",
    "Caller",
    "Connection",
    "Endpoint",
    "Exchange",
    "HookStats",
    "Link",
    "LocalEndpoint",
    "OwnCalls",
    "RemoteEndpoint",
    "ServiceAdapter",
    "ServiceClients",
    "Traffic",
    "adapters_of",
    "add_hookspecs",
]
