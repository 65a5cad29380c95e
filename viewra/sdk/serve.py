"""``serve(plugin)``, which a plugin's entry point calls: go-plugin's handshake, then calls until the host ends it."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import sys
import tempfile
import threading
from pathlib import Path

from viewra.codec.protocol import APP_VERSIONS, COOKIE_KEY, COOKIE_VALUE
from viewra.sdk.log import ForwardingHandler, Logger, to_stderr
from viewra.sdk.server import PluginServer
from viewra.services import Implementation
from viewra.transport.handshake import (
    ENV_SOCKET_DIR,
    RUN_BY_HAND,
    Handshake,
    HandshakeConfig,
    check_cookie,
    negotiate,
)

GRACE_S = 2.0
"""Seconds that calls under way get when the plugin ends."""


def serve(plugin: Implementation) -> None:
    """Serve ``plugin`` to the host that started this process; returns when the host has ended it.

    Run by hand, without a host, it says so on stderr and exits with status 1.
    """
    config = HandshakeConfig(COOKIE_KEY, COOKIE_VALUE, APP_VERSIONS)
    if not check_cookie(os.environ, config):
        sys.stderr.write(RUN_BY_HAND + "\n")
        raise SystemExit(1)
    ended = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the host, which ends its plugins
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    log = Logger(to_stderr, level="trace")
    logging.basicConfig(handlers=[ForwardingHandler(to_stderr)], level=logging.INFO)
    logging.captureWarnings(capture=True)
    bind = getattr(plugin, "bind", None)
    if bind is not None:
        bind(log=log.at_level("info"))

    server = PluginServer(plugin, log=log, on_shutdown=ended.set)
    socket = _socket_path()
    server.listen(f"unix:{socket}")
    server.start()
    line = Handshake(app_version=negotiate(os.environ, config), network="unix", address=str(socket)).format()
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    ended.wait()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second request ends a plugin that hangs in stop()
    try:
        server.stop(GRACE_S)
    finally:
        with contextlib.suppress(FileNotFoundError):
            socket.unlink()


def _socket_path() -> Path:
    directory = os.environ.get(ENV_SOCKET_DIR) or tempfile.gettempdir()
    return Path(directory) / f"plugin{secrets.token_hex(4)}"
