"""The fixed facts of viewra's use of go-plugin: cookie, version, name. Never change them."""

from __future__ import annotations

from collections.abc import Mapping

COOKIE_KEY = "VIEWRA_PLUGIN"
COOKIE_VALUE = "viewra_plugin_magic_cookie_v1"
OUTPUT, PIPES = "VIEWRA_OUTPUT", "pipes"
"""The variable of viewra hosts, which unlike go-plugin's read the plugin's stdout and stderr themselves."""
LEASE = "VIEWRA_LEASE_S"
"""The variable with which a host starts a plugin that may outlive it: the seconds of its lease."""
DEBUG = "VIEWRA_PLUGIN_DEBUG"
"""The variable with which an author runs a plugin without a host, so that a host can attach."""
APP_VERSIONS = (1,)
"""Versions of viewra's services that this code speaks."""


def started_by_viewra(environ: Mapping[str, str]) -> bool:
    """Whether a viewra host started this plugin: it has read the manifest, and reads stdout to its end."""
    return OUTPUT in environ or LEASE in environ
