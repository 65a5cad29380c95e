"""``self.host.fetch``: HTTP through the host, to the hosts that the operator granted."""

from __future__ import annotations

import json as as_json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from viewra.codec.host import fetch as codec
from viewra.codec.host.method import HostMethod
from viewra.errors import UsageError
from viewra.sdk.host.asking import Client
from viewra.types import Fetched

TIMEOUT_S = 30.0
RETRIES = 2
_MORE_S = 2.0
"""How much longer than the request itself its answer may take."""


class Fetch(Client):
    """HTTP requests that the host makes for this plugin; needs the permission ``network:fetch``.

    ``{secret:KEY}`` in a header's value or in a URL is replaced by the host with the secret setting of this key. The
    host follows redirects, each only to a host that is granted; and caches by RFC 9111. A request that can be repeated
    (GET, HEAD, OPTIONS, PUT, DELETE) is sent again after a failure, ``retries`` times at most, after pauses. All of it
    takes ``timeout_s`` seconds at most (300).

    Every method returns the answer, whatever its status (``require_ok`` raises), and raises FetchFailed if there is
    none, PermissionDenied for a host or an address that is not granted, QuotaExceeded for a body above ``max_bytes`` or
    too many requests, and HostTimeout.
    """

    def __call__(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes = b"",
        json: object = None,
        form: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        max_bytes: int = codec.MAX_BODY_BYTES,
        redirects: bool = True,
    ) -> Fetched:
        """Send a request; the body is ``data``, ``json`` or ``form``. Of an answer at most 4 MiB are fetched.

        Without ``redirects`` an answer that leads elsewhere is returned as it is.
        """
        body, kind = _body(data, json, form)
        more = {} if redirects else {"redirects": False}  # which older hosts do not know
        return self._sent(codec.REQUEST, method, url, params, headers, body, kind, timeout_s, retries, max_bytes, more)

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        max_bytes: int = codec.MAX_BODY_BYTES,
    ) -> Fetched:
        """Fetch what is at a URL; ``params`` are added to its query."""
        return self(
            "GET", url, params=params, headers=headers, timeout_s=timeout_s, retries=retries, max_bytes=max_bytes
        )

    def post(
        self,
        url: str,
        *,
        data: bytes = b"",
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = codec.MAX_BODY_BYTES,
        redirects: bool = True,
    ) -> Fetched:
        """Send a body to a URL. It is not sent again if that fails.

        Most redirects are followed without the body, as browsers do it: ``redirects=False`` returns them instead.
        """
        return self(
            "POST",
            url,
            data=data,
            json=json,
            form=form,
            headers=headers,
            timeout_s=timeout_s,
            max_bytes=max_bytes,
            redirects=redirects,
        )

    def to_asset(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 120.0,
        retries: int = RETRIES,
        max_bytes: int = codec.MAX_ASSET_BYTES,
    ) -> Fetched:
        """Store what is at a URL as an asset (``asset_id``, for ``self.host.assets``), past this process.

        ``max_bytes`` is at most 64 MiB. If the status is no success, nothing is stored, and ``body`` has the error.
        """
        return self._sent(codec.TO_ASSET, "GET", url, params, headers, b"", "", timeout_s, retries, max_bytes)

    def _sent(
        self,
        described: HostMethod[Fetched],
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes,
        kind: str,
        timeout_s: float,
        retries: int,
        max_bytes: int,
        more: Mapping[str, bool] | None = None,
    ) -> Fetched:
        head = dict(headers or {})
        if kind and "content-type" not in map(str.lower, head):
            head["content-type"] = kind
        arguments: dict[str, Any] = {
            "method": method,
            "url": _with_query(url, params),
            "headers": head,
            "timeout_s": timeout_s,
            "retries": retries,
            "max_bytes": max_bytes,
            **(more or {}),
        }
        return self._ask(described, arguments, body, min(timeout_s, codec.MAX_TIMEOUT_S) + _MORE_S)


def _with_query(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    before, mark, fragment = url.partition("#")
    return f"{before}{'&' if '?' in before else '?'}{urlencode(params, safe='{}:')}{mark}{fragment}"


def _body(data: bytes, json: object, form: Mapping[str, str] | None) -> tuple[bytes, str]:
    if (bool(data), json is not None, form is not None).count(True) > 1:
        raise UsageError("a request has one body: data, json or form")
    if json is not None:
        try:
            return as_json.dumps(json, allow_nan=False).encode(), "application/json"
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(f"the body cannot be written as JSON: {error}") from error
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    return data, ""
