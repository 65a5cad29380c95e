"""Installs and upgrades plugins: what catalogs have, what a package asks for, and the operator's consent to that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from viewra.host.admin import catalog_operations, installing_operations, upload_operations
from viewra.host.admin.values import Preview
from viewra.web import uploading
from viewra.web.access import Scope
from viewra.web.pages import forms
from viewra.web.pages.desk import Desk
from viewra.web.pages.forms import Form
from viewra.web.pages.requests import query_of

_SEARCH = "/admin/plugins/install"
_ONE, _PLUGIN = f"{_SEARCH}/{{plugin_id}}", "/admin/plugin/{plugin_id}"
_UPLOADS = "/admin/plugins/install-file"  # no plugin's id has a hyphen
_UPLOAD = f"{_UPLOADS}/{{upload_id}}"


def routes(desk: Desk) -> Sequence[Route]:
    """The routes of these pages."""
    return [
        desk.get(_SEARCH, show, Scope.ADMIN),
        desk.get(_ONE, look, Scope.ADMIN),
        desk.post(_ONE, install, Scope.ADMIN, back=_ONE),
        desk.post(_UPLOADS, upload, Scope.ADMIN, back=_SEARCH),
        desk.get(_UPLOAD, look_at_upload, Scope.ADMIN),
        desk.post(_UPLOAD, install_upload, Scope.ADMIN, back=_UPLOAD),
        desk.post(f"{_UPLOAD}/discard", discard_upload, Scope.ADMIN, back=_SEARCH),
        desk.get(f"{_PLUGIN}/upgrade", look_for_newer, Scope.ADMIN),
        desk.post(f"{_PLUGIN}/upgrade", upgrade, Scope.ADMIN, back=f"{_PLUGIN}/upgrade"),
        desk.post(f"{_PLUGIN}/rollback", roll_back, Scope.ADMIN, back=_PLUGIN),
    ]


async def show(desk: Desk, request: Request) -> Response:
    """The plugins of the catalogs."""
    asked, has_catalogs = query_of(request), bool(desk.site.host.catalogs)
    found = await desk.ask_long(catalog_operations.catalog_search, q=asked) if has_catalogs else []
    return desk.show(request, "plugins_install.html", asked=asked, found=found, has_catalogs=has_catalogs)


async def look(desk: Desk, request: Request) -> Response:
    """What a plugin of a catalog asks for; it has been fetched, and is not installed."""
    plugin_id = request.path_params["plugin_id"]
    version = request.query_params.get("version", "")
    package = await desk.ask_long(catalog_operations.catalog_preview, plugin_id=plugin_id, version=version)
    return _page(desk, request, package)


async def upload(desk: Desk, request: Request) -> Response:
    """Keep a package that is sent as a file, and show what it asks for."""
    del desk
    kept = await uploading.receive(request)
    return RedirectResponse(_UPLOAD.format(upload_id=kept.upload_id), 303)


async def look_at_upload(desk: Desk, request: Request) -> Response:
    """What an uploaded package asks for; it is not installed."""
    upload_id = request.path_params["upload_id"]
    package = await desk.ask_long(upload_operations.upload_preview, upload_id=upload_id)
    return _page(desk, request, package, upload_id=upload_id)


async def install_upload(desk: Desk, request: Request) -> Response:
    """Install an uploaded package that was shown."""
    upload_id, form = request.path_params["upload_id"], await forms.read(request)
    done = await desk.ask(
        upload_operations.upload_install, upload_id=upload_id, enable="enable" in form, **_consent(form)
    )
    return desk.done(request, _PLUGIN.format(plugin_id=done.plugin.id), done.said)


async def discard_upload(desk: Desk, request: Request) -> Response:
    """Delete an uploaded package that is not wanted."""
    await desk.ask(upload_operations.upload_discard, upload_id=request.path_params["upload_id"])
    return desk.done(request, _SEARCH, "the uploaded package is deleted")


async def look_for_newer(desk: Desk, request: Request) -> Response:
    """What the newest version of an installed plugin asks for."""
    plugin_id = request.path_params["plugin_id"]
    package = await desk.ask_long(catalog_operations.upgrade_preview, plugin_id=plugin_id)
    if package is None:
        return desk.done(request, _PLUGIN.format(plugin_id=plugin_id), f"{plugin_id}: there is no newer version")
    return _page(desk, request, package)


async def install(desk: Desk, request: Request) -> Response:
    """Install what was shown."""
    plugin_id, form = request.path_params["plugin_id"], await forms.read(request)
    done = await desk.ask(
        catalog_operations.catalog_install,
        plugin_id=plugin_id,
        version=form.get("version"),
        enable="enable" in form,
        **_consent(form),
    )
    desk.newer.forget()
    return desk.done(request, _PLUGIN.format(plugin_id=plugin_id), done.said)


async def upgrade(desk: Desk, request: Request) -> Response:
    """Upgrade to what was shown."""
    plugin_id, form = request.path_params["plugin_id"], await forms.read(request)
    done = await desk.ask(catalog_operations.upgrade, plugin_id=plugin_id, **_consent(form))
    desk.newer.forget()
    return desk.done(request, _PLUGIN.format(plugin_id=plugin_id), done.said)


async def roll_back(desk: Desk, request: Request) -> Response:
    """Use the version before again."""
    plugin_id = request.path_params["plugin_id"]
    done = await desk.ask(installing_operations.rollback, plugin_id=plugin_id)
    desk.newer.forget()
    return desk.done(request, _PLUGIN.format(plugin_id=plugin_id), done.said)


def _consent(form: Form) -> dict[str, Any]:
    return {
        "digest": form.get("digest"),
        "grant_requested": "grant" in form,
        "accept_signer": "signer" in form,
        "untried": "untried" in form,
    }


def _page(desk: Desk, request: Request, package: Preview, upload_id: str = "") -> Response:
    return desk.show(
        request,
        "plugins_package.html",
        package=package,
        upload_id=upload_id,
        more=[one for one in package.permissions if not one.granted],
        signer_changed=bool(package.signer_before) and package.signer_before != package.signer,
    )
