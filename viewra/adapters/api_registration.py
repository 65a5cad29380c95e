"""The host's side of the HTTP routes; its mirror image is viewra/sdk/servicers/api_registration.py."""

from __future__ import annotations

from collections.abc import Generator

import attrs

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.codec import api_registration as codec
from viewra.hookspecs import hookimpl
from viewra.types import APIRoute, Result


class APIRegistrationClient:
    """One plugin's ``APIRegistrationService``; each method raises a PluginError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def get_registered_routes(self) -> tuple[APIRoute, ...]:
        """Its routes, each below the plugin's own base path."""
        routes = self._endpoint.call(codec.GET_REGISTERED_ROUTES)
        return tuple(relative(route, self._endpoint.plugin_id) for route in routes)


class APIRegistrationAdapter(ServiceAdapter):
    """One plugin behind the hook of the HTTP routes."""

    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def get_registered_routes(
        self,
    ) -> Generator[None, list[Result[tuple[APIRoute, ...]]], list[Result[tuple[APIRoute, ...]]]]:
        """Ask for its routes."""
        client = APIRegistrationClient(self._endpoint)
        pending = self._begin_work(client.get_registered_routes)
        return self._add((yield), pending)


def relative(route: APIRoute, plugin_id: str) -> APIRoute:
    """The route below the plugin's base path; Viewra's Go plugins declare ``/api/plugins/<id>/…``."""
    prefix = f"/api/plugins/{plugin_id}"
    path = route.path
    if path == prefix or path.startswith(prefix + "/"):
        path = path.removeprefix(prefix)
    return attrs.evolve(route, path="/" + path.lstrip("/"))
