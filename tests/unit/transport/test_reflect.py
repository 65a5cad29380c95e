"""Reflection: the newest version first, and None where there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc
import pytest
from grpc_reflection.v1alpha import reflection, reflection_pb2

from tests.unit.transport.conftest import Serve
from viewra.errors import HandshakeError
from viewra.transport.reflect import SERVICES, ask_services, list_services, serve_reflection


def reflecting(
    version: str, answer: Callable[[reflection_pb2.ServerReflectionRequest], reflection_pb2.ServerReflectionResponse]
) -> Callable[[grpc.Server], None]:
    """Serve reflection under one version's name."""
    handler = grpc.stream_stream_rpc_method_handler(
        lambda requests, context: (answer(request) for request in requests),
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    handlers = {"ServerReflectionInfo": handler}
    name = f"grpc.reflection.{version}.ServerReflection"
    return lambda server: server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, handlers)])


def named(*names: str) -> Callable[[reflection_pb2.ServerReflectionRequest], reflection_pb2.ServerReflectionResponse]:
    def answer(request: object) -> reflection_pb2.ServerReflectionResponse:
        response = reflection_pb2.ServerReflectionResponse()
        response.list_services_response.service.extend(reflection_pb2.ServiceResponse(name=name) for name in names)
        return response

    return answer


def test_what_grpcios_own_server_reflects(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    names = ["a.B", reflection.SERVICE_NAME]
    handshake = serve(lambda server: reflection.enable_server_reflection(names, server))
    assert list_services(connect(handshake), 30) == set(names)


def test_what_our_own_server_reflects(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    handshake = serve(lambda server: serve_reflection(server, ["a.B"]))
    assert list_services(connect(handshake), 30) == {"a.B", *SERVICES}


def test_a_flood_of_services_is_cut(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    names = ["a.B", "x" * 1000, *(f"s{number}" for number in range(50_000))]
    found = list_services(connect(serve(reflecting("v1", named(*names)))), 30)
    assert found is not None
    assert len(found) < 1000
    assert "a.B" in found
    assert max(map(len, found)) < 200


def test_a_long_refusal_is_cut(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    refusal = reflection_pb2.ServerReflectionResponse()
    refusal.error_response.error_message = "x" * 1_000_000
    with pytest.raises(HandshakeError, match="refused to list") as caught:
        list_services(connect(serve(reflecting("v1", lambda request: refusal))), 30)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("service", SERVICES)
def test_developers_tools_get_files_too(serve: Serve, connect: Callable[..., grpc.Channel], service: str) -> None:
    call = connect(serve(lambda server: serve_reflection(server, ["a.B"]))).stream_stream(
        f"/{service}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    asked = [
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Health"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="no/such.proto"),
        reflection_pb2.ServerReflectionRequest(list_services=""),
    ]
    found, missing, listed = call(iter(asked), timeout=30)
    assert b"HealthCheckRequest" in found.file_descriptor_response.file_descriptor_proto[0]
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert "a.B" in {one.name for one in listed.list_services_response.service}


def test_the_newest_version_is_asked_first(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    handshake = serve(reflecting("v1", named("new.S")), reflecting("v1alpha", named("old.S")))
    assert list_services(connect(handshake), 30) == {"new.S"}


def test_other_questions_go_along(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    asked, go = threading.Event(), threading.Event()

    def hesitate(request: object) -> reflection_pb2.ServerReflectionResponse:
        asked.set()
        assert go.wait(30)
        return named("new.S")(request)

    answer = ask_services(connect(serve(reflecting("v1", hesitate))), 30)
    assert asked.wait(60)
    go.set()
    assert answer() == {"new.S"}


def test_a_server_without_reflection(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    assert list_services(connect(serve()), 30) is None


def refuse(request: object) -> reflection_pb2.ServerReflectionResponse:
    response = reflection_pb2.ServerReflectionResponse()
    response.error_response.error_message = "not today"
    return response


def fail(request: object) -> reflection_pb2.ServerReflectionResponse:
    raise RuntimeError("broken")


@pytest.mark.parametrize(("answer", "says"), [(refuse, "not today"), (fail, "UNKNOWN")])
def test_a_failure_is_told(
    serve: Serve,
    connect: Callable[..., grpc.Channel],
    answer: Callable[[reflection_pb2.ServerReflectionRequest], reflection_pb2.ServerReflectionResponse],
    says: str,
) -> None:
    with pytest.raises(HandshakeError, match=says) as caught:
        list_services(connect(serve(reflecting("v1", answer))), 30)
    assert caught.value.step == "services"


def test_a_closed_channel(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    channel = connect(serve())
    channel.close()
    with pytest.raises(HandshakeError, match="closed"):
        list_services(channel, 30)
