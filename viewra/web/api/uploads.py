"""``/api/v1/uploads``: packages of plugins that a client sends, to be looked at and then installed by their digest."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewra.web import access, uploading
from viewra.web.api.arguments import refuse_unknown
from viewra.web.api.endpoints import PREFIX
from viewra.web.api.shapes import encoded
from viewra.web.form_files import is_form

KINDS = ("application/zip", "application/octet-stream")
"""The types of a body that is an archive; browsers and forms have others."""


async def upload(request: Request) -> Response:
    """Keep an archive, and say what its plugin asks for."""
    access.require(request, access.Scope.ADMIN)
    refuse_unknown(request.query_params, ("name",))
    kind = request.headers.get("content-type", "")
    if not is_form(kind) and kind.partition(";")[0].strip().lower() not in KINDS:
        raise HTTPException(415, f"a package is an archive: Content-Type: {KINDS[0]}")
    kept = await uploading.receive(request)
    place = {"Location": f"{PREFIX}/uploads/{kept.upload_id}"}
    return Response(encoded(kept), 201, place, media_type="application/json")


ROUTES = (Route(f"{PREFIX}/uploads", upload, methods=["POST"]),)
