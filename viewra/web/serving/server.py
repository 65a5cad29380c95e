"""Runs a site's application on sockets until it is told to stop, and then to an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
import uvicorn
from starlette.types import ASGIApp

from viewra.errors import UsageError
from viewra.web.live.hub import Hub
from viewra.web.serving.connections import Guard, protocol_of
from viewra.web.serving.service_manager import notify
from viewra.web.serving.sockets import BACKLOG

GRACE_S = 20
"""Seconds in which requests that have arrived are answered at the end."""
ARRIVING_S = 0.3
"""Seconds in which requests on open connections may still arrive when no new connection is accepted any more."""
KEEP_ALIVE_S = 30
ACCEPTED_AT_ONCE = 64
"""Connections accepted before the limits on connections are looked at again; more may wait in the kernel."""


@attrs.frozen
class TLS:
    """A certificate (with its chain) and its key, as PEM files."""

    cert: Path
    key: Path


class Server(uvicorn.Server):
    """A server for ``app``; ``hub`` is closed first at the end, since its listeners' responses never end otherwise.

    ``on_ready`` is called when it takes requests; at the end those that have arrived have ``grace_s`` seconds.
    ``proxies`` are addresses whose ``X-Forwarded-…`` headers are believed. Raises UsageError for an unusable
    certificate.
    """

    def __init__(
        self,
        app: ASGIApp,
        hub: Hub,
        *,
        on_ready: Callable[[], None] = lambda: None,
        grace_s: int = GRACE_S,
        proxies: Sequence[str] = (),
        tls: TLS | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._hub = hub
        self._on_ready = on_ready
        config = uvicorn.Config(
            app,
            http=protocol_of(guard or Guard()),
            ws="none",
            loop="asyncio",
            backlog=ACCEPTED_AT_ONCE,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=grace_s,
            ssl_certfile=tls.cert if tls is not None else None,
            ssl_keyfile=tls.key if tls is not None else None,
        )
        try:
            config.load()
        except OSError as error:  # ssl's errors are such, too
            raise UsageError(
                f"the certificate {tls.cert if tls else ''} with its key {tls.key if tls else ''} cannot be used: "
                f"{error.strerror or error}",
                hint="both are PEM files, the key without a password",
            ) from error
        super().__init__(config)

    def stop(self) -> None:
        """Come to an end, soon; a signal handler may call it."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(BACKLOG)
        if self.started:
            self._on_ready()
            notify("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, answer what has arrived, and end."""
        notify("STOPPING=1")
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        self._hub.close()
        await asyncio.sleep(ARRIVING_S)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command."""
        yield


def log_like_viewra() -> None:
    """Send errors of the server to viewra's log; what clients do wrong is not logged, since they could fill it."""
    ours = logging.getLogger("viewra")
    for name in ("uvicorn", "asyncio"):
        theirs = logging.getLogger(name)
        theirs.handlers[:] = ours.handlers
        theirs.propagate = False
        theirs.setLevel(logging.ERROR)
