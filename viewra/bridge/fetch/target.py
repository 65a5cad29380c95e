"""``Target``: where a request goes, checked against the hosts that are granted; and where a redirect leads."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import httpx2

from viewra.bridge.fetch.secrets import has_secret
from viewra.bridge.rights import Rights
from viewra.errors import PermissionDenied, UsageError
from viewra.hosts import DEFAULT_PORTS, host_name, parse_host
from viewra.text import shown

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SHARED = frozenset(["accept", "accept-language", "cache-control", "content-type", "pragma", "range", "user-agent"])
"""Headers that say nothing of who asks; others do not go to another host, nor into the cache of all."""


@attrs.frozen
class Target:
    """A URL with its secrets still as marks; ``inside`` addresses may be connected to because they are named."""

    url: httpx2.URL
    host: str
    port: int
    inside: bool

    @property
    def server(self) -> str:
        """Its host, with the port where that is not the scheme's."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == DEFAULT_PORTS[self.url.scheme] else f"{name}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What has to be the same for a header with rights to be sent along."""
        return self.url.scheme, self.host, self.port


def target_of(url: httpx2.URL | str, rights: Rights) -> Target:
    """Where a URL leads; raises UsageError for one that is not for HTTP, PermissionDenied for a host not granted."""
    try:
        parsed = httpx2.URL(url).copy_with(fragment=None)
        host = host_name(parsed.raw_host.decode("ascii"))
    except (httpx2.InvalidURL, ValueError) as error:
        raise UsageError(f"this is not a URL that can be fetched: {shown(str(url)[:300])}: {error}") from error
    if parsed.scheme not in DEFAULT_PORTS:
        raise UsageError(f"only http and https can be fetched, not {shown(parsed.scheme[:50])}")
    if parsed.userinfo:
        raise UsageError("a URL with a name and a password in it is not fetched", hint="use a header")
    port = parsed.port or DEFAULT_PORTS[parsed.scheme]
    if rights.anywhere:
        return Target(parsed, host, port, inside=True)
    patterns = [parse_host(one) for one in rights.hosts()]
    covering = [one for one in patterns if one.covers(host, parsed.scheme, port)]
    if not covering:
        only = ", ".join(one.words for one in patterns)
        raise PermissionDenied(
            f"{host} at port {port} is not among the hosts that network:fetch is granted for: {only}",
            hint="the manifest names them, in the permission's hosts, and the operator grants all or some of them",
        )
    inside = any(one.inside for one in covering)
    if parsed.scheme == "http" and not inside and has_secret(str(parsed)):
        raise _in_clear(host)
    return Target(parsed, host, port, inside)


def split_headers(headers: Mapping[str, str], target: Target) -> tuple[dict[str, str], dict[str, str]]:
    """The headers that anyone might send, and the plugin's own. Raises UsageError for a secret sent in clear text."""
    own = {name: text for name, text in headers.items() if name not in _SHARED or has_secret(text)}
    if target.url.scheme == "http" and not target.inside and any(map(has_secret, own.values())):
        raise _in_clear(target.host)
    return {name: text for name, text in headers.items() if name not in own}, own


def redirected(method: str, status: int) -> str:
    """The method with which a redirect is followed."""
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        return "GET"
    return method


def kept_headers(headers: Mapping[str, str], *, with_body: bool) -> dict[str, str]:
    """The headers that go along to another host."""
    return {
        name: text
        for name, text in headers.items()
        if name in _SHARED and not has_secret(text) and (with_body or name != "content-type")
    }


def _in_clear(host: str) -> UsageError:
    return UsageError(f"a secret is not sent to {host} in clear text", hint="use https")
