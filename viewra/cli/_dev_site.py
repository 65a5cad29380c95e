"""Serves the pages and routes of a plugin that its author works on, at a port of this machine."""

from __future__ import annotations

import logging
import secrets
import threading
from typing import TYPE_CHECKING, Any

import attrs

from viewra.errors import ViewraError

if TYPE_CHECKING:  # --help must not import the host
    from viewra.host import Host, Plugin
    from viewra.types import APIRoute
    from viewra.web.declared import Declared

START_S = 30.0
END_S = 30.0
"""Seconds until it serves, and for its end."""
GRACE_S = 1
"""Seconds for requests that the plugin is answering when its author ends it."""


def refuse_taken(port: int) -> None:
    """Raise ViewraError for a port of localhost that is taken."""
    from viewra.web.serving.sockets import listen  # here: a port is rarely named

    for listening in listen("127.0.0.1", port):
        listening.close()


@attrs.frozen
class DevSite:
    """A site on the throw-away host: ``url`` has no slash at its end; ``password`` and ``token`` may do everything."""

    url: str
    password: str
    token: str
    _server: Any
    _thread: threading.Thread

    @classmethod
    def start(cls, host: Host, port: int) -> DevSite:
        """Serve the host's site at this port, 0 for any free one. Raises ViewraError, as for one that is taken."""
        from viewra.web.accounts.identity import Scope  # here: most plugins have neither pages nor routes
        from viewra.web.app import build
        from viewra.web.serving.server import Server, log_like_viewra
        from viewra.web.serving.sockets import listen
        from viewra.web.site import Exposure, Site

        (listening,) = listen("127.0.0.1", port)
        port = listening.getsockname()[1]
        # By this name a browser keeps its cookies apart from those of viewra serve, but not by the port.
        exposure = Exposure(hosts=frozenset({"localhost", "127.0.0.1"}), apart=str(port))
        site = Site(host, exposure=exposure)
        password = secrets.token_urlsafe(9)
        site.accounts.set_password(password)
        token = site.accounts.tokens.create("dev", Scope.ADMIN).token
        ready = threading.Event()
        log_like_viewra()
        server = Server(build(site), site.hub, on_ready=ready.set, grace_s=GRACE_S)
        url = f"http://localhost:{port}"

        def serve() -> None:
            try:
                server.run([listening])
            finally:
                listening.close()

        thread = threading.Thread(target=serve, name="dev-site", daemon=True)
        thread.start()
        if not ready.wait(START_S):
            server.stop()
            raise ViewraError(f"its pages and routes were not served within {START_S:g} s")
        return cls(url, password, token, server, thread)

    def declared(self, plugin: Plugin) -> Declared:
        """The plugin's pages and routes, as the site has them. Raises PluginError."""
        from viewra.web.declared import declared_by

        return declared_by(plugin.id, plugin)

    def url_of(self, plugin: Plugin, route: APIRoute) -> str:
        """The address of a route."""
        from viewra.web.declared import ROUTES

        return f"{self.url}{ROUTES}/{plugin.id}{route.path}"

    def close(self) -> None:
        """Answer no more requests; the host is closed afterwards."""
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # that requests are cut off is meant
        self._server.stop()
        self._thread.join(END_S)
