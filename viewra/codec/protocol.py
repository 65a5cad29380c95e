"""The fixed facts of viewra's use of go-plugin: the cookie, the version, the name. Never change them."""

from __future__ import annotations

from collections.abc import Mapping

COOKIE_KEY = "VIEWRA_PLUGIN"
COOKIE_VALUE = "viewra_plugin_magic_cookie_v1"
OUTPUT, PIPES = "VIEWRA_OUTPUT", "pipes"
"""The variable with which a host says that it reads the plugin's stdout and stderr itself: go-plugin's hosts do not."""
LEASE = "VIEWRA_LEASE_S"
"""The variable with which a host starts a plugin that may outlive it: seconds after which it ends, unless renewed."""
CONFINED = "VIEWRA_CONFINED"
"""The variable that tells a confined plugin its id and, after it, what it was granted, as in ``filesystem:read``."""
DEBUG = "VIEWRA_PLUGIN_DEBUG"
"""The variable with which an author runs a plugin by hand, for a host to attach to."""
APP_VERSIONS = (1,)
"""Versions of viewra's services that this code speaks."""


def started_by_viewra(environ: Mapping[str, str]) -> bool:
    """Whether a host of viewra's started this plugin: it knows the manifest, and reads stdout to its end."""
    return OUTPUT in environ or LEASE in environ
