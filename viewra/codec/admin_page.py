"""``plugin.AdminPageService``: pages in the host's admin area."""

from __future__ import annotations

import attrs

from viewra.codec import checks
from viewra.codec.rpc import Rpc, action, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.services import SERVICES
from viewra.types import AdminPage

SERVICE = SERVICES["admin_page"].capability

_TEXTS = tuple(field.name for field in attrs.fields(AdminPage))


def _page(message: pb.AdminPageConfig) -> AdminPage:
    return AdminPage(**{name: getattr(message, name) for name in _TEXTS})


def _check_page(value: object, field: str) -> AdminPage:
    page = checks.instance(value, field, AdminPage)
    for name in _TEXTS:
        check = {"id": checks.required, "title": checks.required, "path": checks.place}.get(name, checks.text)
        check(getattr(page, name), f"{field}.{name}")
    return page


def _register_request(base_path: str) -> pb.RegisterRoutesRequest:
    return pb.RegisterRoutesRequest(base_path=base_path)


GET_ADMIN_PAGES: Rpc[[], tuple[AdminPage, ...]] = procedure(
    service=SERVICE,
    method="get_admin_pages",
    path="/plugin.AdminPageService/GetAdminPages",
    request=pb.GetAdminPagesRequest,
    response=pb.GetAdminPagesResponse,
    encode_args=pb.GetAdminPagesRequest,
    encode_value=lambda pages: pb.GetAdminPagesResponse(
        pages=[pb.AdminPageConfig(**attrs.asdict(page)) for page in pages]
    ),
    decode_value=lambda message: tuple(map(_page, checks.within(message.pages, "pages"))),
    check=lambda value: checks.items(value, "pages", _check_page),
    idempotent=True,
)
REGISTER_ROUTES = action(
    SERVICE,
    "/plugin.AdminPageService/RegisterRoutes",
    "register_routes",
    pb.RegisterRoutesRequest,
    pb.RegisterRoutesResponse,
    _register_request,
    lambda message: (message.base_path,),
)
