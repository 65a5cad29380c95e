"""The testing kit: a check suite per service, for a plugin object, over loopback, or for a plugin's process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy
from viewra.services import EXTENSIONS, SERVICES

if TYPE_CHECKING:
    from viewra.adapters import ServiceClients
    from viewra.testing._fake import FakePlugin
    from viewra.testing._fetch import FakeFetch, FakeRequest
    from viewra.testing._host import FakeHostServices, FakeLibrary
    from viewra.testing._http import HttpAnswer, ask_http
    from viewra.testing._loopback import PluginUnderTest, in_process, loopback
    from viewra.testing._process import subprocess_plugin
    from viewra.testing.checks.admin_page import check_admin_page
    from viewra.testing.checks.api_registration import check_api_registration
    from viewra.testing.checks.artwork import check_artwork
    from viewra.testing.checks.database import check_database
    from viewra.testing.checks.http import check_http
    from viewra.testing.checks.metadata_scraper import check_metadata_scraper
    from viewra.testing.checks.resizing import check_resizing
    from viewra.testing.checks.scanner_hook import check_scanner_hook
    from viewra.testing.checks.search import check_search
    from viewra.testing.checks.tasks import check_tasks

__all__ = [
    "FakeFetch",
    "FakeHostServices",
    "FakeLibrary",
    "FakePlugin",
    "FakeRequest",
    "HttpAnswer",
    "PluginUnderTest",
    "ServiceClients",
    "ask_http",
    "check_admin_page",
    "check_api_registration",
    "check_artwork",
    "check_database",
    "check_http",
    "check_metadata_scraper",
    "check_resizing",
    "check_scanner_hook",
    "check_search",
    "check_tasks",
    "in_process",
    "loopback",
    "subprocess_plugin",
]

__getattr__ = lazy.names(  # pytest loads this package in every test run of every project
    __name__,
    {
        "viewra.adapters": "ServiceClients",
        "._fake": "FakePlugin",
        "._fetch": "FakeFetch FakeRequest",
        "._host": "FakeHostServices FakeLibrary",
        "._http": "HttpAnswer ask_http",
        "._loopback": "PluginUnderTest in_process loopback",
        "._process": "subprocess_plugin",
        **{f".checks.{service.name}": f"check_{service.name}" for service in (*SERVICES, *EXTENSIONS)},
    },
)
