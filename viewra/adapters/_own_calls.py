"""The host's own calls of one process, those of its start, its health and its end.

Adapters' calls share limits, a breaker and figures, and find the process that serves; these need none of that.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, ParamSpec, Protocol, TypeVar

from viewra.adapters._failures import Party, translate
from viewra.adapters._futures import Pending, as_plugin_error, settle
from viewra.adapters._messages import request_of, value_of
from viewra.codec.rpc import Rpc
from viewra.codec.streams import AnyRpc
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.transport.calls import CallFailed, Ended, Wire

P = ParamSpec("P")
T = TypeVar("T")


class Called(Party, Protocol):
    """The process that is called, as the host knows it."""

    @property
    def database_url(self) -> str:
        """The plugin's own database."""
        ...

    def serves(self, wire_service: str) -> bool:
        """Whether it is known to serve a gRPC service of this full name."""
        ...

    def deadline_s(self, method: str) -> float:
        """Seconds that one call of this method may take."""
        ...

    def loss(self, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call broke."""
        ...


class OwnCalls:
    """A ``Caller`` of the process at the other end of ``wire``."""

    def __init__(self, called: Called, wire: Wire) -> None:
        self.plugin_id = called.plugin_id
        self.database_url = called.database_url
        self._called = called
        self._wire = wire

    def serves(self, rpc: AnyRpc) -> bool:
        """Whether the process is known to answer this procedure."""
        return self._called.serves(rpc.wire_service)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError."""
        deadline_s = self._called.deadline_s(rpc.method)
        try:
            request = request_of(self.plugin_id, rpc, *args, **kwargs)
            data, trailer = self._wire.method(rpc.path).with_trailer(request, deadline_s)
            return value_of(self._called, rpc, data, trailer)
        except PluginError:
            raise
        except Exception as error:
            raise self._error(rpc, deadline_s, error) from error

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call and return at once; the future gives the value or a PluginError."""
        deadline_s = self._called.deadline_s(rpc.method)
        future: Pending[T] = Pending(self.plugin_id, rpc.method, deadline_s)

        def ended(call: Ended) -> None:
            try:
                settle(future, value_of(self._called, rpc, call.result(), call.trailer))
            except Exception as error:
                settle(future, error=self._error(rpc, deadline_s, error))

        try:
            request = request_of(self.plugin_id, rpc, *args, **kwargs)
            self._wire.method(rpc.path).start(request, deadline_s, ended)
        except Exception as error:  # the future is where errors go
            settle(future, error=self._error(rpc, deadline_s, error))
        return future

    def _error(self, rpc: Rpc[..., Any], deadline_s: float, error: Exception) -> PluginError:
        if isinstance(error, CallFailed):
            return translate(self._called, rpc, error, deadline_s, self._called.loss)
        return as_plugin_error(self.plugin_id, rpc.method, error)
