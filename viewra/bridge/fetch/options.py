"""``Fetching``: what the operator says of the host's HTTP requests for plugins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from viewra.errors import UsageError

if TYPE_CHECKING:
    import ssl

DIRECT = "off"
"""In place of a proxy's URL: none, whatever the environment says."""


def _contact(_instance: object, _field: object, value: str) -> None:
    if len(value) > 200 or not value.isascii() or not value.isprintable() or set("()") & set(value):
        raise UsageError(
            f"{value[:100]!r} cannot be sent as a contact: at most 200 letters of ASCII without parentheses",
            hint="give a mail address or a URL",
        )


def _proxy(_instance: object, _field: object, value: str) -> None:
    if value in ("", DIRECT):
        return
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(f"{value[:100]!r} is not the URL of a proxy", hint=f"write http://HOST:PORT, or {DIRECT}")


def _ca(_instance: object, _field: object, value: str) -> None:
    if value and not Path(value).is_file():
        raise UsageError(f"there is no file {value} of certificates", hint="name a file in PEM format")


@attrs.frozen
class Fetching:
    """How the host makes the HTTP requests that plugins ask for.

    ``contact`` is a mail address or URL that each request tells servers, as many ask for. ``proxy`` is the URL of an
    HTTP proxy, "off" for none; by default it is as in the environment (``https_proxy``, ``http_proxy``, ``no_proxy``).
    ``ca`` is a file in PEM format with the certificates to trust, by default the system's. Raises UsageError.
    """

    contact: str = attrs.field(default="", validator=_contact)
    proxy: str = attrs.field(default="", validator=_proxy)
    ca: str = attrs.field(default="", validator=_ca)

    def proxy_for(self, scheme: str, host: str) -> str:
        """The proxy's URL for requests to a host, "" for none. Raises UsageError for a wrong one in the environment."""
        from urllib.request import getproxies_environment, proxy_bypass  # a host that fetches nothing need not wait

        if self.proxy:
            return "" if self.proxy == DIRECT else self.proxy
        named = getproxies_environment()
        found = named.get(scheme) or named.get("all", "")
        if not found or proxy_bypass(host):
            return ""
        found = found if "://" in found else f"http://{found}"
        _proxy(None, None, found)
        return found

    def tls(self) -> ssl.SSLContext:
        """What is checked of servers' certificates. Raises UsageError for a file that has none."""
        import ssl  # as above

        try:
            return ssl.create_default_context(cafile=self.ca or os.environ.get("SSL_CERT_FILE") or None)
        except (ssl.SSLError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"the certificates in {self.ca or 'SSL_CERT_FILE'} cannot be read: {reason}") from error
