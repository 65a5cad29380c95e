"""The health service in a plugin: its answers in each state, also of a busy server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.unit.transport.conftest import Serve
from viewra.transport.health import HealthService

STATUS = health_pb2.HealthCheckResponse
PLUGIN = health_pb2.HealthCheckRequest(service="plugin")


@pytest.fixture
def service() -> Iterator[HealthService]:
    made = HealthService()
    yield made
    made.close()


def test_it_says_when_it_serves_and_when_it_ends(
    serve: Serve, connect: Callable[..., grpc.Channel], service: HealthService
) -> None:
    stub = health_pb2_grpc.HealthStub(connect(serve(service.add_to)))
    with pytest.raises(grpc.RpcError, match="NOT_FOUND"):
        stub.Check(PLUGIN, timeout=30)
    service.serving()
    assert stub.Check(PLUGIN, timeout=30).status == STATUS.SERVING
    assert stub.Check(health_pb2.HealthCheckRequest(), timeout=30).status == STATUS.SERVING
    service.ending()
    assert stub.Check(PLUGIN, timeout=30).status == STATUS.NOT_SERVING


def test_a_host_may_watch_it(serve: Serve, connect: Callable[..., grpc.Channel], service: HealthService) -> None:
    service.serving()
    watch = health_pb2_grpc.HealthStub(connect(serve(service.add_to))).Watch(PLUGIN, timeout=30)
    assert next(watch).status == STATUS.SERVING
    service.ending()
    assert next(watch).status == STATUS.NOT_SERVING
    watch.cancel()


def test_its_thread_starts_with_the_first_question_and_ends_with_it(
    serve: Serve, connect: Callable[..., grpc.Channel]
) -> None:
    before = set(threading.enumerate())  # those of earlier tests may end meanwhile

    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith("health") and thread not in before]

    service = HealthService()
    service.serving()
    stub = health_pb2_grpc.HealthStub(connect(serve(service.add_to)))
    assert threads() == []
    for _ in range(3):
        stub.Check(PLUGIN, timeout=30)
    (own,) = threads()
    service.close()
    own.join(60)
    assert not own.is_alive()
