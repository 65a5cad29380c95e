"""The pages of one plugin: what it is, what it does now, its log, its permissions, its database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.errors import ViewraError
from viewra.host.admin import database_operations, granting, operations
from viewra.host.admin.database_operations import DatabaseDetails
from viewra.host.admin.find import find_plugin
from viewra.host.installed.discovery import Place
from viewra.host.installed.versions import Record, Versions
from viewra.transport.hclog_format import Level
from viewra.types import PluginState
from viewra.web.access import Scope
from viewra.web.pages import curves, forms
from viewra.web.pages.desk import Desk
from viewra.web.pages.plugins import BACK, choices

LAST_RECORDS, LOG_RECORDS = 8, 300
"""How much of a log the pages show."""
LEVELS: tuple[Level, ...] = get_args(Level)
_CRASHED = frozenset({PluginState.CRASHED, PluginState.BACKOFF, PluginState.QUARANTINED})


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of one plugin's pages."""
    traffic = curves.Traffic()

    async def figures(desk: Desk, request: Request) -> Response:
        plugin = find_plugin(desk.site.host.plugins, request.path_params["plugin_id"])
        drawn = await desk.site.run(traffic.curves, plugin)
        return Response(orjson.dumps(drawn), media_type="application/json")

    return [
        desk.get(BACK, about),
        desk.get(f"{BACK}/activity", activity),
        desk.get(f"{BACK}/figures", figures),
        desk.get(f"{BACK}/log", log),
        desk.get(f"{BACK}/permissions", permissions),
        desk.get(f"{BACK}/database", database),
        desk.post(f"{BACK}/database/upgrade", upgrade, Scope.ADMIN, back=f"{BACK}/database"),
        desk.post(f"{BACK}/database/downgrade", downgrade, Scope.ADMIN, back=f"{BACK}/database?look=1"),
    ]


async def about(desk: Desk, request: Request) -> Response:
    """What it is, how it is, and what it said last."""
    plugin_id = request.path_params["plugin_id"]
    figures = (await desk.ask(operations.stats, plugin_id=plugin_id))[0]
    return await _page(
        desk,
        request,
        "plugin.html",
        "about",
        figures=figures,
        crashed=figures.state in _CRASHED,
        errors=await desk.ask(operations.logs, plugin_id=plugin_id, limit=3, level="error"),
        last_records=await desk.ask(operations.logs, plugin_id=plugin_id, limit=LAST_RECORDS),
        removable=_is_removable(desk, plugin_id),
        installed=await desk.site.run(_installed, desk, plugin_id),
        declared=desk.site.declared.all().get(plugin_id),
    )


async def activity(desk: Desk, request: Request) -> Response:
    """Charts of what it uses and does, its calls, its processes, its limits."""
    figures = (await desk.ask(operations.stats, plugin_id=request.path_params["plugin_id"]))[0]
    return await _page(desk, request, "plugin_activity.html", "activity", figures=figures)


async def log(desk: Desk, request: Request) -> Response:
    """Its log, which goes on by itself."""
    asked = request.query_params.get("level", "")
    level = next((one for one in LEVELS if one == asked), LEVELS[0])
    records = await desk.ask(
        operations.logs, plugin_id=request.path_params["plugin_id"], limit=LOG_RECORDS, level=level
    )
    return await _page(desk, request, "plugin_log.html", "log", records=records, levels=LEVELS, level=level)


async def permissions(desk: Desk, request: Request) -> Response:
    """What it asks for, what it was granted, and what confines it."""
    asked = await desk.ask(granting.permissions, plugin_id=request.path_params["plugin_id"])
    return await _page(desk, request, "plugin_permissions.html", "permissions", grants=asked.permissions)


async def database(desk: Desk, request: Request) -> Response:
    """The schema version of its own database."""
    plugin_id = request.path_params["plugin_id"]
    found, problem = None, ""
    if "look" in request.query_params:
        try:
            found = await desk.ask_long(database_operations.db_get, owner=plugin_id)
        except ViewraError as error:
            problem = str(error)
    looked = "look" in request.query_params
    return await _page(desk, request, "plugin_database.html", "database", schema=found, problem=problem, looked=looked)


async def upgrade(desk: Desk, request: Request) -> Response:
    """Migrate its database to the newest version of its schema."""
    return await _migrate(desk, request, database_operations.db_upgrade)


async def downgrade(desk: Desk, request: Request) -> Response:
    """Go back to an earlier version of the schema of its database."""
    return await _migrate(desk, request, database_operations.db_downgrade)


async def _migrate(desk: Desk, request: Request, operation: Callable[..., DatabaseDetails]) -> Response:
    plugin_id, form = request.path_params["plugin_id"], await forms.read(request)
    more = {"revision": form.get("revision")} if "revision" in form else {}
    found = await desk.ask(operation, plugin_id=plugin_id, without_backup=form.get("without_backup") == "yes", **more)
    to = f"/admin/plugin/{plugin_id}/database?look=1"
    return desk.done(request, to, f"the database of {plugin_id} is at {found.revision or 'no version'}")


def _is_removable(desk: Desk, plugin_id: str) -> bool:
    """Whether it is in the user's directory: others are not viewra's to remove."""
    plugin = desk.site.host.plugins.get(plugin_id)
    return plugin is not None and plugin.found is not None and plugin.found.place is Place.USER


def _installed(desk: Desk, plugin_id: str) -> tuple[Record, Record | None] | None:
    """The installed version and the one before, None for each that is not there."""
    plugin = desk.site.host.plugins.get(plugin_id)
    versions = Versions(desk.site.host.data_dir, plugin_id)
    current = versions.current if plugin is not None and plugin.path == versions.path else None
    return (current, versions.named(current.before)) if current is not None else None


async def _page(desk: Desk, request: Request, template: str, tab: str, **context: Any) -> Response:
    plugin = await desk.ask(operations.info, plugin_id=request.path_params["plugin_id"])
    return desk.show(request, template, plugin=plugin, tab=tab, choices=choices, **context)
