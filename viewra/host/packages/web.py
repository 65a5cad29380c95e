"""Downloads files from the web: over HTTPS, and HTTP to this machine alone; of a bounded size, within a deadline."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import httpx2

from viewra.errors import ViewraError
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.new_file import new_file

IDLE_S, TOTAL_S = 30.0, 900.0
"""Seconds without a byte, and for a whole download."""
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def download(url: str, target: Path, largest: int, told: Told = untold) -> None:
    """Write what an address gives into a new file; raises ViewraError, also for more than ``largest`` bytes."""
    until = time.monotonic() + TOTAL_S
    try:
        require_safe = partial(_require_safe, _is_local(httpx2.URL(url)))
        with (
            httpx2.Client(
                follow_redirects=True,
                timeout=IDLE_S,
                event_hooks={"request": [require_safe]},  # called for what a redirect leads to, too
            ) as client,
            client.stream("GET", url) as answer,
            new_file(target) as write,
        ):
            answer.raise_for_status()
            total, whole = 0, _stated(answer.headers)
            for block in answer.iter_bytes():
                total += len(block)
                if total > largest:
                    raise ViewraError(f"{url} gives more than {largest:,} bytes")
                if time.monotonic() > until:
                    raise ViewraError(f"{url} was not downloaded within {TOTAL_S:g} s")
                write(block)
                told(total, whole)
    except httpx2.HTTPStatusError as error:
        status = f"{error.response.status_code} {error.response.reason_phrase}"
        raise ViewraError(f"{url}: {status}", hint="check the address") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        hint = "check the address and the network"
        raise ViewraError(f"{url} cannot be downloaded: {str(error) or type(error).__name__}", hint=hint) from error


def _is_local(url: httpx2.URL) -> bool:
    return url.scheme == "http" and url.host in _LOCAL


def _require_safe(inside: bool, request: httpx2.Request) -> None:
    """Refuse an address whose answer could be replaced; ``inside``: what was asked for is on this machine itself."""
    url = request.url
    if url.scheme != "https" and not (inside and _is_local(url)):
        raise ViewraError(f"{url} is not an https address: what it gives could be replaced on its way")


def _stated(headers: httpx2.Headers) -> int | None:
    """How many bytes an answer says that it has; those of a compressed one are others than arrive here."""
    stated = headers.get("content-length", "")
    plain = "content-encoding" not in headers and stated.isascii() and stated.isdecimal() and len(stated) < 16
    return int(stated) if plain else None
