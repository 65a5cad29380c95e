"""``plugin.APIRegistrationService``: HTTP routes that a plugin wants served."""

from __future__ import annotations

import attrs

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue, Rpc, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.services import SERVICES
from viewra.text import shown
from viewra.types import APIRoute

SERVICE = SERVICES["api_registration"].capability

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _route(message: pb.APIRoute) -> APIRoute:
    return APIRoute(message.path, message.method, message.description)


def _check_route(value: object, field: str) -> APIRoute:
    route = checks.instance(value, field, APIRoute)
    checks.place(checks.required(route.path, f"{field}.path"), f"{field}.path")
    checks.text(route.method, f"{field}.method")
    checks.text(route.description, f"{field}.description")
    if route.method.upper() not in _METHODS:
        raise InvalidValue(f"{field}.method", f"is {shown(route.method)}, which is no HTTP method")
    return attrs.evolve(route, method=route.method.upper())


GET_REGISTERED_ROUTES: Rpc[[], tuple[APIRoute, ...]] = procedure(
    service=SERVICE,
    method="get_registered_routes",
    path="/plugin.APIRegistrationService/GetRegisteredRoutes",
    request=pb.GetRegisteredRoutesRequest,
    response=pb.GetRegisteredRoutesResponse,
    encode_args=pb.GetRegisteredRoutesRequest,
    encode_value=lambda routes: pb.GetRegisteredRoutesResponse(
        routes=[pb.APIRoute(**attrs.asdict(route)) for route in routes]
    ),
    decode_value=lambda message: tuple(map(_route, checks.within(message.routes, "routes"))),
    check=lambda value: checks.items(value, "routes", _check_route),
    idempotent=True,
)
