"""Makes calls to a plugin in its own process: deadlines, second attempts, errors.

Every failure becomes a ``PluginError``. ``adapters/_local.py`` does the same for a plugin in this process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._connection import Connection
from viewra.adapters._endpoint import Link
from viewra.adapters._exchange import Exchange
from viewra.adapters._failures import translate
from viewra.adapters._futures import Pending, as_plugin_error, complete, in_thread, settle
from viewra.adapters._messages import request_of, value_of
from viewra.adapters._streams import open_remote
from viewra.adapters._traffic import Traffic, Visit
from viewra.codec.rpc import Reports, Rpc
from viewra.codec.streams import AnyRpc, Item, StreamRpc, Value
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.transport.calls import CallFailed, Ended, Trailer
from viewra.transport.deadlines import Deadlines

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("viewra.adapters")

_LEAST_S = 0.001  # of time left for an attempt


class RemoteEndpoint:
    """A plugin in its own process. All calls of the plugin share ``traffic``."""

    def __init__(self, link: Link, traffic: Traffic | None = None) -> None:
        self.plugin_id = link.plugin_id
        self._link = link
        self._traffic = traffic or Traffic(link.plugin_id)
        self._deadlines = Deadlines()

    @property
    def lanes(self) -> int:
        """Two batches for each process: it works on one, and the next is there already."""
        return 2 * max(1, self._link.processes)

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._link.running

    @property
    def code_hash(self) -> str:
        """Hash of the plugin's code."""
        return self._link.code_hash

    @property
    def priority(self) -> Mapping[str, int]:
        """The priority of its metadata by field."""
        return self._link.priority

    @property
    def database_url(self) -> str:
        """The plugin's own database."""
        return self._link.database_url

    @property
    def known(self) -> bool:
        """Whether its services are known."""
        return self._link.known

    def recall(self, name: str) -> str | None:
        """The stored text of this name."""
        return self._link.recall(name)

    def remember(self, name: str, text: str) -> None:
        """Store a text for later hosts."""
        self._link.remember(name, text)

    def offers(self, capability: str) -> bool:
        """Whether the plugin has this service."""
        return self._link.offers(capability)

    def serves(self, rpc: AnyRpc) -> bool:
        """Whether the process is known to serve this procedure."""
        return self._link.serves(rpc.wire_service)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError."""
        return self._call(rpc, request_of(self.plugin_id, rpc, *args, **kwargs))

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call; if it must wait, for its turn or for the plugin's start, it does so on its own thread.

        If too many calls wait already, the caller waits until this call is over.
        """
        future: Pending[T] = Pending(self.plugin_id, rpc.method, self._link.deadline_s(rpc.timed_as))
        try:
            request = request_of(self.plugin_id, rpc, *args, **kwargs)
            visit = self._traffic.enter(rpc, 0.0) if self._link.running else None
        except Exception as error:  # errors are in the future
            settle(future, error=as_plugin_error(self.plugin_id, rpc.method, error))
            return future
        if visit is not None:
            self._send(rpc, request, visit, future)
        elif self._traffic.crowded:
            complete(future, lambda: self._call(rpc, request))
        else:
            in_thread(self.plugin_id, lambda: self._call(rpc, request), future, rpc.method)
        return future

    def deadline_s(self, method: str) -> float:
        """Seconds that one call of this method may take."""
        return self._link.deadline_s(method)

    def stream(self, rpc: StreamRpc[Item, Value], *, only: Item | None = None, most_s: float) -> Exchange[Item, Value]:
        """Open a stream, as ``Endpoint`` has it."""
        return open_remote(self._link, self._traffic, self._deadlines, rpc, only, most_s)

    def _call(self, rpc: Rpc[..., T], request: bytes) -> T:
        deadline_s = self._link.deadline_s(rpc.timed_as)
        visit = self._traffic.enter(rpc, deadline_s)
        if visit is None:
            raise self._traffic.no_turn(rpc, deadline_s)
        due = visit.came + deadline_s
        error: BaseException | None = None
        try:
            return self._attempt(rpc, request, due)
        except PluginUnavailable as failure:
            error = failure
            if not (rpc.idempotent and failure.in_call):
                raise
            try:
                value = self._second_attempt(rpc, request, due, failure)
            except BaseException as again:
                error = again
                raise
            error = None
            return value
        except PluginError as failure:
            error = failure
            raise
        except Exception as failure:  # a bug of ours, which callers should not have to expect
            error = as_plugin_error(self.plugin_id, rpc.method, failure)
            raise error from failure
        except BaseException as failure:  # Ctrl-C
            error = failure
            raise
        finally:
            self._traffic.leave(rpc, visit, error)
            error = None  # it knows this frame, which would keep it and the answer until the next garbage collection

    def _second_attempt(self, rpc: Rpc[..., T], request: bytes, due: float, first: PluginUnavailable) -> T:
        """Repeat an idempotent call after the process ended during it.

        Raises ``first``, the first attempt's error, if no process can be asked.
        """
        log.debug("plugin %s, %s: asked once more: %s", self.plugin_id, rpc.method, first.message)
        try:
            return self._attempt(rpc, request, due)
        except (PluginUnavailable, PluginClosed) as error:
            raise (error if isinstance(error, PluginUnavailable) and error.in_call else first) from error

    def _attempt(self, rpc: Rpc[..., T], request: bytes, due: float) -> T:
        waiting_since = time.monotonic()
        connection = self._link.acquire(due - waiting_since)
        try:
            # Waiting for a starting plugin does not count: a call's deadline applies to a running plugin.
            deadline_s = max(_LEAST_S, due - waiting_since)
            trailer: Trailer | None = None
            try:
                method = connection.method(rpc.path)
                if rpc.reports is Reports.STATUS:  # its answer is never a refusal: it has no trailing metadata
                    data = method(request, deadline_s)
                else:
                    data, trailer = method.with_trailer(request, deadline_s)
            except CallFailed as error:
                raise self._failure(connection, rpc, error) from error
        finally:
            connection.leave()
        return value_of(self._link, rpc, data, trailer)

    def _send(self, rpc: Rpc[..., T], request: bytes, visit: Visit, future: Future[T]) -> None:
        """Send an admitted call to a running plugin, and handle its end."""
        connection: Connection | None = None
        try:
            connection = self._link.acquire(deadline_s := self._link.deadline_s(rpc.timed_as))
            lent = connection
            connection.method(rpc.path).start(
                request, deadline_s, lambda ended: self._arrived(rpc, request, visit, future, lent, ended)
            )
        except CallFailed as error:
            assert connection is not None  # noqa: S101 - only a connection raises it
            self._failed(rpc, request, visit, future, connection, error)
        except Exception as error:  # there is no process, or a bug of ours
            if connection is not None:
                connection.leave()
            self._ended(rpc, visit, future, error)

    def _arrived(
        self,
        rpc: Rpc[..., T],
        request: bytes,
        visit: Visit,
        future: Future[T],
        connection: Connection,
        ended: Ended,
    ) -> None:
        """Handle the end of a sent call; this is the connection's callback, so it must not raise."""
        try:
            data = ended.result()
        except CallFailed as error:
            self._failed(rpc, request, visit, future, connection, error)
            return
        except BaseException as error:
            connection.leave()
            self._ended(rpc, visit, future, error)
            return
        connection.leave()
        try:
            value = value_of(self._link, rpc, data, ended.trailer)
        except BaseException as error:
            self._ended(rpc, visit, future, error)
        else:
            self._ended(rpc, visit, future, None, value)

    def _failed(
        self,
        rpc: Rpc[..., T],
        request: bytes,
        visit: Visit,
        future: Future[T],
        connection: Connection,
        failure: CallFailed,
    ) -> None:
        """Handle the failure of the first attempt. Never raises."""
        connection.leave()
        try:
            error = self._failure(connection, rpc, failure)
            if rpc.idempotent and isinstance(error, PluginUnavailable) and error.in_call:
                self._again(rpc, request, visit, future, error)
                return
        except BaseException as bug:
            self._ended(rpc, visit, future, bug)
        else:
            self._ended(rpc, visit, future, error)

    def _again(
        self, rpc: Rpc[..., T], request: bytes, visit: Visit, future: Future[T], first: PluginUnavailable
    ) -> None:
        """Make the second attempt, on its own thread, since it may wait for a start."""

        def attempt() -> None:
            try:
                due = visit.came + self._link.deadline_s(rpc.timed_as)
                value = self._second_attempt(rpc, request, due, first)
            except BaseException as error:
                self._ended(rpc, visit, future, error)
            else:
                self._ended(rpc, visit, future, None, value)

        started: Future[None] = in_thread(self.plugin_id, attempt, method=rpc.method)
        if started.done() and started.exception() is not None:  # no thread could be started
            self._ended(rpc, visit, future, first)

    def _ended(
        self, rpc: Rpc[..., T], visit: Visit, future: Future[T], error: BaseException | None, value: T | None = None
    ) -> None:
        """Count a call that is over, and set its future. Never raises."""
        if error is not None:
            error = as_plugin_error(self.plugin_id, rpc.method, error)
        try:
            self._traffic.leave(rpc, visit, error)
        finally:
            settle(future, value, error=error)

    def _failure(self, connection: Connection, rpc: Rpc[..., Any], failure: CallFailed) -> PluginError:
        loss = partial(self._link.loss, connection)
        return translate(self._link, rpc, failure, self._link.deadline_s(rpc.timed_as), loss)
