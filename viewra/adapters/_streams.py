"""A stream to a plugin in its own process: limits, silence, errors, figures.

``adapters/_local_streams.py`` has the counterpart for a plugin in this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Generic

from viewra.adapters._connection import Connection
from viewra.adapters._ending import Ending
from viewra.adapters._endpoint import Link
from viewra.adapters._failures import translate
from viewra.adapters._futures import as_plugin_error
from viewra.adapters._messages import item_of, value_of
from viewra.adapters._silence import Silence
from viewra.adapters._traffic import StreamVisit, Traffic
from viewra.codec.streams import Item, StreamRpc, Value
from viewra.errors import PluginError
from viewra.transport.calls import CallFailed, Failure, Stream
from viewra.transport.deadlines import Deadlines


def open_remote(
    link: Link,
    traffic: Traffic,
    deadlines: Deadlines,
    rpc: StreamRpc[Item, Value],
    only: Item | None,
    most_s: float,
) -> RemoteExchange[Item, Value]:
    """Open a stream, after waiting for its turn and, if need be, for the plugin's start. Raises a PluginError."""
    message = item_of(link.plugin_id, rpc, only) if only is not None else None
    patience_s = link.deadline_s(rpc.method)
    visit = traffic.enter_stream(rpc, patience_s)
    connection: Connection | None = None
    try:
        connection = link.acquire(patience_s)
        stream = connection.streaming(rpc.path).open(most_s, message)
    except BaseException as error:
        failure: BaseException = error
        if connection is not None:
            connection.leave()
            if isinstance(error, CallFailed):
                failure = translate(link, rpc, error, most_s, partial(link.loss, connection))
        if isinstance(failure, Exception):
            failure = as_plugin_error(link.plugin_id, rpc.method, failure)
        traffic.leave_stream(rpc, visit, failure, None)
        raise failure from error
    connection.carry(stream)
    return RemoteExchange(link, traffic, deadlines, rpc, visit, connection, stream, most_s)


class RemoteExchange(Ending, Generic[Item, Value]):
    """An ``Exchange`` over a connection."""

    def __init__(
        self,
        link: Link,
        traffic: Traffic,
        deadlines: Deadlines,
        rpc: StreamRpc[Item, Value],
        visit: StreamVisit,
        connection: Connection,
        stream: Stream,
        most_s: float,
    ) -> None:
        super().__init__(link.plugin_id, rpc.method, partial(traffic.leave_stream, rpc, visit))
        self._link = link
        self._rpc = rpc
        self._stream = stream
        self._most_s = most_s
        self._loss: Callable[[str], PluginError] = partial(link.loss, connection)
        self._silence = Silence(deadlines, stream.cancel)

    def send(self, item: Item, timeout_s: float) -> bool:
        """Send an item, as ``Exchange`` has it."""
        try:
            self._stream.send(item_of(self._link.plugin_id, self._rpc, item), timeout_s)
        except CallFailed as error:
            if error.failure is not Failure.LATE:
                return False
            raise self._fail(self._unread(timeout_s)) from error
        return True

    def finish(self) -> None:
        """Send no more items."""
        self._stream.finish()

    def receive(self, timeout_s: float) -> Value | None:
        """Wait for the next value, as ``Exchange`` has it."""
        if self._error is not None:
            raise self._error
        if self._ended:
            return None
        try:
            self._silence.begin(timeout_s)
            data = self._stream.receive()
            if self._first_s is None:
                self._first_s = time.monotonic()
            value = value_of(self._link, self._rpc, data, None) if data is not None else None
        except BaseException as error:
            if isinstance(error, CallFailed) and self._closed():  # another thread has closed it
                return None
            raise self._fail(self._failure(error, timeout_s)) from error
        finally:
            self._silence.end()
        if data is None:
            self._end(None)
        return value

    def _failure(self, error: BaseException, timeout_s: float) -> BaseException:
        if not isinstance(error, CallFailed):
            return as_plugin_error(self._link.plugin_id, self._rpc.method, error) if _usual(error) else error
        if self._silence.late:
            return self._silent(timeout_s)
        return translate(self._link, self._rpc, error, self._most_s, self._loss)

    def _let_go(self) -> None:
        self._stream.cancel()


def _usual(error: BaseException) -> bool:
    return isinstance(error, Exception)  # and not Ctrl-C
