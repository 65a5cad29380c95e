"""Asks a server with LRCLIB's API (https://lrclib.net/docs) for the words of a song, and judges what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from viewra.errors import FetchFailed
from viewra.sdk import NotNow

from .alike import agree, folded, same_artist, title_likeness
from .songs import Song
from .words import Words, read

if TYPE_CHECKING:
    from viewra.sdk.host.fetch import Fetch

MAX_BYTES = 2 * 1024 * 1024
APART_S = 2.0
"""How many seconds a recording may differ."""
LEAST = 0.9
"""How alike titles are at least."""
_LONGEST, _LONGEST_S = 2000, 1e6
_EQUAL = 0.02
"""Records whose scores differ by less are equally good."""
SOURCE = "lrclib"
"""What these words say of where they are from."""


@attrs.frozen
class _Record:
    score: float
    words: Words


def ask(fetch: Fetch, url: str, song: Song) -> Words | None:
    """The words of a song, None if the server knows none that are surely its.

    Raises NotNow, and FetchFailed and other errors of ``fetch`` for a server that does not answer as it should.
    """
    base = url.rstrip("/")
    given = {"track_name": song.title, "artist_name": song.artists[0], "duration": str(round(song.duration_s or 0))}
    found = _asked(fetch, f"{base}/api/get", given | ({"album_name": song.album} if song.album else {}))
    if found is not None:
        if not isinstance(found, dict):
            raise FetchFailed(f"{base} answered with what is no song")
        if (record := _judged(found, song)) is not None:
            return record.words
    listed = _asked(fetch, f"{base}/api/search", {name: given[name] for name in ("track_name", "artist_name")})
    if listed is not None and not isinstance(listed, list):
        raise FetchFailed(f"{base} answered with what is no list of songs")
    return _best([record for one in listed or () if (record := _judged(one, song)) is not None])


def _asked(fetch: Fetch, url: str, params: dict[str, str]) -> Any:
    """What a server answers, as JSON has it; None: it knows nothing."""
    answer = fetch.get(url, params=params, headers={"Accept": "application/json"}, max_bytes=MAX_BYTES)
    if answer.status in (400, 404):
        return None
    if answer.status in (429, 503):
        raise NotNow.as_asked(answer, usually_s=300.0)
    try:
        return answer.require_ok().json()
    except (ValueError, RecursionError) as error:
        raise FetchFailed(f"{url} answered with what is no JSON") from error


def _judged(said: object, song: Song) -> _Record | None:
    """A record if it is of this song and has words; what has wrong types is none."""
    if not isinstance(said, dict):
        return None
    title, artist, album = (said.get(name) for name in ("trackName", "artistName", "albumName"))
    duration, instrumental = said.get("duration"), said.get("instrumental")
    if not isinstance(title, str) or not isinstance(artist, str) or len(title) + len(artist) > _LONGEST:
        return None
    if isinstance(duration, bool) or not isinstance(duration, (int, float)) or song.duration_s is None:
        return None
    if not 0 < duration < _LONGEST_S:  # also of NaN; a whole number may be too large for any other
        return None
    apart_s = abs(duration - song.duration_s)
    likeness = title_likeness(song.title, title)
    if apart_s > APART_S or likeness < LEAST or not same_artist(song.artists, artist):
        return None
    words = _words(said) if instrumental is not True else Words(instrumental=True, source=SOURCE)
    if words is None:
        return None
    same_album = bool(song.album) and isinstance(album, str) and folded(album) == folded(song.album)
    return _Record(likeness + 0.1 * same_album - 0.02 * apart_s, words)


def _words(said: dict[str, Any]) -> Words | None:
    timed, plain = said.get("syncedLyrics"), said.get("plainLyrics")
    with_times = read(timed, SOURCE) if isinstance(timed, str) else None
    if with_times is not None and with_times.timed:
        return with_times
    without = read(plain, SOURCE) if isinstance(plain, str) else None
    return attrs.evolve(without, timed="") if without is not None else None


def _best(records: Sequence[_Record]) -> Words | None:
    """The words of the best record; None if others are as good and say something else."""
    if not records:
        return None
    most = max(one.score for one in records)
    equal = [one.words for one in records if one.score > most - _EQUAL]
    chosen = next((one for one in equal if one.timed), equal[0])
    if all(one.instrumental == chosen.instrumental for one in equal) and (
        chosen.instrumental or all(agree(one.plain, chosen.plain) for one in equal)
    ):
        return chosen
    return None
