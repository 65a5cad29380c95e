"""``serve(plugin)``, called by a plugin's entry point: go-plugin's handshake, then calls until the host ends it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from viewra.codec.protocol import APP_VERSIONS, COOKIE_KEY, COOKIE_VALUE, DEBUG, LEASE, OUTPUT, PIPES
from viewra.sdk.about import completion
from viewra.sdk.announce import announce, request
from viewra.sdk.host import HostServices
from viewra.sdk.host.uplink import Uplink
from viewra.sdk.lease import Lease, hold
from viewra.sdk.log import ForwardingHandler, Logger, to_stderr
from viewra.sdk.server import PluginServer
from viewra.services import SERVICES, Implementation, Services
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Place
from viewra.transport.handshake import (
    ENV_CLIENT_CERT,
    ENV_MULTIPLEX,
    RUN_BY_HAND,
    Handshake,
    HandshakeConfig,
    check_cookie,
    negotiate,
)
from viewra.transport.stdio import StdioService

if TYPE_CHECKING:
    from viewra.transport.mtls import Identity, Trust

GRACE_S = 2.0
"""Seconds that calls in flight get when the plugin ends."""
_LOOK_S = 1.0


def serve(
    plugin: Implementation | None = None,
    *,
    versions: Mapping[int, Implementation] | None = None,
    services: Services = SERVICES,
) -> None:
    """Serve ``plugin`` to the host that started this process; returns when the host has ended it.

    ``versions`` maps versions of viewra's protocol to plugin objects, instead of one object for the current version;
    host and plugin use the highest version that both have. ``services`` are those that the plugin may offer: a program
    may add services of its own, which its host must know, too. Without a host, the plugin prints a message to stderr
    and exits with status 1. Raises ValueError unless exactly one of ``plugin`` and ``versions`` is given.
    """
    if (plugin is None) == (versions is None):
        raise ValueError("serve() takes a plugin, or versions={1: a plugin, …}")
    implementations = dict.fromkeys(APP_VERSIONS, plugin) if versions is None else dict(versions)
    config = HandshakeConfig(COOKIE_KEY, COOKIE_VALUE, tuple(implementations))
    debug = bool(os.environ.get(DEBUG))
    if not debug and not check_cookie(os.environ, config):
        sys.stderr.write(RUN_BY_HAND + "\n")
        raise SystemExit(1)
    version = max(implementations) if debug else negotiate(os.environ, config)
    chosen = implementations[version]
    assert chosen is not None  # noqa: S101 - one of the two was given
    if debug:
        _run_by_hand(chosen, version, services)
    else:
        _run(chosen, version, services)


def _run(plugin: Implementation, version: int, services: Services) -> None:
    ended = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal also reaches the host, which ends its plugins
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    log = _log()
    trust, own = _trust()
    place = Place.from_environ(os.environ)
    lease = None
    if LEASE in os.environ:
        hold(str(place.socket_dir))
        lease = Lease(float(os.environ[LEASE]), ended.set)
    stdio = None if os.environ.get(OUTPUT) == PIPES else StdioService()
    uplink = Uplink(request if stdio is None else None)
    server = _server(plugin, log, ended, Broker(place, trust=trust), stdio, lease, services, uplink)
    listener = server.listen(place, trust=trust)
    server.start()
    line = Handshake(
        app_version=version,
        network=listener.network,
        address=listener.address,
        cert=own.cert if own is not None else b"",
        multiplex=False if os.environ.get(ENV_MULTIPLEX) else None,  # a seventh field confuses older hosts
    )
    try:
        announce(line.format(), keep=uplink.requests)
    except OSError as error:
        server.stop(0)
        raise SystemExit(f"cannot write the handshake line to stdout: {error.strerror}") from error
    if stdio is not None:
        if sys.stdout is sys.__stdout__:  # else the plugin has installed a handler of its own
            sys.stdout = stdio.writer("stdout", 1)
        if lease is not None:
            sys.stderr = stdio.writer("stderr", 2)
            _let_go_of_pipes()
    _wait(ended)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second request ends a plugin that hangs in stop()
    server.stop(GRACE_S)


def _run_by_hand(plugin: Implementation, version: int, services: Services) -> None:
    """Run without a host, for example in a debugger, until Ctrl-C; a host may attach to it."""
    import json  # light start-up: a plugin that a host starts needs neither
    import tempfile

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with tempfile.TemporaryDirectory(prefix="viewra-") as directory:
        place = Place(Path(directory))
        server = _server(plugin, _log(), ended, Broker(place), None, None, services, Uplink())
        listener = server.listen(place)
        server.start()
        address = {"Network": listener.network, "String": listener.address}
        record = {"Protocol": "grpc", "ProtocolVersion": version, "Addr": address, "Pid": os.getpid(), "Test": True}
        sys.stderr.write(f"attach a host with --reattach 'ID={json.dumps(record)}'; Ctrl-C ends this plugin\n")
        _wait(ended)
        server.stop(GRACE_S)


def _wait(ended: threading.Event) -> None:
    # A signal that comes when this thread is about to wait does not wake it; its handler runs when the thread wakes.
    while not ended.wait(_LOOK_S):
        pass


def _log() -> Logger:
    logging.basicConfig(handlers=[ForwardingHandler(to_stderr)], level=logging.INFO)
    logging.captureWarnings(capture=True)
    return Logger(to_stderr, level="trace")


def _server(
    plugin: Implementation,
    log: Logger,
    ended: threading.Event,
    broker: Broker,
    stdio: StdioService | None,
    lease: Lease | None,
    services: Services,
    uplink: Uplink,
) -> PluginServer:
    bind = getattr(plugin, "bind", None)
    if bind is not None:
        bind(log=log.at_level("info"), broker=broker, host=HostServices(uplink))
    return PluginServer(
        plugin,
        log=log,
        on_shutdown=ended.set,
        broker=broker,
        stdio=stdio,
        lease=lease,
        services=services,
        complete=completion(plugin, log),
        uplink=uplink if bind is not None else None,  # an object without bind cannot get at the host
    )


def _let_go_of_pipes() -> None:
    """Survive the end of the host that reads the pipes; output without a host is lost."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _trust() -> tuple[Trust | None, Identity | None]:
    """The trust for a host that requested TLS; None if it did not."""
    shown = os.environ.get(ENV_CLIENT_CERT, "")
    if not shown:
        return None, None
    from viewra.transport import mtls  # light start-up: TLS is rarely used

    own = mtls.new_identity()
    return mtls.trust(own, shown.encode()), own
