"""The list of plugins, and what an operator does with one: the actions of its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.host.admin import granting, operations
from viewra.host.admin.values import Done, Summary
from viewra.types import PluginState
from viewra.web.access import Scope
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk

ACTIONS: Mapping[str, Callable[..., Done]] = {
    "enable": operations.enable,
    "disable": operations.disable,
    "load": operations.load,
    "unload": operations.unload,
    "restart": operations.restart,
    "reload": operations.reload,
    "unquarantine": operations.unquarantine,
}
_OFF = frozenset({PluginState.DISABLED, PluginState.INVALID})
_ORDER = (PluginState.QUARANTINED, PluginState.CRASHED, PluginState.BACKOFF, PluginState.INVALID)
BACK = "/admin/plugin/{plugin_id}"


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of the list and of the actions."""
    return [
        desk.get("/admin/plugins", show),
        desk.post("/admin/plugin/{plugin_id}/do/{action}", act, back=BACK),
        desk.post("/admin/plugin/{plugin_id}/grant", grant, Scope.ADMIN, back=f"{BACK}/permissions"),
        desk.post("/admin/plugin/{plugin_id}/revoke", revoke, Scope.ADMIN, back=f"{BACK}/permissions"),
        desk.post("/admin/plugin/{plugin_id}/uninstall", uninstall, Scope.ADMIN, back=BACK),
    ]


async def show(desk: Desk, request: Request) -> Response:
    """Every plugin, those that need attention first."""
    found = await desk.ask(operations.list_)
    figures = {one.id: one for one in await desk.ask(operations.stats)}
    ordered = sorted(found, key=_place)
    newer = await desk.newer.soon() if desk.may(request, Scope.ADMIN) else None
    return desk.show(request, "plugins.html", plugins=ordered, figures=figures, choices=choices, newer=newer or {})


def choices(state: PluginState) -> Sequence[tuple[str, str, str]]:
    """What can be done with a plugin in this state: the action, its label, and how its button looks."""
    if state is PluginState.INVALID:
        return ()
    if state is PluginState.DISABLED:
        return (("enable", "Enable", "primary"),)
    offered = []
    if state is PluginState.QUARANTINED:
        offered.append(("unquarantine", "Take out of quarantine", "primary"))
    elif state in {PluginState.RUNNING, PluginState.STARTING, PluginState.DRAINING}:
        offered += [("reload", "Reload", ""), ("restart", "Restart", ""), ("unload", "Stop", "")]
    else:
        offered.append(("load", "Start", ""))
    return (*offered, ("disable", "Disable", ""))


async def act(desk: Desk, request: Request) -> Response:
    """Enable, disable, start, stop, restart, reload a plugin, or take it out of quarantine."""
    plugin_id, action = request.path_params["plugin_id"], request.path_params["action"]
    if action not in ACTIONS:
        raise HTTPException(404, f"nothing is called {action}")
    form = await forms.read(request)
    result = await desk.ask(ACTIONS[action], plugin_id=plugin_id)
    return desk.done(request, _back(form, plugin_id), result.said)


async def grant(desk: Desk, request: Request) -> Response:
    """Let a plugin do what it asks for: what the form names, or all."""
    return await _decide(desk, request, granting.grant, granting.grant_requested)


async def revoke(desk: Desk, request: Request) -> Response:
    """Take permissions back."""
    return await _decide(desk, request, granting.revoke, None)


async def _decide(
    desk: Desk, request: Request, some: Callable[..., Done], every: Callable[..., Done] | None
) -> Response:
    plugin_id = request.path_params["plugin_id"]
    form = await forms.read(request)
    names = list(form.all("name"))
    arguments: dict[str, Any] = {"plugin_id": plugin_id}
    if every is not None and "all" in form:
        await desk.ask(every, **arguments)
        said = f"{plugin_id} may do all that it asks for"
    else:
        hosts = list(form.all("host"))
        await desk.ask(some, **arguments, names=names, hosts=hosts)
        may = "may not" if every is None else "may"
        where = f" for {', '.join(hosts)}" if hosts else ""
        said = f"{plugin_id} {may} use {', '.join(names)}{where}"
    return desk.done(request, f"/admin/plugin/{plugin_id}/permissions", said)


async def uninstall(desk: Desk, request: Request) -> Response:
    """Remove a plugin from the user's directory."""
    form = await forms.read(request)
    result = await desk.ask(
        operations.uninstall, plugin_id=request.path_params["plugin_id"], keep_data="keep_data" in form
    )
    return desk.done(request, "/admin/plugins", result.said)


def _back(form: forms.Form, plugin_id: str) -> str:
    return "/admin/plugins" if form.get("from") == "list" else f"/admin/plugin/{plugin_id}"


def _place(plugin: Summary) -> tuple[int, str, str]:
    first = _ORDER.index(plugin.state) if plugin.state in _ORDER else len(_ORDER) + (plugin.state in _OFF)
    return first, (plugin.name or plugin.id).casefold(), plugin.id
