"""Which services a plugin's server really has, asked by gRPC's server reflection, where the plugin offers that."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from grpc_reflection.v1alpha import reflection_pb2

from viewra.errors import HandshakeError

_METHODS = tuple(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha"))
"""The newest first. The messages of both are the same on the wire, so those of v1alpha serve for either."""


def list_services(channel: grpc.Channel, timeout_s: float) -> set[str] | None:
    """The full names of the server's services (``viewra.plugin.PluginService``); None when it offers no reflection.

    Raises HandshakeError (step ``services``) when the plugin fails to answer within ``timeout_s`` seconds.
    """
    for method in _METHODS:
        call = channel.stream_stream(
            method,
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        answers = None
        try:
            answers = call(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=timeout_s)
            return _names(answers)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise HandshakeError(
                    f"it failed to list its services ({error.code().name}: {error.details()})", step="services"
                ) from error
        except ValueError as error:  # what grpc raises for a channel that was closed meanwhile
            raise HandshakeError(
                "the host closed the connection while it asked for services", step="services"
            ) from error
        finally:
            if answers is not None:
                answers.cancel()
    return None


def _names(answers: Iterable[reflection_pb2.ServerReflectionResponse]) -> set[str] | None:
    for answer in answers:
        if answer.HasField("list_services_response"):
            return {service.name for service in answer.list_services_response.service}
        raise HandshakeError(f"it refused to list its services: {answer.error_response.error_message}", step="services")
    return None
