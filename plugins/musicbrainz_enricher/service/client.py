"""Asks MusicBrainz, AcoustID and the Cover Art Archive through the host, one request after the other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from viewra.errors import FetchFailed, HostTimeout, NotFound, PermissionDenied, UsageError
from viewra.sdk import NotNow
from viewra.sdk.reach import Reach
from viewra.types import Fetched

from . import answers
from .answers import Garbled, Recording

if TYPE_CHECKING:
    from viewra.sdk.host.fetch import Fetch
    from viewra.sdk.settings import Settings

SEARCHED = 100
"""Recordings that a search gives at most, which is what MusicBrainz allows."""
_RECORDING = "artist-credits aliases isrcs releases release-groups media genres work-rels"
_LATER = frozenset({408, 425, 429})
_REFUSED_S = 600.0
"""Pause until a server that refuses is asked again."""
_INVALID_KEY = 4
"""AcoustID's code of the error for a key that it does not know (https://acoustid.org/webservice)."""


class Turns:
    """When the next request may be made, for several tasks together. Thread-safe."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._over = threading.Event()

    def end(self) -> None:
        """Let nobody wait any more."""
        self._over.set()

    def wait(self, per_s: float) -> None:
        """Wait for the turn of a request, where the operator wants fewer than the host allows."""
        if per_s < 1:
            with self._lock:
                pause_s = self._next_at - self._now()
                self._next_at = max(self._now(), self._next_at) + 1 / per_s
            if pause_s > 0:
                self._over.wait(pause_s)


class Client:
    """The web services. Each method raises NotNow, Garbled, and the errors of ``fetch`` for this request alone."""

    def __init__(self, fetch: Fetch, settings: Settings, turns: Turns, reach: Reach) -> None:
        self._fetch = fetch
        self._settings = settings
        self._turns = turns
        self._reach = reach

    def recording(self, recording_id: str) -> Recording | None:
        """A recording with all that is known of it; None if there is none with this id."""
        answer = self._musicbrainz(f"recording/{recording_id}", inc=_RECORDING)
        return answers.recording(answer) if answer is not None else None

    def recording_of_track(self, track_id: str) -> str:
        """The id of the recording on a track of a release; "" if there is no such track."""
        answer = self._musicbrainz("release", track=track_id, inc="recordings", limit="1")
        return answers.on_track(answer, track_id) if answer is not None else ""

    def with_isrc(self, isrc: str) -> list[Recording]:
        """The recordings with an ISRC."""
        answer = self._musicbrainz(f"isrc/{isrc}", inc="artist-credits releases")
        return answers.recordings(answer) if answer is not None else []

    def search(self, query: str) -> tuple[list[Recording], int]:
        """The recordings that a query in Lucene's syntax finds, at most ``SEARCHED``, and how many it finds in all."""
        answer = self._musicbrainz("recording", query=query, limit=str(SEARCHED))
        if answer is None:
            return [], 0
        found = answers.recordings(answer)
        count = answer.get("count")
        return found, max(count if isinstance(count, int) else 0, len(found))

    def with_acoustid(self, acoustid: str) -> list[Recording] | None:
        """The recordings with an AcoustID, without releases; None if there is no key to ask with."""
        return self._acoustid({"trackid": acoustid})

    def with_fingerprint(self, fingerprint: str, duration_s: float) -> list[Recording] | None:
        """As ``with_acoustid``, by Chromaprint's fingerprint of the file."""
        return self._acoustid({"fingerprint": fingerprint, "duration": str(round(duration_s))})

    def covers(self, of: str) -> Mapping[str, Any] | None:
        """The list of covers of ``release/ID`` or ``release-group/ID`` as JSON; None if there is none."""
        return self._get(f"{self._settings.api.coverart_url.rstrip('/')}/{of}")

    def cover(self, release_id: str, name: str) -> Fetched | None:
        """One picture of a release, stored as an asset, by its number and size; None if it is not there."""
        url = f"{self._settings.api.coverart_url.rstrip('/')}/release/{release_id}/{name}"
        artwork = self._settings.artwork
        with self._asking(url):
            answer = self._fetch.to_asset(
                url,
                headers=self._headers("image/*"),
                timeout_s=float(artwork.timeout_sec),
                max_bytes=artwork.max_asset_size,
            )
            if answer.status == 403 or not _is_there(answer):  # the archive has locked it
                return None
            answer.require_ok()
        self._reach.answered(_server(url))
        return answer

    def _musicbrainz(self, path: str, **params: str) -> Mapping[str, Any] | None:
        base = self._settings.api.musicbrainz_url.rstrip("/")
        query = urlencode({**params, "fmt": "json"}, quote_via=quote)
        return self._get(f"{base}/ws/2/{path}?{query}")

    def _acoustid(self, given: Mapping[str, str]) -> list[Recording] | None:
        base = self._settings.api.acoustid_url.rstrip("/")
        query = urlencode({**given, "meta": "recordings", "format": "json"}, quote_via=quote)
        try:
            answer = self._get(f"{base}/v2/lookup?client={{secret:acoustid_key}}&{query}", errors=True)
        except NotFound:  # there is no key
            return None
        if answer is None:
            return []
        error = answer.get("error")
        if not isinstance(error, Mapping):
            return answers.of_acoustid(answer)
        if error.get("code") == _INVALID_KEY:
            raise NotNow(_REFUSED_S, "AcoustID refuses the key (acoustid_key)", level="error")
        return []  # what tags have is no fingerprint, or no AcoustID

    def _get(self, url: str, *, errors: bool = False) -> Mapping[str, Any] | None:
        """The JSON at an address; None if there is none, or, unless ``errors`` are wanted, the server refuses an id."""
        with self._asking(url):
            answer = self._fetch.get(
                url, headers=self._headers("application/json"), timeout_s=float(self._settings.api.timeout_sec)
            )
            if answer.status in (401, 403):
                reason = f"{_server(url)} refuses requests (status {answer.status})"
                raise NotNow(_REFUSED_S, reason, level="error")
            if not _is_there(answer) and not (errors and answer.status == 400):
                return None
            found = _json(answer if answer.status == 400 else answer.require_ok())
        self._reach.answered(_server(url))
        return found

    def _headers(self, accept: str) -> dict[str, str]:
        name = self._settings.api.user_agent
        return {"Accept": accept, **({"User-Agent": name} if name else {})}

    @contextmanager
    def _asking(self, url: str) -> Iterator[None]:
        """Wait for the turn of a request, and tell what its failure means."""
        self._turns.wait(float(self._settings.api.rate_limit))
        try:
            yield
        except NotFound:
            raise
        except (FetchFailed, HostTimeout, Garbled) as error:
            if seconds := self._reach.failed(_server(url)):
                raise NotNow(seconds, str(error)) from error
            raise
        except (PermissionDenied, UsageError) as error:
            raise NotNow(_REFUSED_S, error.told, level="error") from error


def _server(url: str) -> str:
    return urlsplit(url).netloc


def _is_there(answer: Fetched) -> bool:
    """Whether a server has what was asked for. Raises NotNow if it is too busy to say."""
    if answer.status in _LATER or answer.status >= 500:
        raise NotNow.as_asked(answer, f"{answer.url[:200]} answered with the status {answer.status}")
    return answer.status not in (400, 404)  # an id that MusicBrainz does not take, or does not have


def _json(answer: Fetched) -> Mapping[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"{answer.url[:200]} answered with what is not JSON") from error
    if not isinstance(found, dict):
        raise Garbled(f"{answer.url[:200]} answered with what is no JSON object")
    return found
