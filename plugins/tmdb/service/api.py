"""Asks a server with The Movie Database's API, version 3 (https://developer.themoviedb.org/reference)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from viewra.errors import FetchFailed
from viewra.sdk import NotNow

from . import answers
from .answers import Answer
from .titles import Record

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices

MAX_BYTES = 4 * 1024 * 1024
_KEY = {"Authorization": "Bearer {secret:api_key}", "Accept": "application/json"}
_KEPT_S = 6 * 3600.0
"""Answers are kept so long, since all episodes of a season need the same ones."""
_MAX_KEPT, _MAX_KEY = 1024 * 1024, 512
_REFUSED_S = 600.0
"""Pause until a key is tried again."""
_SITES = {"imdb_id": "imdb_id", "tvdb_id": "tvdb_id"}


class Api:
    """The server at ``url``, asked in a ``language``.

    Every method raises NotNow, and FetchFailed and other errors of ``fetch`` for a server that does not answer as it
    should.
    """

    def __init__(self, host: HostServices, url: str, language: str) -> None:
        self._host = host
        self._url = url.rstrip("/")
        self._language = language

    def movie(self, number: int) -> Answer | None:
        """A film; None if there is none with this id."""
        return self._object(f"/movie/{number}", number)

    def series(self, number: int) -> Answer | None:
        """A series."""
        return self._object(f"/tv/{number}", number)

    def season(self, series: int, number: int) -> Answer | None:
        """A season of a series, with its episodes."""
        found = self._asked(f"/tv/{series}/season/{number}", {})
        return found if found is None or answers.number(found.get("season_number")) == number else None

    def find(self, site: str, value: str, results: str) -> int | None:
        """What has an id of another site, in the list ``movie_results`` or ``tv_results``; None if not exactly one."""
        found = self._asked(f"/find/{value}", {"external_source": _SITES[site]}) or {}
        ids = {answers.number(one.get("id")) for one in answers.objects(found.get(results))} - {None}
        return ids.pop() if len(ids) == 1 else None

    def search(self, kind: str, title: str, year: int | None = None) -> list[Record]:
        """Films (``movie``) or series (``tv``) with about this title."""
        when = {"year": str(year)} if year is not None else {}
        found = self._asked(f"/search/{kind}", {"query": title, "include_adult": "false", **when}) or {}
        return [one for said in answers.objects(found.get("results")) if (one := _record(said)) is not None]

    def _object(self, path: str, number: int) -> Answer | None:
        found = self._asked(path, {})
        if found is not None and answers.number(found.get("id")) != number:
            raise FetchFailed(f"{self._url}{path} answered with something else")
        return found

    def _asked(self, path: str, params: dict[str, str]) -> Answer | None:
        """What the server says, as JSON has it, also what it has said a while ago; None: it knows nothing."""
        key = f"{self._url} {self._language} {path} {sorted(params.items())}"
        fits = len(key.encode()) <= _MAX_KEY
        known = self._host.cache.get(key) if fits else None
        if isinstance(known, bytes):
            return _read(known, path)
        answer = self._host.fetch.get(
            f"{self._url}{path}", params={"language": self._language, **params}, headers=_KEY, max_bytes=MAX_BYTES
        )
        if answer.status in (400, 404, 422):
            return None
        if answer.status in (401, 403):
            reason = "the server does not accept the key: set api_key to the API Read Access Token"
            raise NotNow(_REFUSED_S, reason, level="error")
        if answer.status in (429, 503):
            raise NotNow.as_asked(answer)
        found = _read(answer.require_ok().body, answer.url)
        if fits and answer.size < _MAX_KEPT:
            self._host.cache.set(key, answer.body, ttl_s=_KEPT_S)
        return found


def _read(body: bytes, where: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FetchFailed(f"{where} answered with what is no JSON") from error
    if not isinstance(said, dict):
        raise FetchFailed(f"{where} answered with what is no object")
    return said


def _record(said: Answer) -> Record | None:
    number = answers.number(said.get("id"))
    titles = [answers.text(said.get(name)) for name in ("title", "original_title", "name", "original_name")]
    found = tuple(dict.fromkeys(filter(None, titles)))
    when = said.get("release_date") or said.get("first_air_date")
    return Record(number, found, answers.year(when)) if number and found else None
