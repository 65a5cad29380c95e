"""Opens the host's gRPC channel to one plugin and waits until the plugin answers on it.

Adapters make the calls and set their deadlines; ``grpc_calls`` translates their errors.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import grpc
from grpc_health.v1 import health_pb2

from viewra.errors import HandshakeError
from viewra.text import clean, kind, shown

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
HEALTH_SERVICE = "plugin"
"""The name under which every go-plugin server reports its health."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.005, 0.1
_TOLD_BYTES = 500


def options(max_message_bytes: int = MAX_MESSAGE_BYTES) -> list[tuple[str, str | int]]:
    """Options for gRPC channels and servers on one machine: no proxy, no shared connections or ports, short back-off.

    ``max_message_bytes`` limits a received message, and a sent one if that is more than ``MAX_MESSAGE_BYTES``; -1 means
    no limit.
    """
    most_sent = max(max_message_bytes, MAX_MESSAGE_BYTES) if max_message_bytes >= 0 else max_message_bytes
    return [
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", most_sent),
        ("grpc.default_authority", "localhost"),
        ("grpc.enable_http_proxy", 0),
        # Two channels to one address must not share a connection: closing one would leave the other's open.
        ("grpc.use_local_subchannel_pool", 1),
        # Two servers must not share a TCP port: each would get half of the other's connections.
        ("grpc.so_reuseport", 0),
        # Do not set min_reconnect_backoff_ms: it also limits the time that a busy plugin has to accept the connection.
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 1000),
    ]


class Announced(Protocol):
    """The address of a server: a parsed handshake line or an announcement of the broker."""

    @property
    def network(self) -> str:
        """``unix`` or ``tcp``."""

    @property
    def address(self) -> str:
        """A socket's path, or ``host:port``."""


def target(announced: Announced) -> str:
    """The address in gRPC's notation."""
    return f"unix:{announced.address}" if announced.network == "unix" else f"dns:///{announced.address}"


def open_channel(
    announced: Announced,
    *,
    credentials: grpc.ChannelCredentials | None = None,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> grpc.Channel:
    """Open a channel, without TLS unless ``credentials`` are given (``endpoint.dial`` makes them).

    The channel connects at its first call, so open it only after the handshake line has arrived.
    """
    settings = options(max_message_bytes)
    if credentials is None:
        return grpc.insecure_channel(target(announced), options=settings)
    # Every certificate is issued for this name; the address does not matter.
    settings.append(("grpc.ssl_target_name_override", "localhost"))
    return grpc.secure_channel(target(announced), credentials, options=settings)


def wait_ready(
    channel: grpc.Channel, timeout_s: float, *, service: str = HEALTH_SERVICE, socket: str | None = None
) -> None:
    """Wait until the plugin's health service answers SERVING.

    ``socket`` is the path of the plugin's unix socket, if it has one, for a clearer message. Raises HandshakeError:
    step ``connect`` when the server does not answer, ``health`` when SERVING does not come within ``timeout_s``
    seconds.
    """
    if socket is not None:
        require_socket(socket)
    deadline = time.monotonic() + timeout_s
    request = health_pb2.HealthCheckRequest(service=service)
    check = _check(channel)
    pause = _FIRST_PAUSE_S
    answer = "nothing"
    while (left := deadline - time.monotonic()) > 0:
        try:
            status = check(request, timeout=left).status
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                break
            raise _refused(error, service) from error
        except ValueError as error:  # grpc raises it when the channel was closed meanwhile
            raise HandshakeError("the host closed the connection while it waited", step="connect") from error
        if status == health_pb2.HealthCheckResponse.SERVING:
            return
        answer = _status_name(status)
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 2, _LONGEST_PAUSE_S)
    raise HandshakeError(
        f"its health service did not answer SERVING within {timeout_s:g} s (last answer: {answer})", step="health"
    )


def check_health(channel: grpc.Channel, timeout_s: float, done: Callable[[str], object]) -> None:
    """Start a health check and return at once.

    Within ``timeout_s`` seconds a thread of gRPC calls ``done`` with "" when the plugin is healthy, else with the
    reason; ``done`` must neither raise nor block.
    """

    def ended(call: Any) -> None:
        try:
            status = call.result().status
        except grpc.RpcError as error:
            late = error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            problem = f"no answer within {timeout_s:g} s" if late else told(error)
        except grpc.FutureCancelledError:
            problem = "the connection was closed"
        except Exception as error:  # gRPC drops an exception of a callback, and ``done`` would never be called
            problem = f"its answer cannot be read: {kind(error)}"
        else:
            problem = "" if status == health_pb2.HealthCheckResponse.SERVING else f"it reports {_status_name(status)}"
        done(problem)

    try:
        request = health_pb2.HealthCheckRequest(service=HEALTH_SERVICE)
        _check(channel).future(request, timeout=timeout_s).add_done_callback(ended)
    except (grpc.RpcError, ValueError) as error:  # ValueError: the channel was closed meanwhile
        done(str(error))


def _check(
    channel: grpc.Channel,
) -> grpc.UnaryUnaryMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]:
    # Not the generated stub: making one on a channel that another thread has closed crashes the interpreter.
    return channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )


def require_socket(path: str) -> None:
    """Raise HandshakeError (step ``connect``) unless there is a socket at this path."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        reason = getattr(error, "strerror", None) or error
        raise HandshakeError(f"the socket {shown(path)} that it announced: {reason}", step="connect") from error
    if not stat.S_ISSOCK(mode):
        raise HandshakeError(f"{path}, which it announced, is not a socket", step="connect")


def told(error: grpc.RpcError) -> str:
    """The status of a failed call and the beginning of its message."""
    return f"{error.code().name}: {clean(error.details() or '', _TOLD_BYTES)}"


def _status_name(status: int) -> str:
    try:
        name: str = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    except ValueError:  # a plugin may send any number
        return f"status {status}"
    return name


def _refused(error: grpc.RpcError, service: str) -> HandshakeError:
    code = error.code()
    detail = told(error)
    if code is grpc.StatusCode.UNAVAILABLE:
        return HandshakeError(f"no connection to it ({detail})", step="connect")
    if code in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND}:
        return HandshakeError(
            f"it does not report the health of {service!r} ({detail})",
            step="health",
            hint=f"a plugin must serve grpc.health.v1.Health and report {service!r} as SERVING",
        )
    return HandshakeError(f"its health service answered {detail}", step="health")
