"""The overview: what needs attention, what is going on, and how much there is."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.host.admin import database_operations, listing_operations, operations, scan_operations
from viewra.host.admin.scan_operations import ScanInfo
from viewra.host.admin.values import Summary
from viewra.types import PluginState
from viewra.web.pages.desk import Desk

NEW_FILES = 8
ACTIVE = frozenset({"running", "paused", "cancelling"})
BROKEN = frozenset({PluginState.INVALID, PluginState.CRASHED, PluginState.BACKOFF, PluginState.QUARANTINED})


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of the overview."""
    return [desk.get("/admin/", show), desk.get("/admin/numbers", numbers)]


async def numbers(desk: Desk, request: Request) -> Response:
    """How much there is, however long it takes to count."""
    return desk.show(request, "overview_numbers.html", stats=await desk.site.stats.get())


async def show(desk: Desk, request: Request) -> Response:
    """The overview. Numbers of files that take long to count are asked for by the page itself."""
    plugins = await desk.ask(operations.list_)
    scans = (await desk.ask(scan_operations.scan_list, limit=10)).items
    recent = (await desk.ask(listing_operations.files, q="-kind:other sort:-added", limit=NEW_FILES)).items
    mechanisms = await desk.ask(database_operations.doctor)
    return desk.show(
        request,
        "overview.html",
        plugins=plugins,
        broken=[one for one in plugins if _needs_attention(one)],
        running=[one for one in plugins if one.state is PluginState.RUNNING],
        active=[scan for scan in scans if scan.status in ACTIVE],
        failed=_last_failed(scans),
        recent=recent,
        stats=await desk.site.stats.soon(),
        unprotected=[one for one in mechanisms[:2] if not one.available],
        first=not scans and not recent,
    )


def _needs_attention(plugin: Summary) -> bool:
    return plugin.state in BROKEN or (
        plugin.health is not None and plugin.health.condition in {"degraded", "unhealthy"}
    )


def _last_failed(scans: Sequence[ScanInfo]) -> ScanInfo | None:
    """The last scan, if it failed as a whole."""
    return scans[0] if scans and scans[0].status == "failed" else None
