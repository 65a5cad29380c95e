"""The fixed facts of viewra's use of go-plugin: the cookie, the version, the name. Never change them."""

from __future__ import annotations

COOKIE_KEY = "VIEWRA_PLUGIN"
COOKIE_VALUE = "viewra_plugin_magic_cookie_v1"
OUTPUT, PIPES = "VIEWRA_OUTPUT", "pipes"
"""The variable with which a host says that it reads the plugin's stdout and stderr itself: go-plugin's hosts do not."""
APP_VERSIONS = (1,)
"""Versions of viewra's services that this code speaks."""
