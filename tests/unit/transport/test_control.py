"""Shutdown, from both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc

from tests.unit.transport.conftest import Serve
from viewra.pb import grpc_controller_pb2_grpc
from viewra.pb.grpc_controller_pb2 import Empty
from viewra.transport.control import ControllerServicer, shutdown


def test_shutdown_is_answered_and_heard(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    heard = threading.Event()
    servicer = ControllerServicer(heard.set)
    handshake = serve(lambda server: grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(servicer, server))
    assert shutdown(connect(handshake), 30)
    assert heard.wait(60)


def test_a_shutdown_that_fails_is_no_error(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    channel = connect(serve())
    assert not shutdown(channel, 30)
    channel.close()
    assert not shutdown(channel, 30)


def test_a_host_that_has_gone_is_heard_too() -> None:
    heard = threading.Event()

    class Gone:
        def add_callback(self, callback: object) -> bool:
            return False

    gone: Any = Gone()
    ControllerServicer(heard.set).Shutdown(Empty(), gone)
    assert heard.is_set()


def test_the_names_on_the_wire_are_go_plugins() -> None:
    from viewra.pb import grpc_broker_pb2, grpc_controller_pb2, grpc_stdio_pb2

    services = [
        service.full_name
        for module in (grpc_broker_pb2, grpc_controller_pb2, grpc_stdio_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
    ]
    assert services == ["plugin.GRPCBroker", "plugin.GRPCController", "plugin.GRPCStdio"]
