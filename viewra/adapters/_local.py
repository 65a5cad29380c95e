"""A plugin object in the host's own process, behind the same ``Endpoint`` as one in a process of its own.

Each call runs on a thread of its own, so that deadlines hold and one that hangs holds up nothing but itself: its thread
is left behind, and the breaker sees to it that there are not many. The traceback of a failure goes where the plugin's
own records go.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from viewra.adapters._call import too_late
from viewra.adapters._deadlines import Deadlines
from viewra.adapters._futures import settle, under_way
from viewra.adapters._traffic import Traffic, Visit
from viewra.batch import answers, method_of, reason
from viewra.codec import fault, lifecycle
from viewra.codec.limits import Limits, limited
from viewra.codec.rpc import InvalidValue, Rpc
from viewra.errors import NotOffered, PluginError, PluginFault
from viewra.services import Implementation

P = ParamSpec("P")
T = TypeVar("T")


class LocalEndpoint:
    """A plugin object. ``database_url`` and ``deadline_s`` (of a method) as a supervisor would give them."""

    lanes = 1  # a second batch at once would only fight for the interpreter

    def __init__(
        self,
        plugin_id: str,
        plugin: Implementation,
        *,
        database_url: str,
        deadline_s: Callable[[str], float],
        limits: Limits | None = None,
    ) -> None:
        self.plugin_id = plugin_id
        self.database_url = database_url
        self.running = False
        self._deadline_s = deadline_s
        self._limits = limits or Limits()
        self.traffic = Traffic(plugin_id)
        self._deadlines = Deadlines()
        self._log = logging.getLogger(f"viewra.plugin.{plugin_id}")
        services = {
            lifecycle.SERVICE: plugin,
            "metadata_scraper": plugin.metadata_scraper_service(),
            "scanner_hook": plugin.scanner_hook_service(),
            "database_service": plugin.database_service(),
            "admin_page": plugin.admin_page_service(),
            "api_registration": plugin.api_registration_service(),
            "search_service": plugin.search_service(),
        }
        self._services: dict[str, Any] = {name: service for name, service in services.items() if service is not None}

    priority: Mapping[str, int] = MappingProxyType({})
    """An object has no manifest that could state one."""

    code_hash = "in-process"
    """Code in the host's process has no hash of its own: what it made of a file is kept until the file changes."""

    @property
    def services(self) -> frozenset[str]:
        """The services that the plugin has."""
        return frozenset(self._services) - {lifecycle.SERVICE}

    @property
    def known(self) -> bool:
        """Whether it is known which services it has."""
        return True

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
        """Start a call; when too many are under way, and too many wait already, the caller waits until it is over."""
        future: Future[T] = under_way()
        deadline_s = self._deadline_s(rpc.method)
        over = threading.Lock()  # taken by whichever comes first, the answer or the deadline

        def ended(visit: Visit, value: T | None, error: BaseException | None) -> None:
            if over.acquire(blocking=False):
                self.traffic.leave(rpc, visit, error)
                settle(future, value, error=error)

        def run(visit: Visit) -> None:
            late = too_late(self.plugin_id, rpc.method, deadline_s)
            number = self._deadlines.watch(visit.came + deadline_s, lambda: ended(visit, None, late))
            try:
                value = self._answer(rpc, *args, **kwargs)
            except BaseException as error:  # whoever reads the future decides what it means
                ended(visit, None, error)
            else:
                ended(visit, value, None)
            finally:
                self._deadlines.done(number)

        def wait_and_run() -> None:
            try:
                visit = self.traffic.enter(rpc, deadline_s)
            except PluginError as error:
                settle(future, error=error)
                return
            if visit is None:
                settle(future, error=self.traffic.no_turn(rpc, deadline_s))
            else:
                run(visit)

        crowded = self.traffic.crowded
        threading.Thread(target=wait_and_run, name=f"call-{self.plugin_id}", daemon=True).start()
        if crowded:  # not by running it here: it may hang
            wait((future,))
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
            story = fault.of(error)
            call_id = secrets.token_hex(4)
            extra = {"fields": {"call": rpc.method, "call_id": call_id}}
            level = logging.DEBUG if rpc.refuses else logging.ERROR
            self._log.log(level, "%s failed: %s", rpc.method, story.kind, exc_info=error, extra=extra)
            raise PluginFault(
                self.plugin_id, reason(error), call=rpc.method, kind=story.kind, causes=story.causes, call_id=call_id
            ) from error
