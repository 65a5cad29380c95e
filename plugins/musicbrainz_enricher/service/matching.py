"""Finds the recording that a file is: by ids in its tags, ISRC and AcoustID, then by its texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from enum import StrEnum

import attrs

from .answers import Recording
from .client import SEARCHED, Client
from .evidence import Evidence
from .scoring import OTHER_S, by_identifier, by_texts, plain

MARGIN = 0.03
"""By how much the best has to be better than the second: of two that are about as good, none is taken."""
_MOST_IDS, _MOST_SHOWN = 3, 5
_LONGEST = 200


class Way(StrEnum):
    """How a match was found."""

    RECORDING = "recording id"
    TRACK = "track id"
    ISRC = "isrc"
    ACOUSTID = "acoustid"
    TEXTS = "tags"
    HAND = "hand"


@attrs.frozen
class Scored:
    """A recording that the file may be."""

    recording: Recording
    score: float


@attrs.frozen
class Outcome:
    """The recording that was found; None: ``reason`` says why. ``candidates`` are the best that were not taken.

    ``unsure``: some were good enough, but none better than the others.
    """

    recording: Recording | None = None
    way: Way | None = None
    score: float = 0.0
    candidates: tuple[Scored, ...] = ()
    unsure: bool = False
    reason: str = ""


def identify(client: Client, file: Evidence, threshold: float, refused: Collection[str]) -> Outcome:
    """Find the recording of a file; ``refused`` ones are never taken."""
    best: Outcome | None = None
    for way, found, count in _found(client, file, refused):
        if way in (Way.RECORDING, Way.TRACK) and found:
            return Outcome(found[0], way, 1.0)
        if count > SEARCHED:
            outcome = Outcome(unsure=True, reason=f"{count:,} recordings have this title and artist")
        else:
            score = by_texts if way is Way.TEXTS else by_identifier
            outcome = _decided(way, file, found, threshold, refused, score)
        if outcome.recording is not None:
            whole = client.recording(outcome.recording.id)
            if whole is not None and whole.id not in refused:
                return attrs.evolve(outcome, recording=whole)
            continue
        if best is None or outcome.unsure or not best.candidates:
            best = outcome
    return best or Outcome(reason="its tags have no ids, and not both a title and an artist")


def _found(client: Client, file: Evidence, refused: Collection[str]) -> Iterator[tuple[Way, Sequence[Recording], int]]:
    """What each way finds, and how many there are in all; a way that cannot be gone is left out."""
    if len(file.recording_ids) == 1:  # of several, none is the file
        yield Way.RECORDING, _whole(client, file.recording_ids[0], refused), 0
    if len(file.track_ids) == 1 and (recording_id := client.recording_of_track(file.track_ids[0])):
        yield Way.TRACK, _whole(client, recording_id, refused), 0
    if file.isrcs:
        yield Way.ISRC, [one for isrc in file.isrcs[:_MOST_IDS] for one in client.with_isrc(isrc)], 0
    for acoustid in file.acoustids[:_MOST_IDS]:
        if (found := client.with_acoustid(acoustid)) is None:
            break
        yield Way.ACOUSTID, found, 0
    if file.fingerprint and not file.acoustids and file.duration_s is not None:
        found = client.with_fingerprint(file.fingerprint, file.duration_s)
        if found is not None:
            yield Way.ACOUSTID, found, 0
    if file.title and file.artists:
        found, count = client.search(query_of(file))
        yield Way.TEXTS, found, count


def _whole(client: Client, recording_id: str, refused: Collection[str]) -> list[Recording]:
    found = client.recording(recording_id)  # another id if it was merged with another one
    return [found] if found is not None and found.id not in refused else []


def query_of(file: Evidence) -> str:
    """The query in Lucene's syntax for a title, an artist, and about the duration."""
    title, artist = plain(file.title), plain(file.artists[0])
    query = f"recording:{_phrase(title)} AND artist:{_phrase(artist)}"
    if file.duration_s is not None:
        least, most = (max(0, round((file.duration_s + apart) * 1000)) for apart in (-OTHER_S, OTHER_S))
        query += f" AND dur:[{least} TO {most}]"
    return query


def _phrase(text: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", text[:_LONGEST])
    return f'"{escaped}"'


def _decided(
    way: Way,
    file: Evidence,
    found: Iterable[Recording],
    threshold: float,
    refused: Collection[str],
    score: Callable[[Evidence, Recording], float],
) -> Outcome:
    each = {one.id: one for one in found if one.id not in refused}
    scored = sorted((Scored(one, score(file, one)) for one in each.values()), key=lambda one: -one.score)
    shown = tuple(one for one in scored if one.score > 0)[:_MOST_SHOWN]
    if not shown:
        return Outcome(reason="nothing like it was found")
    if shown[0].score < threshold:
        return Outcome(candidates=shown, reason=f"the best has a score of {shown[0].score:.2f} only")
    if len(shown) > 1 and shown[0].score - shown[1].score < MARGIN:
        return Outcome(candidates=shown, unsure=True, reason="several recordings are about as good")
    timeless = attrs.evolve(file, duration_s=None)
    best, *others = (score(timeless, one.recording) for one in shown)
    if any(best - other < MARGIN for other in others):
        return Outcome(candidates=shown, unsure=True, reason="several recordings differ in nothing but their lengths")
    return Outcome(shown[0].recording, way, shown[0].score, shown)
