"""A plugin's server while its plugin hangs."""

from __future__ import annotations

import threading
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from viewra.codec import lifecycle
from viewra.codec.limits import Limits
from viewra.sdk import Health, Plugin
from viewra.sdk.log import Logger
from viewra.sdk.server import THREADS, PluginServer
from viewra.transport.broker import Broker
from viewra.transport.channel import open_channel, wait_ready
from viewra.transport.endpoint import Place


class Hanging(Plugin):
    """Hangs in its own ``health`` until ``go`` is set; ``inside`` counts the calls that do."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)

    def health(self) -> Health:
        self.inside.release()
        assert self.go.wait(30)
        return Health(healthy=True)


def test_the_process_answers_for_its_health_while_all_its_calls_hang(tmp_path: Path) -> None:
    plugin = Hanging()
    place = Place(tmp_path)
    log = Logger(lambda level, message, fields: None)
    server = PluginServer(plugin, log=log, on_shutdown=threading.Event().set, broker=Broker(place))
    listener = server.listen(place)
    server.start()
    with open_channel(listener) as channel:
        wait_ready(channel, 30)
        own: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(lifecycle.HEALTH.path)
        calls = [own.future(b"", timeout=60) for _ in range(THREADS)]
        for _ in calls:
            assert plugin.inside.acquire(timeout=60)
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service="plugin"), timeout=30)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED"):  # the author's word takes its turn
            own(b"", timeout=0.1)
        plugin.go.set()
        assert all(lifecycle.HEALTH.value(call.result(60), Limits()).healthy for call in calls)
    server.stop(0)
