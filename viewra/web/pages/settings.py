"""The forms of a plugin's settings and of how it runs, made from its manifest; errors stand beside the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.errors import ManifestError, PluginError
from viewra.host.admin import operations, setting_operations
from viewra.host.admin.find import find_plugin
from viewra.host.installed.settings import PluginSettings
from viewra.manifest.shapes import Shape
from viewra.web.access import Scope
from viewra.web.hints import on_pages
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk
from viewra.web.pages.forms import Form
from viewra.web.pages.plugins import choices
from viewra.web.pages.setting_fields import LEFT, UNSET, Field, Unreadable, title_of

_REQUIRED = "this setting is required"
"""The rest of that message names a command."""


@attrs.frozen
class Section:
    """The fields below one heading."""

    title: str
    help: str
    fields: tuple[Field, ...]


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of both forms."""
    found = []
    for name, runtime, scope in (("settings", False, Scope.OPERATE), ("runtime", True, Scope.ADMIN)):
        path = f"/admin/plugin/{{plugin_id}}/{name}"
        found += [
            desk.get(path, _handler(_show, runtime=runtime)),
            desk.post(path, _handler(_change, runtime=runtime), scope, back=path),
        ]
    return found


def _handler(function: Any, *, runtime: bool) -> Any:
    async def handle(desk: Desk, request: Request) -> Response:
        response: Response = await function(desk, request, runtime=runtime)
        return response

    return handle


async def _show(desk: Desk, request: Request, *, runtime: bool) -> Response:
    fields = await desk.site.run(_fields, desk, request.path_params["plugin_id"], runtime=runtime)
    return await _page(desk, request, fields, runtime=runtime)


async def _change(desk: Desk, request: Request, *, runtime: bool) -> Response:
    plugin_id = request.path_params["plugin_id"]
    form = await forms.read(request)
    fields = await desk.site.run(_fields, desk, plugin_id, runtime=runtime)
    assign, unset, wrong = _meant(fields, form)
    if not wrong and not assign and not unset:
        return desk.done(request, request.url.path, "nothing was changed")
    if not wrong:
        try:
            kept = await desk.ask(
                setting_operations.configure, plugin_id=plugin_id, values=assign, unset=unset, runtime=runtime
            )
        except ManifestError as error:
            wrong = _by_field(fields, error)
        except PluginError as error:  # it cannot run with them
            wrong = {"": on_pages(str(error))}
        else:
            said = f"saved: {', '.join(sorted([*assign, *unset]))}"
            hint = f"{plugin_id} uses it already" if kept.applied else f"{plugin_id} uses it when it starts"
            return desk.done(request, request.url.path, said, hint=hint)
    typed = [attrs.evolve(field, typed=form, error=wrong.get(field.key, "")) for field in fields]
    return await _page(desk, request, typed, runtime=runtime, wrong=wrong)


async def _page(
    desk: Desk, request: Request, fields: Sequence[Field], *, runtime: bool, wrong: Mapping[str, str] | None = None
) -> Response:
    plugin_id = request.path_params["plugin_id"]
    sections = await desk.site.run(_sections, desk, plugin_id, fields, runtime=runtime)
    return desk.show(
        request,
        "plugin_settings.html",
        status=422 if wrong else 200,
        plugin=await desk.ask(operations.info, plugin_id=plugin_id),
        choices=choices,
        sections=sections,
        wrong=len(wrong or ()),
        fit=not {*(wrong or ())} - {""},
        general=(wrong or {}).get("", ""),
        tab="runtime" if runtime else "settings",
        may_change=desk.may(request, Scope.ADMIN if runtime else Scope.OPERATE),
    )


def _kept(desk: Desk, plugin_id: str, *, runtime: bool) -> PluginSettings:
    plugin = find_plugin(desk.site.host.plugins, plugin_id)
    return plugin.runtime_settings if runtime else plugin.settings


def _fields(desk: Desk, plugin_id: str, *, runtime: bool) -> list[Field]:
    """Every setting as a field."""
    kept = _kept(desk, plugin_id, runtime=runtime)
    named = {field.key: field for field in kept.schema.fields()}
    found = []
    for setting in kept.shown():
        field = named.get(setting.key)
        shape = kept.schema.shape(setting.key) if field is not None else _guessed(setting.type)
        sealed = setting.secret or kept.schema.secrets.touches(setting.key.split("."))
        found.append(Field(setting, shape, required=field is not None and field.required, sealed=sealed))
    return found


def _guessed(words: str) -> Shape:
    """The shape of a setting that only a pattern allows, by the words for its type."""
    kinds = {"number": ("int", "float")}
    found = (kind for word in words.split(" or ") for one in word.split(", ") for kind in kinds.get(one, (one,)))
    return Shape(frozenset(found) & {"null", "bool", "int", "float", "string", "list", "struct"})


def _sections(desk: Desk, plugin_id: str, fields: Sequence[Field], *, runtime: bool) -> list[Section]:
    hints = {group.key: group.ui for group in _kept(desk, plugin_id, runtime=runtime).schema.groups()}
    found: dict[str, list[Field]] = {}
    for field in fields:
        found.setdefault(field.setting.group, []).append(field)
    sections = []
    for name, members in found.items():
        ui = hints.get(name, {})
        title = str(ui.get("title") or ": ".join(map(title_of, name.split("."))))
        sections.append(Section(title, str(ui.get("help", "")), tuple(members)))
    return sections


def _meant(fields: Sequence[Field], form: Form) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """What a form changes: values by key, keys to unset, and what cannot be read by key."""
    assign: dict[str, Any] = {}
    unset: list[str] = []
    wrong: dict[str, str] = {}
    for field in fields:
        try:
            value = field.meant(form)
        except Unreadable as error:
            wrong[field.key] = str(error)
            continue
        if value is UNSET:
            unset.append(field.key)
        elif value is not LEFT:
            assign[field.key] = value
    return assign, unset, wrong


def _words(path: str) -> str:
    """Where in a value: ``item 2, name``."""
    return ", ".join(f"item {int(step) + 1}" if step.isdecimal() else step for step in path.split("."))


def _by_field(fields: Sequence[Field], error: ManifestError) -> dict[str, str]:
    """What the manifest says of each field; under "" what it says of none."""
    wrong: dict[str, list[str]] = {}
    for one in error.errors or (error,):
        path = one.path.partition(".")[2]
        field = next((field for field in fields if path == field.key or path.startswith(f"{field.key}.")), None)
        inside = path[len(field.key) + 1 :] if field is not None else path
        text = one.message
        if text.startswith(_REQUIRED):
            text = _REQUIRED
        if inside:
            text = f"{_words(inside)}: {text}"
        wrong.setdefault(field.key if field is not None else "", []).append(text)
    return {key: "\n".join(texts) for key, texts in wrong.items()}
