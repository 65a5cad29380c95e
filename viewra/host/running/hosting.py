"""Offers the host services to one process of a plugin: by the stream ``HostBridge``, or else by a server to dial.

viewra/bridge answers what comes; this module decides when the stream is opened, and ends both with the run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from viewra.adapters import Connection
from viewra.bridge import Attachment, HostedPlugin, Rights
from viewra.codec.host.attach import ATTACH, ON_REQUEST
from viewra.codec.limits import Limits
from viewra.process import Output
from viewra.transport.calls import CallFailed
from viewra.transport.endpoint import Place

if TYPE_CHECKING:
    from viewra.host.running.dialled import Dialled
    from viewra.transport.broker import Broker

_BRIDGE = ATTACH.wire_service

log = logging.getLogger("viewra.host")


class Hosting:
    """What one process has of its host, until ``close``; ``hosted`` is None in a host without services."""

    def __init__(self, plugin_id: str, hosted: HostedPlugin | None, rights: Rights, limits: Limits) -> None:
        self._plugin_id = plugin_id
        self._hosted = hosted
        self._rights = rights
        self._limits = limits
        self._lock = threading.Lock()
        self._attachment: Attachment | None = None
        self._dialled: Dialled | None = None
        self._closed = False

    def attach(self, connection: Connection, wire_services: Collection[str], output: Output) -> None:
        """Open the stream to a process that serves it: at once, or when its output requests that. Raises CallFailed."""
        hosted = self._hosted
        if hosted is None or _BRIDGE not in wire_services:
            return
        if ON_REQUEST not in wire_services:
            self._open(hosted, connection)
            return

        def requested() -> None:
            try:
                self._open(hosted, connection)
            except CallFailed as error:  # the process is about to end
                log.warning("plugin %s: its stream of host services cannot be opened: %s", self._plugin_id, error.text)

        output.when_requested(requested)

    def serve_dialled(
        self, broker: Callable[[Place], Broker], scratch: Path | None, wire_services: Collection[str] | None
    ) -> Dialled | None:
        """Serve a process without the stream, in its folder; ``broker`` makes the host's end of go-plugin's broker.

        ``wire_services`` is None for a process that does not say what it serves. Raises OSError.
        """
        if self._hosted is None or scratch is None or _BRIDGE in (wire_services or ()):
            return None
        from viewra.host.running.dialled import Dialled  # light start: plugins made with the SDK do without

        place = Place(scratch)
        has_broker = wire_services is None or "plugin.GRPCBroker" in wire_services
        self._dialled = Dialled(
            self._plugin_id,
            self._hosted,
            self._rights,
            limits=self._limits,
            place=place,
            broker=broker(place) if has_broker else None,
        )
        return self._dialled

    def close(self) -> None:
        """End both, and wait for what is answered now. May be called twice."""
        with self._lock:
            self._closed = True
            attachment = self._attachment
        if attachment is not None:
            attachment.close()
        if self._dialled is not None:
            self._dialled.close()

    def _open(self, hosted: HostedPlugin, connection: Connection) -> None:
        with self._lock:
            if not self._closed and self._attachment is None:
                self._attachment = hosted.attach(connection.streaming, self._rights, limits=self._limits)
