"""Scans: started, paused, cancelled, and how they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.host.admin import scan_operations
from viewra.host.admin.scan_operations import ScanInfo
from viewra.library import display
from viewra.web.access import Scope
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk
from viewra.web.pages.requests import id_of

ONE = "/admin/scan/{scan_job_id:int}"
FAILURES = 200
"""How many failures the page of a scan lists."""
ACTIONS: Mapping[str, tuple[Callable[..., ScanInfo], str]] = {
    "pause": (scan_operations.scan_pause, "pauses as soon as the batches in flight are read"),
    "resume": (scan_operations.scan_resume, "continues"),
    "cancel": (scan_operations.scan_cancel, "ends; the next one continues from there"),
}


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of scans."""
    return [
        desk.post("/admin/scans", start, Scope.ADMIN, back="/admin/libraries"),
        desk.post("/admin/library/{library_id:int}/scan", start, back="/admin/libraries"),
        desk.get(ONE, show),
        desk.post(f"{ONE}/{{action}}", act, back="/admin/scan/{scan_job_id}"),
    ]


async def start(desk: Desk, request: Request) -> Response:
    """Start a scan: of a library, or of the folder that the form names, which becomes one."""
    form = await forms.read(request)
    path = form.get("path")
    if "library_id" in request.path_params:
        path = await desk.path_of_library(id_of(request, "library_id"))
    begun = await desk.ask(
        scan_operations.scan_start, path=path, full=form.get("how") == "full", retry_failed=form.get("how") == "retry"
    )
    return desk.done(request, f"/admin/scan/{begun.scan_job_id}", f"the scan of {display(begun.path)} has begun")


async def show(desk: Desk, request: Request) -> Response:
    """One scan."""
    scan = await desk.ask(scan_operations.scan_get, scan_job_id=id_of(request, "scan_job_id"))
    groups = Counter((failure.plugin or "", failure.error) for failure in scan.failures)
    return desk.show(request, "scan.html", scan=scan, groups=groups.most_common(), failures=scan.failures[:FAILURES])


async def act(desk: Desk, request: Request) -> Response:
    """Pause, continue or cancel a scan."""
    action = request.path_params["action"]
    if action not in ACTIONS:
        raise HTTPException(404, f"nothing is called {action}")
    operation, words = ACTIONS[action]
    form = await forms.read(request)
    scan_job_id = id_of(request, "scan_job_id")
    await desk.ask(operation, scan_job_id=scan_job_id)
    to = {"overview": "/admin/", "libraries": "/admin/libraries"}.get(form.get("from"), f"/admin/scan/{scan_job_id}")
    return desk.done(request, to, f"the scan {words}")
