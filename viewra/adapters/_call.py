"""The way from a procedure to the answer of a plugin in a process of its own: deadlines, second attempts, errors.

Whatever goes wrong comes out as a ``PluginError``. For a plugin in this process it is adapters/_local.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

import grpc

from viewra.adapters._connection import Connection
from viewra.adapters._endpoint import Link
from viewra.adapters._futures import complete, in_thread, under_way
from viewra.adapters._traffic import Traffic, Visit
from viewra.codec import fault
from viewra.codec.rpc import InvalidValue, Refusal, Reports, Rpc
from viewra.errors import NotOffered, PluginClosed, PluginError, PluginFault, PluginTimeout, PluginUnavailable

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

    def offers(self, capability: str) -> bool:
        """Whether the plugin has this service."""
        return self._link.offers(capability)

    def serves(self, rpc: Rpc[..., Any]) -> bool:
        """Whether the process is known to answer this procedure."""
        return self._link.serves(rpc.wire_service)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError."""
        return self._call(rpc, self._request(rpc, *args, **kwargs))

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call; one that has to wait, for its turn or for the plugin's start, does so on a thread of its own.

        When too many wait already, the caller does: until the call is over.
        """
        future: Future[T] = under_way()
        try:
            request = self._request(rpc, *args, **kwargs)
            visit = self._traffic.enter(rpc, 0.0) if self._link.running else None
        except PluginError as error:
            future.set_exception(error)
            return future
        if visit is not None:
            self._send(rpc, request, visit, future)
        elif self._traffic.crowded:
            complete(future, lambda: self._call(rpc, request))
        else:
            in_thread(self.plugin_id, lambda: self._call(rpc, request), future)
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
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._traffic.leave(rpc, visit, error)

    def _second_attempt(self, rpc: Rpc[..., T], request: bytes, due: float, first: PluginUnavailable) -> T:
        """Ask again, as the process died of something and asking twice is harmless.

        Raises ``first``, what the first attempt failed of, where there is nobody to ask.
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
            # Waiting for a plugin that starts does not count: what a call may take is meant for a plugin that runs.
            deadline_s = max(_LEAST_S, due - waiting_since)
            call: grpc.Call | None = None
            try:
                method = connection.method(rpc.path)
                if rpc.reports is Reports.STATUS:  # its answer is never a refusal: nobody asks what came along with it
                    data = method(request, deadline_s)
                else:
                    data, call = method.with_call(request, deadline_s)
            except (grpc.RpcError, ValueError) as error:  # ValueError: the channel was closed meanwhile
                raise self._translate(error, rpc, connection) from error
        finally:
            connection.leave()
        return self._value(rpc, data, call)

    def _send(self, rpc: Rpc[..., T], request: bytes, visit: Visit, future: Future[T]) -> None:
        """Send a call that was let in to a plugin that runs, and see to its end when it comes."""
        deadline_s = self._link.deadline_s(rpc.method)
        connection: Connection | None = None
        try:
            connection = self._link.acquire(deadline_s)
            pending = connection.method(rpc.path).future(request, deadline_s)
        except PluginError as error:
            self._ended(rpc, visit, future, error)
            return
        except (grpc.RpcError, ValueError) as error:
            assert connection is not None  # noqa: S101 - acquire raises nothing but a PluginError
            connection.leave()
            self._failed(rpc, request, visit, future, self._translate(error, rpc, connection))
            return
        lent = connection

        def done(call: Any) -> None:
            lent.leave()
            try:
                value = self._value(rpc, call.result(), call)
            except (grpc.RpcError, grpc.FutureCancelledError) as error:
                self._failed(rpc, request, visit, future, self._translate(error, rpc, lent))
            except Exception as error:  # a bug of ours must not leave anybody waiting for an answer
                self._ended(rpc, visit, future, error)
            else:
                self._traffic.leave(rpc, visit, None)
                future.set_result(value)

        pending.add_done_callback(done)

    def _failed(self, rpc: Rpc[..., T], request: bytes, visit: Visit, future: Future[T], error: PluginError) -> None:
        """The first attempt of a call that was sent has failed."""
        if rpc.idempotent and isinstance(error, PluginUnavailable) and error.in_call:
            self._again(rpc, request, visit, future, error)
        else:
            self._ended(rpc, visit, future, error)

    def _again(
        self, rpc: Rpc[..., T], request: bytes, visit: Visit, future: Future[T], first: PluginUnavailable
    ) -> None:
        """The second attempt of a call that was sent; it may have to wait for a start, on a thread of its own."""

        def attempt() -> T:
            error: BaseException | None = None
            try:
                return self._second_attempt(rpc, request, visit.came + self._link.deadline_s(rpc.method), first)
            except BaseException as failure:
                error = failure
                raise
            finally:
                self._traffic.leave(rpc, visit, error)

        in_thread(self.plugin_id, attempt, future)

    def _ended(self, rpc: Rpc[..., T], visit: Visit, future: Future[T], error: Exception) -> None:
        self._traffic.leave(rpc, visit, error)
        future.set_exception(error)

    def _request(self, rpc: Rpc[P, T], *args: P.args, **kwargs: P.kwargs) -> bytes:
        try:
            return rpc.arguments(*args, **kwargs).SerializeToString()
        except InvalidValue as error:
            raise PluginFault(self.plugin_id, f"cannot be asked: {error}", call=rpc.method) from error

    def _value(self, rpc: Rpc[..., T], data: bytes, call: grpc.Call | None) -> T:
        try:
            return rpc.value(data, self._link.limits)
        except Refusal as error:
            story = fault.decode(call.trailing_metadata() if call is not None else None)
            raise _fault(self.plugin_id, str(error), rpc.method, story) from error
        except InvalidValue as error:
            raise _fault(self.plugin_id, f"gave an answer that is not valid: {error}", rpc.method) from error

    def _translate(self, error: Exception, rpc: Rpc[..., Any], connection: Connection) -> PluginError:
        if not isinstance(error, grpc.Call):
            return self._link.loss(connection, rpc.method)
        match error.code():
            case grpc.StatusCode.UNIMPLEMENTED:
                return NotOffered(self.plugin_id, "not offered", call=rpc.method)
            case grpc.StatusCode.DEADLINE_EXCEEDED:
                return too_late(self.plugin_id, rpc.method, self._link.deadline_s(rpc.method))
            case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
                return self._link.loss(connection, rpc.method)
            case grpc.StatusCode.RESOURCE_EXHAUSTED:
                return _fault(self.plugin_id, f"sent too much: {error.details()}", rpc.method)
            case code:
                story = fault.decode(error.trailing_metadata())
                return _fault(self.plugin_id, error.details() or code.name, rpc.method, story)


def too_late(plugin_id: str, method: str, deadline_s: float) -> PluginTimeout:
    """The error for a call that its deadline ended."""
    return PluginTimeout(plugin_id, f"did not answer within {deadline_s:g} s", call=method)


def _fault(plugin_id: str, message: str, method: str, story: fault.Fault | None = None) -> PluginFault:
    if story is None:
        return PluginFault(plugin_id, message, call=method)
    because = f" (because: {'; '.join(story.causes)})" if story.causes else ""
    log.debug("plugin %s, %s: call %s failed; its log says more", plugin_id, method, story.call_id)
    return PluginFault(
        plugin_id, message + because, call=method, kind=story.kind, causes=story.causes, call_id=story.call_id
    )
