"""``FakeFetch``: what a plugin fetches in a test, without a network."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from viewra.bridge.call import HostCall
from viewra.errors import FetchFailed, QuotaExceeded, UsageError, ViewraError
from viewra.testing._assets import FakeAssets
from viewra.types import Fetched


@attrs.frozen
class FakeRequest:
    """A request that a plugin asked for; secrets are still marks (``{secret:KEY}``).

    ``redirects``: whether they are to be followed.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    redirects: bool = True


class FakeFetch:
    """Answers by URL: with a ``Fetched``, with bytes (of status 200), or by raising an error.

    ``requests`` lists those that came. Any other URL gets FetchFailed. ``assets`` has what went to an asset. A class
    that answers by more than the URL overrides ``answer``.
    """

    def __init__(self, answers: Mapping[str, Fetched | bytes | ViewraError] | None = None) -> None:
        self.answers = dict(answers or {})
        self.requests: list[FakeRequest] = []
        self.assets = FakeAssets()
        self.received = 0

    def answer(self, request: FakeRequest) -> Fetched | bytes | ViewraError:
        """What a request gets."""
        return self.answers.get(request.url, FetchFailed(f"the fake has no answer for {request.url}"))

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
        """The answer for this URL."""
        del timeout_s, retries, call
        request = FakeRequest(method, url, headers, data, redirects)
        self.requests.append(request)
        answer = self.answer(request)
        if isinstance(answer, ViewraError):
            raise answer
        found = Fetched(200, url, {}, answer, len(answer)) if isinstance(answer, bytes) else answer
        if len(found.body) > max_bytes:
            raise QuotaExceeded(f"the body has more than {max_bytes:,} bytes")
        return attrs.evolve(found, url=found.url or url, size=len(found.body))

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
        """The answer for this URL, its body as an asset."""
        found = self.request(method, url, headers, timeout_s, retries, max_bytes, data, call)
        if not found.ok:
            return found
        try:
            stored = self.assets.put("", found.body, media_type=found.headers.get("content-type"))
        except UsageError as error:
            raise FetchFailed(f"{method} {url}: the answer cannot be stored: {error.message}") from error
        return attrs.evolve(found, body=b"", asset_id=stored.id)

    def close(self) -> None:
        """Nothing is open."""
