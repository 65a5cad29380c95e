"""Streams to a plugin over a real channel, and to an object in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.unit.adapters.stream_rig import ECHO, SERVICES_OF_SEARCH, Author, FakeLink, Method, Rig, Rigged
from viewra.adapters import Connection, LocalEndpoint, RemoteEndpoint, Traffic
from viewra.sdk.log import Logger, to_logging
from viewra.sdk.servicers import add_handlers, handle_stream
from viewra.transport.endpoint import Place, dial, listen
from viewra.transport.threads import Workers


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Rigged]:
    server = grpc.server(pool := Workers(2, "t"))
    methods: list[Method] = []
    log = Logger(to_logging("viewra.test"))
    add_handlers(server, [handle_stream(ECHO, lambda items, wanted: methods[-1](items, wanted))], log)  # type: ignore[arg-type, return-value]
    peer = dial(listen(server, Place(tmp_path)))
    server.start()

    def rigged(method: Method) -> Rig:
        methods.append(method)
        connection = Connection(peer.wire)
        traffic = Traffic("p", calls=2)
        endpoint: Any = RemoteEndpoint(FakeLink(connection), traffic)
        rig = Rig(endpoint, traffic, lambda: connection.in_flight, peer.close)
        rig.connection = connection
        return rig

    yield rigged
    peer.close()
    server.stop(0).wait(60)
    pool.shutdown()


@pytest.fixture
def local() -> Rigged:
    def rigged(method: Method) -> Rig:
        author: Any = Author(method)
        endpoint = LocalEndpoint("p", author, database_url="", deadline_s=lambda _: 0.2, services=SERVICES_OF_SEARCH)
        endpoint.traffic.renew(calls=2, queue=1)
        endpoint.running = True
        return Rig(endpoint, endpoint.traffic, lambda: endpoint.traffic.in_flight, lambda: None)

    return rigged


@pytest.fixture(params=["remote", "local"])
def rigged(request: pytest.FixtureRequest) -> Rigged:
    made: Rigged = request.getfixturevalue(request.param)
    return made
