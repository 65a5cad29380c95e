"""What is known of plugins' routes and pages while a plugin's process ends or fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.eventually import eventually
from viewra.errors import PluginClosed, PluginError, PluginTimeout, PluginUnavailable
from viewra.host import Host
from viewra.types import APIRoute, PluginState
from viewra.web.declared import Declarations

ROUTE = APIRoute("/version", "GET", "")


class FakePlugin:
    """A plugin with one route, which may fail when it is asked for it."""

    def __init__(self) -> None:
        self.id = "frail"
        self.state = PluginState.RUNNING
        self.reason = ""
        self.code_hash = "1"
        self.routes = (ROUTE,)
        self.services = ("api_registration",)
        self.admin_page = None
        self.api_registration = self
        self.http = SimpleNamespace(available=True)
        self.error: PluginError | None = None
        self.asked = 0

    def get_registered_routes(self) -> tuple[APIRoute, ...]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.routes


@pytest.fixture
def plugin() -> FakePlugin:
    return FakePlugin()


@pytest.fixture
def declarations(plugin: FakePlugin) -> Declarations:
    found = Declarations(cast(Host, SimpleNamespace(plugins={"frail": plugin})))
    found.open()
    eventually(lambda: plugin.asked == 1 and "frail" in known(found), "it is asked when the site opens")
    return found


def known(declarations: Declarations) -> dict[str, Any]:
    return {
        one: declared for one, declared in declarations.all().items() if declared.reason != "it has not been asked yet"
    }


@pytest.mark.parametrize("kind", [PluginUnavailable, PluginClosed])
def test_a_plugin_whose_process_ends_while_it_is_asked_keeps_its_routes(
    declarations: Declarations, plugin: FakePlugin, kind: type[PluginError]
) -> None:
    """A request starts it again, so it must not be refused with what another call failed at."""
    plugin.error = kind("frail", "its process ended with exit status 3")
    declarations.state_changed("frail", PluginState.RUNNING)
    eventually(lambda: plugin.asked == 2 and not declarations._asking, "it is asked again")
    declared = declarations.all()["frail"]
    assert (declared.available, declared.routes) == (True, (ROUTE,))
    plugin.state, plugin.reason = PluginState.QUARANTINED, "broke down"
    declared = declarations.all()["frail"]
    assert (declared.reason, declared.down) == ("the plugin is quarantined: broke down", True)


def test_a_plugin_that_does_not_say_what_it_has_is_unavailable(declarations: Declarations, plugin: FakePlugin) -> None:
    plugin.error = PluginTimeout("frail", "did not answer within 5 s")
    declarations.state_changed("frail", PluginState.RUNNING)
    eventually(lambda: not declarations.all()["frail"].available, "it is asked again")
    plugin.error = PluginUnavailable("frail", "its process ended with SIGKILL")
    declarations.state_changed("frail", PluginState.RUNNING)
    eventually(lambda: "SIGKILL" in declarations.all()["frail"].reason, "the newest reason counts")


def test_another_version_is_asked_what_it_has_also_while_it_does_not_run(
    declarations: Declarations, plugin: FakePlugin
) -> None:
    plugin.state, plugin.code_hash = PluginState.READY, "2"
    plugin.routes = (APIRoute("/renamed", "GET", ""),)
    assert declarations.all()["frail"].routes == (), "what the version before had is not for this one"
    eventually(lambda: declarations.all()["frail"].routes == plugin.routes, "it is asked")
    plugin.error = PluginUnavailable("frail", "its process ended with SIGKILL")
    plugin.code_hash = "3"
    eventually(lambda: "SIGKILL" in declarations.all()["frail"].reason, "it is asked")
    assert declarations.all()["frail"].routes == ()


def test_a_version_that_declares_nothing_any_more_has_no_routes(declarations: Declarations, plugin: FakePlugin) -> None:
    plugin.services, plugin.code_hash = ("search_service",), "2"
    declarations.state_changed("frail", PluginState.RUNNING)
    declared = declarations.all()["frail"]
    assert (declared.routes, declared.reason) == ((), "")
    assert plugin.asked == 1
