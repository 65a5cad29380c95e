"""A plugin made of viewra.transport alone, with the same small service as go/echo.

Its arguments are the versions that it speaks.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import wrappers_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from viewra.pb import grpc_controller_pb2_grpc
from viewra.transport import handshake
from viewra.transport.broker import Broker
from viewra.transport.channel import HEALTH_SERVICE, options
from viewra.transport.control import ControllerServicer
from viewra.transport.endpoint import Place, listen
from viewra.transport.hclog_format import format_record
from viewra.transport.stdio import StdioService


def register(server: grpc.Server, say: Callable[[str], str]) -> None:
    """Serve a function of text to text."""
    handler = grpc.unary_unary_rpc_method_handler(
        lambda request, context: wrappers_pb2.StringValue(value=say(request.value)),
        wrappers_pb2.StringValue.FromString,
        wrappers_pb2.StringValue.SerializeToString,
    )
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("interop.Echo", {"Say": handler})])


def ask(channel: grpc.Channel, text: str) -> str:
    """Say something to the other end."""
    call = channel.unary_unary(
        "/interop.Echo/Say", wrappers_pb2.StringValue.SerializeToString, wrappers_pb2.StringValue.FromString
    )
    return call(wrappers_pb2.StringValue(value=text), timeout=30).value


def main() -> int:
    config = handshake.HandshakeConfig("INTEROP_COOKIE", "interop", tuple(map(int, sys.argv[1:])) or (1,))
    if not handshake.check_cookie(os.environ, config):
        sys.stderr.write(handshake.RUN_BY_HAND + "\n")
        return 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    trusted, cert = None, b""
    if shown := os.environ.get(handshake.ENV_CLIENT_CERT):
        from viewra.transport import mtls

        own = mtls.new_identity()
        trusted, cert = mtls.trust(own, shown.encode()), own.cert
    place = Place.from_environ(os.environ)
    ended = threading.Event()
    broker, stdio = Broker(place, trust=trusted), StdioService()
    out, err = stdio.writer("stdout", 1), stdio.writer("stderr", 2)

    def say(text: str) -> str:
        command, _, argument = text.partition(" ")
        if command == "print":
            print("stdout", argument, file=out)
            print("stderr", argument, file=err)
            return "printed"
        if command == "log":
            sys.stderr.write(format_record("warn", argument, module="interop", fields={"number": 42}) + "\n")
            return "logged"
        if command == "accept":
            number = broker.next_id()
            broker.serve(number, lambda server: register(server, str.upper))
            return str(number)
        if command == "dial":
            connection = broker.dial(int(argument))
            try:
                return ask(connection.channel, "from the plugin")
            finally:
                connection.close()
        return f"python: {text}"

    pool = ThreadPoolExecutor(8)
    server = grpc.server(pool, options=options())
    register(server, say)
    broker.add_to(server)
    stdio.add_to(server)
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(ControllerServicer(ended.set), server)
    checks = health.HealthServicer()
    checks.set(HEALTH_SERVICE, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    listener = listen(server, place, trust=trusted)
    server.start()
    version = handshake.negotiate(os.environ, config)
    multiplex = False if os.environ.get(handshake.ENV_MULTIPLEX) else None
    line = handshake.Handshake(version, listener.network, listener.address, cert=cert, multiplex=multiplex)
    sys.stdout.write(line.format() + "\n")
    sys.stdout.flush()
    ended.wait()
    stdio.close()
    broker.close()
    server.stop(1).wait()
    listener.close()
    pool.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
