"""``Site``: what all handlers share, as ``request.app.state.site``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import attrs
from starlette.requests import HTTPConnection

from viewra import library
from viewra.errors import ViewraError
from viewra.host import Host
from viewra.host.admin.operation import Operation
from viewra.host.admin.present import as_json
from viewra.host.admin.values import log_entry
from viewra.host.background_scan import Phase, ScanState
from viewra.host.packages.arriving import Arriving
from viewra.host.scans import Scans
from viewra.library import display
from viewra.transport.hclog import LogRecord
from viewra.types import Library, LibraryStats, PluginState
from viewra.web.accounts.accounts import Accounts
from viewra.web.counted import Counted
from viewra.web.declared import Declarations
from viewra.web.live.hub import Hub
from viewra.web.live.observer import StateObserver
from viewra.web.public import PublicRoutes
from viewra.web.work import Workers

P = ParamSpec("P")
T = TypeVar("T")

READS, CHANGES, FETCHES, PICTURES = 16, 8, 8, 8
"""Threads for what is quick, for what may take as long as a migration, for packages, and for pictures."""
UPLOADS = 2
"""Packages that are uploaded at a time."""
QUICK_S, LONGEST_S = 30.0, 900.0
"""Seconds for an answer: as a rule, and of operations that start plugins, which may migrate first."""

log = logging.getLogger("viewra.web")


@attrs.frozen
class Exposure:
    """How the site is reached: ``secure`` by https, ``hosts`` by which names only (none: by any).

    ``apart`` is in the names of its cookies, so that a browser keeps those of several sites with one name, at several
    ports.
    """

    secure: bool = False
    hosts: frozenset[str] = frozenset()
    apart: str = ""


class Site:
    """The open ``host``; ``accounts``, who may use it; ``hub``, what happens; and the threads for the host's code.

    ``declared`` knows the routes and pages of plugins, ``public`` which routes need no session or token; ``uploads``
    has a place for each package that is uploaded.
    Nothing of the host is called on the event loop: handlers use ``run``.
    """

    def __init__(self, host: Host, *, accounts: Accounts | None = None, exposure: Exposure | None = None) -> None:
        self.host = host
        self.exposure = exposure or Exposure()
        self.accounts = accounts or Accounts(host.engine)
        self.hub = Hub()
        self.declared = Declarations(host)
        self.public = PublicRoutes(host)
        self._reads = Workers(READS)
        self._changes = Workers(CHANGES)
        self._fetches = Workers(FETCHES)
        self._pictures = Workers(PICTURES)
        self._observer = StateObserver(self._state_changed)
        self.uploads = asyncio.Semaphore(UPLOADS)
        self.ready = False
        self.libraries = Counted(self._count_libraries)
        """The libraries by id, with how many files they have."""
        self.stats = Counted(self._count_all)
        """How much there is."""
        self._tidying: asyncio.Task[None] | None = None
        self._ends: list[Callable[[], None]] = []

    @property
    def scans(self) -> Scans:
        """The scans in the background: ``start``, ``pause``, ``resume``, ``cancel``, ``all``, ``get``."""
        return self.host.scans

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something of the host on a thread. Raises its errors, and Busy after ``QUICK_S`` seconds."""
        return await self._reads.run(QUICK_S, function, *args, **kwargs)

    async def run_long(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``run``, within ``LONGEST_S`` seconds: for what starts or ends plugins, migrates, or deletes files."""
        return await self._changes.run(LONGEST_S, function, *args, **kwargs)

    async def operate(self, operation: Operation, work: Callable[[], T], *, long: bool) -> T:
        """Do the work of an operation on a thread, ``long`` as ``run_long``.

        Packages may come from a catalog that hangs: their operations have threads of their own, so that nothing else
        waits for it.
        """
        if operation.subject == "packages":
            return await self._fetches.run(LONGEST_S, work)
        return await (self.run_long(work) if long else self.run(work))

    async def run_picture(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``run``, on threads of their own: pictures may wait for plugins, and nothing else waits for pictures."""
        return await self._pictures.run(QUICK_S, function, *args, **kwargs)

    def open(self) -> None:
        """Begin to publish events; on the event loop."""
        self.hub.open()
        self.host.pm.register(self._observer)
        self.host.log_listeners.add(self._logged)
        self.scans.watch(self._scanned)
        self.host.verifier.watch(self._verified)
        self.declared.open()
        self.host.dispatch.watch(self._operated)
        self.host.dispatch.packages.arrivals.watch(self._arriving)
        self.ready = True
        self._tidying = asyncio.create_task(self._tidy_up())

    def at_close(self, end: Callable[[], None]) -> None:
        """Have ``end`` called when the site closes, on the event loop."""
        self._ends.append(end)

    def close(self) -> None:
        """Publish nothing more, and end the threads that have nothing to do; on the event loop."""
        self.ready = False
        if self._tidying is not None:
            self._tidying.cancel()
        self.hub.close()
        self.declared.close()
        for end in self._ends:
            end()
        self.host.pm.unregister(self._observer)
        self.host.log_listeners.remove(self._logged)
        self.host.dispatch.packages.uploads.close()
        self._reads.close()
        self._changes.close()
        self._fetches.close()
        self._pictures.close()

    async def _tidy_up(self) -> None:
        """Deliver what an earlier host has left, and delete what is of no use any more."""
        try:
            await self.run_long(self.host.dispatch.packages.uploads.forget_killed)
            await self.run_long(self.host.deliver)
        except ViewraError as error:
            log.error("notifications cannot be delivered: %s", error)

    async def _count_libraries(self) -> Mapping[int, Library]:
        found = await self.run_long(library.list_libraries, self.host.engine)
        return {one.id: one for one in found}

    async def _count_all(self) -> LibraryStats:
        return await self.run_long(self.host.library.stats)

    def _count_anew(self) -> None:
        self.libraries.forget()
        self.stats.forget()

    def _state_changed(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        self.declared.state_changed(plugin_id, new)
        self.hub.publish("plugin", {"id": plugin_id, "old": old, "state": new, "reason": reason}, about=plugin_id)

    def _logged(self, plugin_id: str, record: LogRecord) -> None:
        self.hub.publish("log", as_json(log_entry(plugin_id, record)), about=plugin_id)

    def _operated(self, operation: Operation, arguments: Mapping[str, Any]) -> None:
        if operation.name.startswith("library_"):
            self._count_anew()
            self.host.deliver()
            if self.host.upkeep is not None:
                self.host.upkeep.poke()
        kind = "library" if operation.name.startswith("library_") else "change"
        about = next((str(arguments[name]) for name in ("plugin_id", "library_id") if name in arguments), "")
        self.hub.publish(kind, {"operation": operation.name, "about": about}, about=about)

    def _verified(self) -> None:
        self.hub.publish("change", {"operation": "fsck_start", "about": ""})

    def _arriving(self, report: Arriving) -> None:
        self.hub.publish("package", as_json(report), about=report.id)

    def _scanned(self, state: ScanState) -> None:
        self.hub.publish("scan", scan_event(state), about=str(state.scan_job_id))
        if state.phase is Phase.ENDED:
            self._count_anew()
            self.hub.publish("library", {"operation": "scan", "about": str(state.scan_job_id)})


def scan_event(state: ScanState) -> dict[str, Any]:
    """A scan's state as an event has it: its report, which may be long, is left to ``/api/v1/scans``."""
    report = state.report
    return {
        "scan_job_id": state.scan_job_id,
        "path": display(state.path),
        "phase": state.phase,
        "progress": as_json(state.progress),
        "status": report.status if report is not None else "failed" if state.phase is Phase.ENDED else "running",
        "error": state.error,
    }


def site_of(connection: HTTPConnection) -> Site:
    """The site that a request is for."""
    site: Site = connection.app.state.site
    return site
