"""Sites with plugins in this process, and clients that are their admins."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.unit.web.plugins.driving import Browser, browsing
from tests.unit.web.plugins.shelf import Shelf
from viewra import Host
from viewra.sdk import Plugin
from viewra.web import plugins as web_plugins
from viewra.web.accounts.identity import Scope
from viewra.web.app import build
from viewra.web.plugins.body import Limits
from viewra.web.plugins.conversation import Patience
from viewra.web.plugins.proxy import Proxy
from viewra.web.site import Site


@attrs.frozen
class World:
    """A site that is open, and a browser of its admin, who sends a token."""

    host: Host
    site: Site
    browser: Browser

    def session(self) -> str:
        """The cookie of a new session."""
        return f"viewra_session={self.site.accounts.new_session()}"

    def token(self, scope: Scope) -> str:
        """The authorization of a token with this scope."""
        return f"Bearer {self.site.accounts.tokens.create(f'of-{scope}', scope).token}"


@contextmanager
def world_of(database: Path, data_dir: Path, *plugins: Plugin, **limits: Any) -> Iterator[World]:
    """Open a site with these plugin objects, on a copy of ``database``; ``limits`` are the proxy's."""
    of_bodies = {name: limits.pop(name) for name in ("body_bytes", "idle_s") if name in limits}
    proxy = partial(Proxy, limits=Limits(**of_bodies), patience=Patience(**{"answer_s": 10.0, **limits}))
    data_dir.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(database, data_dir)
    with pytest.MonkeyPatch.context() as patch, Host(data_dir=data_dir, sandbox="off", watch=False) as host:
        for plugin in plugins:
            host.register(plugin)
        site = Site(host)
        patch.setattr(web_plugins, "Proxy", proxy)
        with browsing(build(site)) as browser:
            browser.headers["authorization"] = f"Bearer {site.accounts.tokens.create('admin', Scope.ADMIN).token}"
            yield World(host, site, browser)


Open = Callable[..., World]


@pytest.fixture
def open_site(tmp_path: Path, fresh_database: Path) -> Iterator[Open]:
    """``open_site(plugin, …)`` opens a site of this test's own, as ``world_of`` does."""
    with ExitStack() as resources:
        yield lambda *plugins, **limits: resources.enter_context(
            world_of(fresh_database, tmp_path / "data", *plugins, **limits)
        )


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    plugin = Shelf()
    yield plugin
    plugin.go.set()


@pytest.fixture(scope="module")
def world(shelf: Shelf, fresh_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(fresh_database, tmp_path_factory.mktemp("site"), shelf) as world:
        yield world


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser
