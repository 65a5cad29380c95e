"""The doctor: what this machine can enforce, whether the library agrees, the databases, the process that answers."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra import __version__
from viewra.errors import NotFound
from viewra.host.admin import database_operations, operations, verifying_operations
from viewra.host.verifying import Verification
from viewra.library import display
from viewra.web.access import Scope
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk

HOME = "/admin/doctor"


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of the doctor."""
    return [
        desk.get(HOME, show),
        desk.post(f"{HOME}/fsck", verify, Scope.ADMIN, back=HOME),
        desk.post(f"{HOME}/backup", back_up, Scope.ADMIN, back=HOME),
    ]


async def show(desk: Desk, request: Request) -> Response:
    """What this machine has; with ``?databases=1`` also the schema versions, which starts plugins with tables."""
    looked = "databases" in request.query_params
    host = desk.site.host
    return desk.show(
        request,
        "doctor.html",
        mechanisms=await desk.ask(database_operations.doctor),
        databases=await desk.site.run_long(database_operations.db_current, host) if looked else None,
        verification=await desk.site.run(_verification, desk),
        process=await desk.ask(operations.ping),
        facts={
            "viewra": __version__,
            "Python": platform.python_version(),
            "System": f"{platform.system()} {platform.release()}",
            "Data directory": str(host.data_dir),
            "Database": host.engine.url.render_as_string(hide_password=True),
        },
    )


async def verify(desk: Desk, request: Request) -> Response:
    """Begin to verify the library, and to repair it if the form says so."""
    form = await forms.read(request)
    await desk.ask(verifying_operations.fsck_start, repair=form.get("repair") == "yes")
    return desk.done(request, HOME, "the library is being verified")


async def back_up(desk: Desk, request: Request) -> Response:
    """Copy a database."""
    form = await forms.read(request)
    owner = form.get("owner")
    copy = await desk.ask(database_operations.db_back_up, owner=owner)
    own = owner == database_operations.HOST
    to = f"{HOME}?databases=1" if own else f"/admin/plugin/{quote(owner, safe='')}/database?look=1"
    return desk.done(request, to, f"backed up to {display(str(copy.path))}")


def _verification(desk: Desk) -> Verification | None:
    try:
        return desk.site.host.verifier.last()
    except NotFound:
        return None
