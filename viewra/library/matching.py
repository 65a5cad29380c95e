"""Matches recordings from elsewhere to files of the library: by identifiers, else by title, artist and duration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import sqlalchemy as sa

from viewra.db.transactions import reading
from viewra.library import identifiers
from viewra.library.folding import fold
from viewra.library.listing.files import list_files
from viewra.types import FileEntry, Match, Recording

MOST = 20
"""Files for one recording."""
CANDIDATES = 200
"""Files that are compared with one recording."""
LEAST = 0.6
"""The least score of a match by texts."""
SURE = {"musicbrainz_recordingid": 1.0, "acoustid_id": 0.98, "isrc": 0.96}
"""The score of a match by an identifier; one ISRC may be on several masters."""

_WORDS = re.compile(r"\w+")
_ASIDE = re.compile(r"[(\[][^()\[\]]*[)\]]|\b(?:feat|ft|featuring)\b.*", re.IGNORECASE)
_TITLE, _ARTIST, _DURATION = 0.55, 0.35, 0.1
_CLOSE_S, _FAR_S = 2.0, 15.0


def match(engine: sa.Engine, recordings: Sequence[Recording], limit: int = 5) -> list[tuple[Match, ...]]:
    """The files that each recording may be, the best first, at most ``limit`` of each. Raises ``DatabaseError``.

    A file with an identifier of the recording scores 0.96 or more. Other files are compared by their texts, without
    regard to case, accents and what is in brackets, where no identifier led to a file.
    """
    return [_match(engine, one, limit) for one in recordings]


def _match(engine: sa.Engine, recording: Recording, limit: int) -> tuple[Match, ...]:
    found: dict[int, Match] = {}
    with reading(engine) as connection:
        for field in identifiers.FIELDS:
            value = getattr(recording, field)
            for file_id in identifiers.find(connection, field, value, limit) if value else ():
                found.setdefault(file_id, Match(file_id, "", SURE[field], field))
    if found:
        ids = " OR ".join(f"id:{file_id}" for file_id in found)
        entries = list_files(engine, ids, limit=MOST * len(SURE)).items
        sure = [Match(one.id, one.path, found[one.id].score, found[one.id].by) for one in entries]
        return tuple(sorted(sure, key=lambda one: (-one.score, one.media_file_id))[:limit])
    return _by_texts(engine, recording, limit)


def _by_texts(engine: sa.Engine, recording: Recording, limit: int) -> tuple[Match, ...]:
    candidates: dict[int, FileEntry] = {}
    for query in _queries(recording):
        for entry in list_files(engine, query, limit=CANDIDATES).items:
            candidates.setdefault(entry.id, entry)
        if len(candidates) >= limit:
            break
    scored = [Match(one.id, one.path, round(_score(recording, one), 3), "texts") for one in candidates.values()]
    good = [one for one in scored if one.score >= LEAST]
    return tuple(sorted(good, key=lambda one: (-one.score, one.media_file_id))[:limit])


def _queries(recording: Recording) -> list[str]:
    """Queries for candidates, the narrowest first: those for any word find a title with a slip in another."""
    title, artist = _words(recording.title), _words(recording.artist)
    if not title:
        return []
    whole = " ".join(f'title:"{word}"' for word in title)
    any_title = " OR ".join(f'title:"{word}"' for word in title)
    if not artist:
        return [whole, any_title]
    any_artist = " OR ".join(f'artist:"{word}" OR albumartist:"{word}"' for word in artist)
    return [f"{whole} ({any_artist})", f"({any_title}) ({any_artist})", any_artist, whole]


def _score(recording: Recording, entry: FileEntry) -> float:
    parts = [(_TITLE, similarity(recording.title, entry.title))]
    if recording.artist:
        theirs = max(similarity(recording.artist, entry.artist), similarity(recording.artist, entry.albumartist))
        parts.append((_ARTIST, theirs))
    if recording.duration_s and entry.duration_s:
        apart = abs(recording.duration_s - entry.duration_s)
        parts.append((_DURATION, max(0.0, min(1.0, (_FAR_S - apart) / (_FAR_S - _CLOSE_S)))))
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


@lru_cache(maxsize=4096)
def similarity(one: str, other: str) -> float:
    """How alike two titles or names are, from 0 to 1: the part of their trigrams that they share."""
    ours, theirs = _bare(one), _bare(other)
    if ours == theirs:
        return 1.0 if ours else 0.0
    first, second = _trigrams(ours), _trigrams(theirs)
    return 2 * len(first & second) / (len(first) + len(second))


def _bare(text: str) -> str:
    folded = fold(text)
    return " ".join(_WORDS.findall(_ASIDE.sub(" ", folded))) or " ".join(_WORDS.findall(folded))


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(_bare(text).split()))[:10]


def _trigrams(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
