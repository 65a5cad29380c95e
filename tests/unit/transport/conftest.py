"""A real gRPC server on a unix socket, with whatever services a test adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.unit.transport.multiplexing import Behaviour, Make, Rig
from viewra.transport.channel import open_channel
from viewra.transport.handshake import Handshake

Serve = Callable[..., Handshake]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve(add, …)`` starts a server to which each ``add(server)`` has added a service; returns where it listens."""
    servers: list[grpc.Server] = []
    pools: list[ThreadPoolExecutor] = []

    def serve(*add: Callable[[grpc.Server], object]) -> Handshake:
        pool = ThreadPoolExecutor(4)
        server = grpc.server(pool)
        for one in add:
            one(server)
        path = tmp_path / f"s{len(servers)}"
        assert server.add_insecure_port(f"unix:{path}")
        server.start()
        servers.append(server)
        pools.append(pool)
        return Handshake(1, "unix", str(path))

    yield serve
    for server in servers:
        server.stop(None).wait(30)
    for pool in pools:
        pool.shutdown()


@pytest.fixture
def connect() -> Iterator[Callable[..., grpc.Channel]]:
    """Open channels that are closed at the end."""
    channels: list[grpc.Channel] = []

    def connect(handshake: Handshake, **more: Any) -> grpc.Channel:
        channels.append(open_channel(handshake, **more))
        return channels[-1]

    yield connect
    for channel in channels:
        channel.close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    rigs: list[Rig] = []

    def make(**behaviours: Behaviour) -> Rig:
        rigs.append(Rig(tmp_path, {"Echo": lambda data, _: data, **behaviours}))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()
