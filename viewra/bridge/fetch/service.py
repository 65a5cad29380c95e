"""``fetch``: HTTP through the host, for one plugin: only to the hosts that it was granted, wherever they redirect."""

from __future__ import annotations

import importlib.metadata
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Protocol

import attrs
import httpx2

from viewra.bridge.call import HostCall
from viewra.bridge.fetch.cache import Cache
from viewra.bridge.fetch.network import CALL
from viewra.bridge.fetch.options import Fetching
from viewra.bridge.fetch.origin import EXCHANGE, Exchange
from viewra.bridge.fetch.pools import Pools
from viewra.bridge.fetch.retries import BUSY, IDEMPOTENT, pause_s
from viewra.bridge.fetch.secrets import Secrets, has_secret
from viewra.bridge.fetch.target import REDIRECTS, Target, kept_headers, redirected, split_headers, target_of
from viewra.bridge.fetch.traffic import Traffic
from viewra.errors import FetchFailed, HostError, PermissionDenied, QuotaExceeded, UsageError, ViewraError
from viewra.types import Fetched

MAX_REDIRECTS = 10
_ERROR_BYTES = 64 * 1024
"""Of the body of an error that would have gone to an asset."""

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_ANYTHING = ("application/octet-stream", "binary/octet-stream", "text/plain")
"""What servers say of files that they do not know."""

Take = Callable[[httpx2.Response, Iterator[bytes]], tuple[bytes, int, str]]
"""Takes a body; returns it, or its size and the id of the asset that has it."""


class Stored(Protocol):
    """A file that the host has stored."""

    @property
    def id(self) -> str:
        """The hash of its content."""
        ...


class Storing(Protocol):
    """Where large bodies go."""

    def put_stream(self, plugin_id: str, chunks: Iterable[bytes], *, media_type: str | None, limit: int) -> Stored:
        """Store what comes, ``limit`` bytes at most; raises a ViewraError."""
        ...


@attrs.frozen
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    retries: int
    redirects: bool = True


class FetchService:
    """The requests of one plugin. Thread-safe."""

    def __init__(
        self, plugin_id: str, options: Fetching, cache: Cache, pools: Pools, assets: Storing | None = None
    ) -> None:
        self._plugin_id = plugin_id
        self._options = options
        self._cache = cache
        self._pools = pools
        self._assets = assets
        self._version = importlib.metadata.version("viewra")
        self.traffic = Traffic()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        retries: int,
        max_bytes: int,
        data: bytes,
        call: HostCall,
        redirects: bool = True,
    ) -> Fetched:
        """Fetch what fits into memory."""

        def take(_response: httpx2.Response, parts: Iterator[bytes]) -> tuple[bytes, int, str]:
            body = b"".join(_at_most(parts, max_bytes))
            return body, len(body), ""

        call.limit(timeout_s)
        return self._fetch(_Request(method, url, headers, data, retries, redirects), call, take)

    def to_asset(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        retries: int,
        max_bytes: int,
        data: bytes,
        call: HostCall,
    ) -> Fetched:
        """Fetch what the host stores; an error's body comes back instead."""
        assets = self._assets
        if assets is None:
            raise UsageError("this host keeps no assets", hint="fetch what fits into memory: fetch.get")

        def take(response: httpx2.Response, parts: Iterator[bytes]) -> tuple[bytes, int, str]:
            if not response.is_success:
                body = b"".join(_at_most(parts, _ERROR_BYTES))
                return body, len(body), ""
            counted = _Counted(parts)
            said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            kind = said if _MEDIA_TYPE.fullmatch(said) and said not in _ANYTHING else None
            try:
                stored = assets.put_stream(self._plugin_id, counted, media_type=kind, limit=max_bytes)
            except UsageError as error:  # empty, or not what its type says: nothing that the plugin could know
                raise FetchFailed(f"the answer cannot be stored: {error.message}") from error
            return b"", counted.size, stored.id

        call.limit(timeout_s)
        return self._fetch(_Request(method, url, headers, data, retries), call, take)

    def _fetch(self, request: _Request, call: HostCall, take: Take) -> Fetched:
        secrets = Secrets(call.rights.secret)
        token = CALL.set(call)
        try:
            with _explained(request):
                target = target_of(request.url, call.rights)
                for _ in range(MAX_REDIRECTS + 1):
                    found = self._tried(request, target, secrets, call, take)
                    if isinstance(found, Fetched):
                        return found
                    request, target = _next(request, target, found, secrets, call)
                raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")
        finally:
            CALL.reset(token)

    def _tried(
        self, request: _Request, target: Target, secrets: Secrets, call: HostCall, take: Take
    ) -> Fetched | httpx2.Response:
        """The answer, or a response that leads elsewhere; after more than one attempt, if that helps."""
        left = request.retries if request.method in IDEMPOTENT else 0
        for attempt in itertools.count():
            try:
                response = self._send(request, target, secrets, call)
                with closing(response):
                    wait_s = pause_s(attempt, response.headers)
                    if response.status_code not in BUSY or attempt == left or wait_s >= call.left_s():
                        if request.redirects and response.status_code in REDIRECTS and "location" in response.headers:
                            return response
                        return self._taken(response, target, secrets, take)
                    if "retry-after" in response.headers:
                        self.traffic.pause(target.server, wait_s, call)
            except FetchFailed:
                wait_s = pause_s(attempt, {})
                if attempt == left or wait_s >= call.left_s():
                    raise
            call.sleep(wait_s)
        raise AssertionError("the loop ends by returning or raising")

    def _send(self, request: _Request, target: Target, secrets: Secrets, call: HostCall) -> httpx2.Response:
        common, own = split_headers(request.headers, target)
        common["user-agent"] = self._user_agent(common.get("user-agent", ""))
        pool = self._pools.pool(call, target.url.scheme, target.host, target.port, inside=target.inside)
        marked = has_secret(str(target.url))
        exchange = Exchange(call, target.server, own, secrets, self.traffic, pool, marked, target.inside)
        body = request.body if request.body or request.method in ("POST", "PUT", "PATCH") else None
        sent = httpx2.Request(request.method, target.url, headers=common, content=body, extensions={EXCHANGE: exchange})
        return self._cache.send(sent, self._plugin_id)

    def _taken(self, response: httpx2.Response, target: Target, secrets: Secrets, take: Take) -> Fetched:
        body, size, asset_id = take(response, response.iter_raw())
        status = response.extensions.get("caching")
        cached = bool(status and status["from_cache"] and not status["revalidated"])
        url = secrets.hidden(str(target.url))
        return Fetched(response.status_code, url, dict(response.headers), body, size, cached, asset_id)

    def _user_agent(self, own: str) -> str:
        contact = f" ({self._options.contact})" if self._options.contact else ""
        return f"{own or self._plugin_id} viewra/{self._version}{contact}"


def _next(
    request: _Request, target: Target, response: httpx2.Response, secrets: Secrets, call: HostCall
) -> tuple[_Request, Target]:
    """Where a redirect leads; to another server only what anyone might send goes along."""
    location = response.headers["location"]
    try:
        url = target.url.join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchFailed(f"{target.server} redirects to what is not a URL: {location[:100]!r}") from error
    try:
        to = target_of(url, call.rights)
    except (UsageError, PermissionDenied) as error:
        raise type(error)(f"{target.server} redirects elsewhere: {error}", hint=error.hint) from error
    elsewhere = to.origin != target.origin
    secrets.follow(elsewhere=elsewhere)
    method = redirected(request.method, response.status_code)
    body = request.body if method == request.method else b""
    headers = kept_headers(request.headers, with_body=bool(body)) if elsewhere else dict(request.headers)
    return attrs.evolve(request, method=method, url=str(url), headers=headers, body=body), to


def _at_most(parts: Iterator[bytes], most: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > most:
            raise QuotaExceeded(
                f"the body has more than {most:,} bytes", hint="allow more (max_bytes), or store it: fetch.to_asset"
            )
        yield part


class _Counted:
    """The parts of a body, and how much came."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.size += len(part)
            yield part


@contextmanager
def _explained(request: _Request) -> Iterator[None]:
    """Let each error name the request, with marks in place of secrets."""
    try:
        yield
    except ViewraError as error:
        where = f"{request.method} {request.url[:300]}"
        kind = type(error) if isinstance(error, (HostError, UsageError, PermissionDenied)) else HostError
        raise kind(f"{where}: {error.message}", hint=error.hint) from error
