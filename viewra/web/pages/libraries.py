"""The libraries, what is missing in them, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra import library
from viewra.host.admin import library_operations, operations, scan_operations
from viewra.library import display
from viewra.web.access import Scope, require
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk
from viewra.web.pages.requests import after_of, id_of, path_of

ROWS, SCANS = 100, 20
"""How many rows the pages have."""
LIST, ONE = "/admin/libraries", "/admin/library/{library_id:int}"
_BACK = "/admin/library/{library_id}"


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of these pages."""
    return [
        desk.get(LIST, show),
        desk.post(LIST, add, Scope.ADMIN, back=LIST),
        desk.get(ONE, show_one),
        desk.post(ONE, change, back=_BACK),
        desk.post(f"{ONE}/move", move, Scope.ADMIN, back=_BACK),
        desk.post(f"{ONE}/remove", remove, Scope.ADMIN, back=_BACK),
        desk.get("/admin/missing", missing),
        desk.post("/admin/missing/purge", purge, Scope.ADMIN, back="/admin/missing"),
        desk.get("/admin/failures", failures),
    ]


async def show(desk: Desk, request: Request) -> Response:
    """The libraries and the last scans."""
    page = await desk.ask(scan_operations.scan_list, limit=SCANS, after=after_of(request))
    return desk.show(
        request,
        "libraries.html",
        paths=await desk.site.run(library.library_paths, desk.site.host.engine),
        counted=await desk.site.libraries.soon() or {},
        scans=page,
        upkeep={one.library_id: one for one in await desk.ask(scan_operations.library_upkeeps)},
    )


async def add(desk: Desk, request: Request) -> Response:
    """Make a folder a library, and scan it unless the form says otherwise."""
    form = await forms.read(request)
    if "only" in form:
        added = await desk.ask(library_operations.library_add, path=form.get("path"))
        return desk.done(request, LIST, f"{display(added.path)} is a library")
    begun = await desk.ask(scan_operations.scan_start, path=form.get("path"))
    return desk.done(request, f"/admin/scan/{begun.scan_job_id}", f"the scan of {display(begun.path)} has begun")


async def show_one(desk: Desk, request: Request) -> Response:
    """One library with its settings."""
    return await _one(desk, request)


async def change(desk: Desk, request: Request) -> Response:
    """Change a library's settings."""
    library_id = id_of(request, "library_id")
    form = await forms.read(request)
    before = await desk.ask(library_operations.library_rules, library_id=library_id)
    if form.get("follow_links") != before.follow_links:  # it decides which files outside of it can be read
        require(request, Scope.ADMIN)
    wanted = [line.strip() for line in form.get("exclude").splitlines() if line.strip()]
    await desk.ask(
        library_operations.library_set_rules,
        library_id=library_id,
        missing_keep=form.get("missing_keep"),
        follow_links=form.get("follow_links"),
        hidden="hidden" in form,
        watch="watch" in form,
        schedule=form.get("schedule"),
        exclude=[one for one in wanted if one not in before.exclude],
        include=[one for one in before.exclude if one not in wanted],
    )
    return desk.done(request, f"/admin/library/{library_id}", "saved", hint="it counts from the next scan on")


async def move(desk: Desk, request: Request) -> Response:
    """Follow a library whose folder has moved."""
    library_id = id_of(request, "library_id")
    form = await forms.read(request)
    moved = await desk.ask(library_operations.library_move, library_id=library_id, path=form.get("path"))
    return desk.done(request, f"/admin/library/{library_id}", f"the library is at {display(moved.path)} now")


async def remove(desk: Desk, request: Request) -> Response:
    """Forget a library."""
    form = await forms.read(request)
    library_id = id_of(request, "library_id")
    if "sure" not in form:
        return desk.done(
            request, f"/admin/library/{library_id}", "nothing was removed: tick the box first", tone="warn"
        )
    gone = await desk.ask(library_operations.library_remove, library_id=library_id)
    return desk.done(request, LIST, f"the library {display(gone.path)} is forgotten")


async def missing(desk: Desk, request: Request) -> Response:
    """The files that scans no longer find."""
    where = path_of(request)
    page = await desk.ask(library_operations.library_missing, path=where or None, after=after_of(request), limit=ROWS)
    return desk.show(request, "missing.html", page=page, where=where)


async def purge(desk: Desk, request: Request) -> Response:
    """Forget missing files."""
    form = await forms.read(request)
    arguments: dict[str, Any] = {"missing_for": form.get("missing_for")} if form.get("missing_for") else {}
    purged = await desk.ask(library_operations.library_purge, **arguments)
    return desk.done(request, "/admin/missing", f"{purged.purged:,} missing files are forgotten")


async def failures(desk: Desk, request: Request) -> Response:
    """What could not be read, by plugin and reason."""
    where, plugin_id = path_of(request), request.query_params.get("plugin", "")
    page = await desk.ask(
        library_operations.library_failures,
        path=where or None,
        plugin_id=plugin_id or None,
        after=after_of(request),
        limit=ROWS,
    )
    return desk.show(
        request,
        "failures.html",
        page=page,
        where=where,
        plugin_id=plugin_id,
        plugins=[one.id for one in await desk.ask(operations.list_)],
    )


async def _one(desk: Desk, request: Request) -> Response:
    library_id = id_of(request, "library_id")
    return desk.show(
        request,
        "library.html",
        library_id=library_id,
        path=await desk.path_of_library(library_id),
        counted=(await desk.site.libraries.soon() or {}).get(library_id),
        rules=await desk.ask(library_operations.library_rules, library_id=library_id),
        upkeep=await desk.ask(scan_operations.library_upkeep, library_id=library_id),
    )
