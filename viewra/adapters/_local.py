"""A plugin object in the host's own process, behind the same ``Endpoint`` as one in a process of its own.

Each call runs on a thread of its own, so that deadlines hold and a call that hangs holds up only itself: its thread is
left behind, and the breaker keeps the number of such threads small. The traceback of a failure goes where the plugin's
own records go.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._deadlines import Deadlines
from viewra.adapters._failures import too_late
from viewra.adapters._futures import Pending, as_plugin_error, settle
from viewra.adapters._traffic import Traffic, Visit
from viewra.batch import answers, method_of
from viewra.codec import fault, lifecycle
from viewra.codec.limits import Limits, limited
from viewra.codec.rpc import InvalidValue, Rpc
from viewra.errors import NotOffered, PluginError, PluginFault
from viewra.services import SERVICES, Implementation, Services
from viewra.text import cut, reason

P = ParamSpec("P")
T = TypeVar("T")


class LocalEndpoint:
    """A plugin object. ``database_url`` and ``deadline_s`` (of a method) as a supervisor would give them.

    ``services`` are those that the host knows.
    """

    lanes = 1  # a second batch at once would only fight for the interpreter

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
        self._deadline_s = deadline_s
        self._limits = limits or Limits()
        self.traffic = Traffic(plugin_id)
        self._deadlines = Deadlines()
        self._log = logging.getLogger(f"viewra.plugin.{plugin_id}")
        self._services: dict[str, Any] = {lifecycle.SERVICE: plugin}
        for service in services:
            if (offered := service.of(plugin)) is not None:
                self._services[service.capability] = offered

    priority: Mapping[str, int] = MappingProxyType({})
    """An object has no manifest that could state one."""

    code_hash = "in-process"
    """Code in the host's process has no hash of its own: its metadata of a file is kept until the file changes."""

    @property
    def services(self) -> frozenset[str]:
        """The services that the plugin has."""
        return frozenset(self._services) - {lifecycle.SERVICE}

    @property
    def known(self) -> bool:
        """Whether it is known which services it has."""
        return True

    def recall(self, name: str) -> None:
        """Nothing: an object is there whenever it is asked."""

    def remember(self, name: str, text: str) -> None:
        """Nothing is kept of an object."""

    def offers(self, capability: str) -> bool:
        """Whether the plugin runs and has this service."""
        return self.running and capability in self._services

    def serves(self, rpc: Rpc[..., Any]) -> bool:
        """Whether the plugin has the service with this method; batch forms are always there."""
        return self.offers(rpc.service) and answers(self._services[rpc.service], rpc.method)

    def call(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call and wait; raises a PluginError."""
        return self.start(rpc, *args, **kwargs).result()

    def start(self, rpc: Rpc[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call; when too many are in flight, and too many wait already, the caller waits until it is over."""
        deadline_s = self._deadline_s(rpc.method)
        future: Pending[T] = Pending(self.plugin_id, rpc.method, deadline_s)
        over = threading.Lock()  # taken by the answer or by the deadline, whichever comes first

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
        except RuntimeError as error:  # there can be no more threads
            settle(future, error=as_plugin_error(self.plugin_id, rpc.method, error))
        if crowded:  # not by running it here: it may hang
            future.exception()
        return future

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

    def _fault(self, rpc: Rpc[..., Any], error: BaseException) -> PluginFault:
        story = fault.of(error)
        call_id = secrets.token_hex(4)
        extra = {"fields": {"call": rpc.method, "call_id": call_id}}
        level = logging.DEBUG if rpc.refuses else logging.ERROR
        self._log.log(level, "%s failed: %s", rpc.method, story.kind, exc_info=error, extra=extra)
        said = cut(reason(error), self._limits.reason_bytes)
        return PluginFault(self.plugin_id, said, call=rpc.method, kind=story.kind, causes=story.causes, call_id=call_id)
