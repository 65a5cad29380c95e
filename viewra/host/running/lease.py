"""Renews the lease of a detachable plugin while this host runs it."""

from __future__ import annotations

import logging

from viewra.adapters import Caller
from viewra.codec.lifecycle import RENEW
from viewra.errors import PluginError
from viewra.host.sync.clock import SYSTEM, Clock
from viewra.host.sync.timer import Still, Timer

LEASE_S = 30
"""Seconds that a detachable plugin runs without a host."""
_EVERY_S = LEASE_S / 3

log = logging.getLogger("viewra.host")


class Renewal:
    """Renews a lease at once (raises a PluginError if that fails), then periodically until ``close``."""

    def __init__(self, endpoint: Caller, clock: Clock = SYSTEM) -> None:
        endpoint.call(RENEW, LEASE_S)
        self._endpoint = endpoint
        self._timer = Timer(f"lease-{endpoint.plugin_id}", self._renew, clock=clock)
        self._timer.set(_EVERY_S)

    def close(self) -> None:
        """Stop renewing; what is left of the lease is left to the next host."""
        self._timer.close()

    def _renew(self, still: Still) -> None:
        try:
            self._endpoint.call(RENEW, LEASE_S)
        except PluginError as error:
            log.debug("the lease of plugin %s was not renewed: %s", self._endpoint.plugin_id, error)
        if still():
            self._timer.set(_EVERY_S)
