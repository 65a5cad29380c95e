"""Calls a plugin object in the host's process through the same ``Endpoint`` as a plugin that runs in its own process.

Each call runs on its own thread, so deadlines hold and a call that hangs delays no other call. The endpoint abandons
the thread of a call that misses its deadline; the breaker limits the number of such threads. The endpoint writes
the traceback of a failure to the plugin's log.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._exchange import Exchange
from viewra.adapters._failures import too_late
from viewra.adapters._futures import Pending, as_plugin_error, settle
from viewra.adapters._local_streams import LocalExchange
from viewra.adapters._traffic import Traffic, Visit
from viewra.batch import answers, method_of
from viewra.codec import fault, lifecycle
from viewra.codec.limits import Limits, limited
from viewra.codec.rpc import InvalidValue, Rpc
from viewra.codec.streams import AnyRpc, CallEnded, Item, StreamRpc, Value
from viewra.errors import NotOffered, PluginError, PluginFault
from viewra.services import EXTENSIONS, SERVICES, Implementation, Services
from viewra.text import cut, reason
from viewra.transport.deadlines import Deadlines

P = ParamSpec("P")
T = TypeVar("T")


class LocalEndpoint:
    """The endpoint of one plugin object.

    ``database_url`` and ``deadline_s`` (of a method) are as for a plugin in a process; ``services`` are those that the
    host knows.
    """

    lanes = 1  # two batches at once would compete for the interpreter lock

    def __init__(
        self,
        plugin_id: str,
        plugin: Implementation,
        *,
        database_url: str,
        deadline_s: Callable[[str], float],
        limits: Limits | None = None,
        services: Services = SERVICES,
    ) -> None:
        self.plugin_id = plugin_id
        self.database_url = database_url
        self.running = False
        self.deadline_s = deadline_s
        self._limits = limits or Limits()
        self.traffic = Traffic(plugin_id)
        self._deadlines = Deadlines()
        self._log = logging.getLogger(f"viewra.plugin.{plugin_id}")
        self._services: dict[str, Any] = {lifecycle.SERVICE: plugin}
        for service in (*services, *EXTENSIONS):
            if (offered := service.of(plugin)) is not None:
                self._services[service.capability] = offered

    priority: Mapping[str, int] = MappingProxyType({})
    """Empty: a plugin object has no manifest to state priorities."""

    code_hash = "in-process"
    """Code in the host's process is not hashed: the library keeps its metadata of a file until the file changes."""

    @property
    def services(self) -> frozenset[str]:
        """The services that the plugin implements."""
        return frozenset(self._services) - {lifecycle.SERVICE, *EXTENSIONS.capabilities}

    @property
    def known(self) -> bool:
        """Whether the host knows which services the plugin has."""
        return True

    def recall(self, name: str) -> None:
        """None: a plugin object can be asked at any time, so nothing is remembered."""

    def remember(self, name: str, text: str) -> None:
        """Do nothing: a plugin object can be asked at any time."""

    def offers(self, capability: str) -> bool:
        """Whether the plugin runs and has this service."""
        return self.running and capability in self._services

    def serves(self, rpc: AnyRpc) -> bool:
        """Whether the plugin has the service with this method; the batch methods always exist."""
        return self.offers(rpc.service) and answers(self._services[rpc.service], rpc.method)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a call and wait for its answer; raises a PluginError."""
        return self.start(rpc, *args, **kwargs).result()

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call without waiting; if the queue of calls is full, the caller waits until the call has ended."""
        deadline_s = self.deadline_s(rpc.timed_as)
        future: Pending[T] = Pending(self.plugin_id, rpc.method, deadline_s)
        over = threading.Lock()  # acquired by the answer or by the deadline, whichever comes first

        def ended(visit: Visit, value: T | None, error: BaseException | None) -> None:
            if over.acquire(blocking=False):
                if error is not None:
                    error = as_plugin_error(self.plugin_id, rpc.method, error)
                try:
                    self.traffic.leave(rpc, visit, error)
                finally:
                    settle(future, value, error=error)

        def run(visit: Visit) -> None:
            late = too_late(self.plugin_id, rpc.method, deadline_s)
            number: int | None = None
            try:
                number = self._deadlines.watch(visit.came + deadline_s, lambda: ended(visit, None, late))
                value = self._answer(rpc, *args, **kwargs)
            except BaseException as error:
                ended(visit, None, error)
            else:
                ended(visit, value, None)
            finally:
                if number is not None:
                    self._deadlines.done(number)

        def wait_and_run() -> None:
            try:
                visit = self.traffic.enter(rpc, deadline_s)
            except BaseException as error:
                settle(future, error=as_plugin_error(self.plugin_id, rpc.method, error))
                return
            if visit is None:
                settle(future, error=self.traffic.no_turn(rpc, deadline_s))
            else:
                run(visit)

        crowded = self.traffic.crowded
        try:
            threading.Thread(target=wait_and_run, name=f"call-{self.plugin_id}", daemon=True).start()
        except RuntimeError as error:  # the system refuses another thread
            settle(future, error=as_plugin_error(self.plugin_id, rpc.method, error))
        if crowded:  # the call may hang, so it does not run on this thread
            future.exception()
        return future

    def stream(self, rpc: StreamRpc[Item, Value], *, only: Item | None = None, most_s: float) -> Exchange[Item, Value]:
        """Open a stream, as ``Endpoint`` has it."""
        service = self._services.get(rpc.service)
        if service is None or not self.running:
            raise NotOffered(self.plugin_id, "not offered", call=rpc.method)
        visit = self.traffic.enter_stream(rpc, self.deadline_s(rpc.method))
        exchange: LocalExchange[Item, Value] = LocalExchange(
            self.plugin_id, self.traffic, self._deadlines, rpc, visit, most_s
        )
        work = partial(exchange.run, partial(self._values, rpc, method_of(service, rpc.method)))
        try:
            threading.Thread(target=work, name=f"stream-{self.plugin_id}", daemon=True).start()
        except RuntimeError as error:  # there can be no more threads
            exchange.close()
            raise as_plugin_error(self.plugin_id, rpc.method, error) from error
        if only is not None:
            exchange.send(only, most_s)
            exchange.finish()
        return exchange

    def _values(
        self,
        rpc: StreamRpc[Any, Value],
        method: Callable[..., Iterable[object]],
        items: Iterator[Any],
        wanted: Callable[[], bool],
    ) -> Iterator[Value]:
        try:
            for value in method(items, wanted):
                with limited(self._limits):
                    checked = rpc.check(value)
                yield checked
        except GeneratorExit:
            raise
        except InvalidValue as error:
            raise PluginFault(self.plugin_id, f"gave an answer that is not valid: {error}", call=rpc.method) from error
        except BaseException as error:  # the author's code may raise anything
            raise self._fault(rpc, error) from error

    def _answer(self, rpc: Rpc[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        service = self._services.get(rpc.service)
        if service is None:
            raise NotOffered(self.plugin_id, "not offered", call=rpc.method)
        try:
            answer = method_of(service, rpc.method)(*args, **kwargs)
            with limited(self._limits):
                return rpc.check(answer)
        except InvalidValue as error:
            raise PluginFault(self.plugin_id, f"gave an answer that is not valid: {error}", call=rpc.method) from error
        except PluginError:
            raise
        except BaseException as error:  # the author's code may raise anything
            raise self._fault(rpc, error) from error

    def _fault(self, rpc: AnyRpc, error: BaseException) -> PluginFault:
        story = fault.of(error)
        call_id = secrets.token_hex(4)
        extra = {"fields": {"call": rpc.method, "call_id": call_id}}
        meant = rpc.refuses or (isinstance(rpc, StreamRpc) and isinstance(error, CallEnded))
        level = logging.DEBUG if meant else logging.ERROR
        self._log.log(level, "%s failed: %s", rpc.method, story.kind, exc_info=error, extra=extra)
        said = cut(reason(error), self._limits.reason_bytes)
        return PluginFault(self.plugin_id, said, call=rpc.method, kind=story.kind, causes=story.causes, call_id=call_id)
