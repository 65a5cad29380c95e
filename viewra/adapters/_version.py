"""Adapters for several versions of the services: those of the version that host and plugin agreed on answer, no others.

Which version that is, only the handshake says: the first question starts the plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._endpoint import Endpoint
from viewra.codec.rpc import Rpc

P = ParamSpec("P")
T = TypeVar("T")


class AtVersion:
    """A plugin as the adapters of one version see it. ``agreed`` gives the version, and starts the plugin if need be.

    ``agreed`` gives None for a plugin that did not start; ``speaks_for_all`` marks the one version whose adapters then
    answer, with the reason.
    """

    def __init__(
        self, endpoint: Endpoint, version: int, agreed: Callable[[], int | None], *, speaks_for_all: bool
    ) -> None:
        self._endpoint = endpoint
        self._version = version
        self._agreed = agreed
        self._speaks_for_all = speaks_for_all
        self.plugin_id = endpoint.plugin_id
        self.lanes = endpoint.lanes

    @property
    def running(self) -> bool:
        """Whether the plugin runs, and with this version."""
        return self._endpoint.running and self._agreed() == self._version

    @property
    def code_hash(self) -> str:
        """Hash of the plugin's code."""
        return self._endpoint.code_hash

    @property
    def priority(self) -> Mapping[str, int]:
        """How much its word on metadata fields counts."""
        return self._endpoint.priority

    @property
    def database_url(self) -> str:
        """The plugin's own database."""
        return self._endpoint.database_url

    @property
    def known(self) -> bool:
        """Whether it is known which services it has."""
        return self._endpoint.known

    def offers(self, capability: str) -> bool:
        """Whether the plugin has this service, in this version."""
        if not self._endpoint.offers(capability):
            return False
        agreed = self._agreed()
        return self._speaks_for_all if agreed is None else agreed == self._version

    def serves(self, rpc: Rpc[..., Any]) -> bool:
        """Whether the plugin is known to answer this procedure."""
        return self._endpoint.serves(rpc)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError."""
        return self._endpoint.call(rpc, *args, **kwargs)

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call."""
        return self._endpoint.start(rpc, *args, **kwargs)
