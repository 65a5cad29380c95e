"""The way from a procedure to the answer of a plugin in a process of its own: deadlines, second attempts, errors.

Everything that goes wrong comes out as a ``PluginError``. For a plugin in this process it is adapters/_local.py.
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
from viewra.adapters._failures import translate
from viewra.adapters._futures import Pending, as_plugin_error, complete, in_thread, settle
from viewra.adapters._messages import request_of, value_of
from viewra.adapters._traffic import Traffic, Visit
from viewra.codec.rpc import Reports, Rpc
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.transport.calls import CallFailed, Ended, Trailer

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("viewra.adapters")

_LEAST_S = 0.001  # of time left for an attempt


class RemoteEndpoint:
    """A plugin in a process of its own. ``traffic`` is what all calls of the plugin share."""

    lanes = 2

    def __init__(self, link: Link, traffic: Traffic | None = None) -> None:
        self.plugin_id = link.plugin_id
        self._link = link
        self._traffic = traffic or Traffic(link.plugin_id)

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
        """How much its word on metadata fields counts."""
        return self._link.priority

    @property
    def database_url(self) -> str:
        """The plugin's own database."""
        return self._link.database_url

    @property
    def known(self) -> bool:
        """Whether it is known which services it has."""
        return self._link.known

    def recall(self, name: str) -> str | None:
        """What was remembered under this name."""
        return self._link.recall(name)

    def remember(self, name: str, text: str) -> None:
        """Keep a text for later hosts."""
        self._link.remember(name, text)

    def offers(self, capability: str) -> bool:
        """Whether the plugin has this service."""
        return self._link.offers(capability)

    def serves(self, rpc: Rpc[..., Any]) -> bool:
        """Whether the process is known to answer this procedure."""
        return self._link.serves(rpc.wire_service)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError."""
        return self._call(rpc, request_of(self.plugin_id, rpc, *args, **kwargs))

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call; one that has to wait, for its turn or for the plugin's start, does so on a thread of its own.

        When too many wait already, the caller does: until the call is over.
        """
        future: Pending[T] = Pending(self.plugin_id, rpc.method, self._link.deadline_s(rpc.method))
        try:
            request = request_of(self.plugin_id, rpc, *args, **kwargs)
            visit = self._traffic.enter(rpc, 0.0) if self._link.running else None
        except Exception as error:  # the future is where errors go
            settle(future, error=as_plugin_error(self.plugin_id, rpc.method, error))
            return future
        if visit is not None:
            self._send(rpc, request, visit, future)
        elif self._traffic.crowded:
            complete(future, lambda: self._call(rpc, request))
        else:
            in_thread(self.plugin_id, lambda: self._call(rpc, request), future, rpc.method)
        return future

    def _call(self, rpc: Rpc[..., T], request: bytes) -> T:
        deadline_s = self._link.deadline_s(rpc.method)
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
        except Exception as failure:  # a bug of ours, which callers must not have to expect
            error = as_plugin_error(self.plugin_id, rpc.method, failure)
            raise error from failure
        except BaseException as failure:  # Ctrl-C
            error = failure
            raise
        finally:
            self._traffic.leave(rpc, visit, error)
            error = None  # it knows this frame, which would keep it and the answer until the next garbage collection

    def _second_attempt(self, rpc: Rpc[..., T], request: bytes, due: float, first: PluginUnavailable) -> T:
        """Ask again after the process died under the call: asking twice is harmless.

        Raises ``first``, the first attempt's error, where no process is there to be asked.
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
            # Waiting for a plugin that starts does not count: a call's deadline is meant for a plugin that runs.
            deadline_s = max(_LEAST_S, due - waiting_since)
            trailer: Trailer | None = None
            try:
                method = connection.method(rpc.path)
                if rpc.reports is Reports.STATUS:  # its answer is never a refusal: nothing comes behind it
                    data = method(request, deadline_s)
                else:
                    data, trailer = method.with_trailer(request, deadline_s)
            except CallFailed as error:
                raise self._failure(connection, rpc, error) from error
        finally:
            connection.leave()
        return value_of(self._link, rpc, data, trailer)

    def _send(self, rpc: Rpc[..., T], request: bytes, visit: Visit, future: Future[T]) -> None:
        """Send a call that was let in to a plugin that runs, and handle its end when it comes."""
        connection: Connection | None = None
        try:
            connection = self._link.acquire(deadline_s := self._link.deadline_s(rpc.method))
            lent = connection
            connection.method(rpc.path).start(
                request, deadline_s, lambda ended: self._arrived(rpc, request, visit, future, lent, ended)
            )
        except CallFailed as error:
            assert connection is not None  # noqa: S101 - only a connection raises it
            self._failed(rpc, request, visit, future, connection, error)
        except Exception as error:  # there is no process to ask, or a bug of ours
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
        """A call that was sent has ended; this is the connection's callback, so nothing may be raised here."""
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
        """The first attempt of a call that was sent has failed. Raises nothing."""
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
        """The second attempt of a call that was sent; it may have to wait for a start, on a thread of its own."""

        def attempt() -> None:
            try:
                due = visit.came + self._link.deadline_s(rpc.method)
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
        """A call is over: count it, and give its future what became of it. Raises nothing."""
        if error is not None:
            error = as_plugin_error(self.plugin_id, rpc.method, error)
        try:
            self._traffic.leave(rpc, visit, error)
        finally:
            settle(future, value, error=error)

    def _failure(self, connection: Connection, rpc: Rpc[..., Any], failure: CallFailed) -> PluginError:
        loss = partial(self._link.loss, connection)
        return translate(self._link, rpc, failure, self._link.deadline_s(rpc.method), loss)
