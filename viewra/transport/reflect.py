"""gRPC server reflection, both ends: the list of the services that a plugin's server has."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection_pb2

from viewra.errors import HandshakeError
from viewra.text import clean
from viewra.transport.channel import told

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
"""The newest version first. Both have the same messages on the wire, so the v1alpha classes are used for both."""

_METHOD = "ServerReflectionInfo"
_MOST, _LONGEST = 1000, 200  # services that are read, characters in a name
_name_of = operator.attrgetter("name")


def serve_reflection(server: grpc.Server, names: Sequence[str]) -> None:
    """Add reflection to a server that has not been started; it lists the services ``names`` and reflection itself."""
    listed = (*names, *SERVICES)
    answer = reflection_pb2.ServerReflectionResponse(
        list_services_response=reflection_pb2.ListServiceResponse(
            service=[reflection_pb2.ServiceResponse(name=name) for name in listed]
        )
    )

    def answers(
        requests: Iterator[reflection_pb2.ServerReflectionRequest], context: grpc.ServicerContext
    ) -> Iterator[reflection_pb2.ServerReflectionResponse]:
        for request in requests:
            if request.WhichOneof("message_request") == "list_services":
                yield answer
            else:  # developers' tools ask about files and messages, hosts do not: imported late for a light start
                from grpc_reflection.v1alpha import reflection

                servicer = reflection.ReflectionServicer(listed)
                yield from servicer.ServerReflectionInfo(iter([request]), context)

    handler = grpc.stream_stream_rpc_method_handler(
        answers,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(service, {_METHOD: handler}) for service in SERVICES]
    )


def list_services(channel: grpc.Channel, timeout_s: float) -> set[str] | None:
    """The full names of the server's services (``viewra.plugin.PluginService``); None without reflection.

    Raises HandshakeError (step ``services``) when the plugin fails to answer within ``timeout_s`` seconds.
    """
    return ask_services(channel, timeout_s)()


def ask_services(channel: grpc.Channel, timeout_s: float) -> Callable[[], set[str] | None]:
    """Send the question, so that others can run beside it; the returned function waits as ``list_services`` does."""
    newest, older = SERVICES
    asked = _ask(channel, newest, timeout_s)

    def answer() -> set[str] | None:
        names = _names(asked)
        return names if names is not None else _names(_ask(channel, older, timeout_s))

    return answer


def _ask(channel: grpc.Channel, service: str, timeout_s: float) -> Any:
    # A single request needs no request stream, for which gRPC would start a thread.
    call = channel.unary_stream(
        f"/{service}/{_METHOD}",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    try:
        return call(reflection_pb2.ServerReflectionRequest(list_services=""), timeout=timeout_s)
    except ValueError as error:  # grpc raises it when the channel was closed meanwhile
        raise HandshakeError("the host closed the connection while it asked for services", step="services") from error


def _short(names: set[str]) -> set[str]:
    return {name for name in names if len(name) < _LONGEST}


def _names(answers: Any) -> set[str] | None:
    """The names from one version of reflection; None if the server does not offer it."""
    try:
        for answer in answers:
            if answer.HasField("list_services_response"):
                names = set(map(_name_of, answer.list_services_response.service[:_MOST]))
                return names if max(map(len, names), default=0) < _LONGEST else _short(names)
            refusal = clean(answer.error_response.error_message, 500)
            raise HandshakeError(f"it refused to list its services: {refusal}", step="services")
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
            raise HandshakeError(f"it failed to list its services ({told(error)})", step="services") from error
    finally:
        answers.cancel()
    return None
