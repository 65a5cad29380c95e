"""The testing kit: one check suite per service, for a plugin object, over loopback, or for a plugin's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewra.testing._checks import (
        check_admin_page,
        check_api_registration,
        check_database,
        check_metadata_scraper,
        check_scanner_hook,
        check_search,
    )
    from viewra.testing._fake import FakePlugin
    from viewra.testing._loopback import PluginUnderTest, in_process, loopback
    from viewra.testing._process import subprocess_plugin

__all__ = [
    "FakePlugin",
    "PluginUnderTest",
    "check_admin_page",
    "check_api_registration",
    "check_database",
    "check_metadata_scraper",
    "check_scanner_hook",
    "check_search",
    "in_process",
    "loopback",
    "subprocess_plugin",
]

_HOMES = {
    "FakePlugin": "_fake",
    "PluginUnderTest": "_loopback",
    "in_process": "_loopback",
    "loopback": "_loopback",
    "subprocess_plugin": "_process",
}


def __getattr__(name: str) -> Any:
    import importlib  # all of this is lazy: pytest loads the package in every test run of everybody

    if name in __all__:
        return getattr(importlib.import_module(f"viewra.testing.{_HOMES.get(name, '_checks')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
