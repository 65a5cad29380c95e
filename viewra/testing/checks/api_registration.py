"""The check suite of HTTP routes."""

from __future__ import annotations

from viewra.services import APIRegistrationService
from viewra.testing.checks._common import offered

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def check_api_registration(service: APIRegistrationService | None) -> None:
    """Check HTTP routes: known methods, valid paths, no duplicates."""
    routes = offered(service, "API routes").get_registered_routes()
    places = [(route.method.upper(), route.path) for route in routes]
    assert len(set(places)) == len(places), f"a route is registered twice: {places}"
    for method, path in places:
        assert method in _METHODS, f"{method} is not an HTTP method"
        assert path.startswith("/"), f"a route's path must begin with a slash: {path!r}"
        assert ".." not in path.split("/"), f"a route leaves its base path: {path}"
