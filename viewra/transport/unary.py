"""``UnaryServer``: a small gRPC server of unary procedures on bytes, at a unix socket and under a broker's id."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import grpc

from viewra.text import kind
from viewra.transport.broker import Broker
from viewra.transport.channel import options
from viewra.transport.endpoint import Place, listen
from viewra.transport.threads import CountedWorkers

_log = logging.getLogger(__name__)
_GRACE_S = 1.0
_BACKSTOP_S = 5.0  # gRPC itself stops a server after its grace period
_WAITING = 256  # calls, those that are answered included; more are refused

Answers = Callable[[bytes], bytes]
"""Gives the response to a request; ValueError for bytes that are no request."""


class UnaryServer:
    """Answers ``methods``, by their gRPC paths, until ``close``; ``address`` is for gRPC's clients in any language.

    ``threads`` calls are answered at a time; a request has at most ``message_bytes``. With a ``broker``, the peer can
    dial ``broker_id``, too, encrypted as all of its connections, once ``announce`` has told it. Raises OSError.
    """

    def __init__(
        self,
        place: Place,
        methods: Mapping[str, Answers],
        *,
        message_bytes: int,
        threads: int = 2,
        name: str = "unary",
        broker: Broker | None = None,
    ) -> None:
        self._pool = CountedWorkers(threads, name)
        self._server = grpc.server(self._pool, options=options(message_bytes), maximum_concurrent_rpcs=_WAITING)
        self._server.add_generic_rpc_handlers([_Handlers(methods)])
        self._listeners = [listen(self._server, place)]
        self._broker = broker
        if broker is not None and broker.trust is not None:
            self._listeners.append(listen(self._server, place, trust=broker.trust))
        self._server.start()
        self.address = f"unix://{self._listeners[0].address}"
        self.broker_id = broker.next_id() if broker is not None else 0

    def announce(self) -> None:
        """Tell the peer where ``broker_id`` is; without a broker there is nobody to tell.

        go-plugin forgets it after five seconds, or when it was dialled once, so this belongs just before the call that
        has the id.
        """
        if self._broker is not None:
            self._broker.announce(self.broker_id, self._listeners[-1])

    def close(self) -> None:
        """Stop: calls in flight get a second to end. May be called twice."""
        if not self._server.stop(_GRACE_S).wait(_GRACE_S + _BACKSTOP_S):
            _log.error("a server of unary calls did not stop")
        self._pool.shutdown(wait=False)
        for listener in self._listeners:
            listener.close()


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, methods: Mapping[str, Answers]) -> None:
        self._handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            path: grpc.unary_unary_rpc_method_handler(_handler(one)) for path, one in methods.items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        return self._handlers.get(handler_call_details.method)


def _handler(answers: Answers) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return answers(request)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error)[:300])
            raise AssertionError from error  # abort raises
        except Exception as error:  # gRPC would log it without saying whose call it was
            _log.exception("a unary call failed")
            context.abort(grpc.StatusCode.INTERNAL, f"it failed: {kind(error)}")
            raise AssertionError from error

    return answer
