"""What MusicBrainz's web service says of recordings, read with care: https://musicbrainz.org/doc/MusicBrainz_API."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from .texts import clean, isrc, uuid

MOST_RELEASES = 25
"""Releases of which a lookup tells at most: where there are so many, there may be others."""
_DATE = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2])(?:-(\d\d))?)?", re.ASCII)
_MOST = 100
"""Members of one list that are read."""
_MOST_GENRES = 5
LEAST_ALIKE = 0.8
"""How alike a fingerprint of AcoustID has to be, from 0 to 1."""


class Garbled(ValueError):
    """An answer that is not what the service's documents describe."""


@attrs.frozen
class Artist:
    """One artist of a credit; ``credited`` is the name there, ``name`` the artist's own."""

    id: str
    name: str
    credited: str
    sort_name: str
    aliases: tuple[str, ...] = ()


@attrs.frozen
class Place:
    """Where a recording is on a release: ``track`` as printed, one of ``tracks`` on its disc; 0: not known.

    How many discs there are, answers do not tell: they have only the one with the track.
    """

    disc: int = 0
    track: str = ""
    tracks: int = 0
    form: str = ""


@attrs.frozen
class Release:
    """A release that a recording is on. Dates are as far as they are known; an unknown text is ""."""

    id: str
    title: str
    date: str = ""
    country: str = ""
    status: str = ""
    barcode: str = ""
    credit: str = ""
    group_id: str = ""
    group_date: str = ""
    types: tuple[str, ...] = ()
    place: Place = Place()


@attrs.frozen
class Recording:
    """A recording; ``credit`` is the artists' names as printed, ``length_s`` in seconds (None: not known)."""

    id: str
    title: str
    credit: str = ""
    artists: tuple[Artist, ...] = ()
    length_s: float | None = None
    disambiguation: str = ""
    date: str = ""
    isrcs: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    releases: tuple[Release, ...] = ()
    works: tuple[tuple[str, str], ...] = ()


def recordings(answer: Any) -> list[Recording]:
    """The recordings of a search, or of an ISRC. Raises Garbled."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("recordings"), list):
        raise Garbled("the answer has no list of recordings")
    return [recording(one) for one in answer["recordings"][:_MOST]]


def recording(data: Any) -> Recording:
    """One recording. Raises Garbled for one without id or title; other parts that cannot be read are left out."""
    found, title = _id(data), clean(_of(data, "title"))
    if not found or not title:
        raise Garbled("a recording has no id, or no title")
    artists = tuple(_artists(data))
    length = _seconds(_of(data, "length"))
    return Recording(
        found,
        title,
        _credit(data),
        artists,
        length / 1000 if length is not None else None,
        clean(_of(data, "disambiguation")),
        _date(_of(data, "first-release-date")),
        _several(map(isrc, _list(data, "isrcs"))),
        _genres(data),
        tuple(_releases(data)),
        tuple(_works(data)),
    )


def of_acoustid(answer: Any) -> list[Recording]:
    """The recordings that AcoustID names, without releases (https://acoustid.org/webservice). Raises Garbled."""
    if _of(answer, "status") != "ok" or not isinstance(_of(answer, "results"), list):
        raise Garbled("AcoustID's answer has no results")
    found: list[Recording] = []
    for result in _list(answer, "results"):
        score = _of(result, "score")
        if isinstance(score, int | float) and score < LEAST_ALIKE:
            continue
        for one in _list(result, "recordings"):
            names = [clean(_of(artist, "name")) for artist in _list(one, "artists")]
            length = _of(one, "duration")
            if _id(one):  # titles may be missing: what people have submitted is all that there is
                found.append(
                    Recording(
                        _id(one),
                        clean(_of(one, "title")),
                        "; ".join(name for name in names if name),
                        length_s=_seconds(length),
                    )
                )
    return found


def on_track(answer: Any, track_id: str) -> str:
    """The recording of a track, in the releases with this track; "" if it is not there. Raises Garbled."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("releases"), list):
        raise Garbled("the answer has no list of releases")
    for release in _list(answer, "releases"):
        for medium in _list(release, "media"):
            for track in _list(medium, "tracks", 1000):
                if _id(track) == track_id:
                    return _id(_of(track, "recording"))
    return ""


def _releases(data: Any) -> Iterator[Release]:
    for one in _list(data, "releases"):
        group = _of(one, "release-group")
        title = clean(_of(one, "title"))
        if not _id(one) or not title:
            continue
        kinds = [_of(group, "primary-type"), *_list(group, "secondary-types")]
        yield Release(
            _id(one),
            title,
            _date(_of(one, "date")),
            clean(_of(one, "country")),
            clean(_of(one, "status")).lower(),
            clean(_of(one, "barcode")),
            _credit(one),
            _id(group),
            _date(_of(group, "first-release-date")),
            _several(clean(kind).lower() for kind in kinds),
            _place(one),
        )


def _place(release: Any) -> Place:
    """Where the recording is, if it is on one track of the release alone."""
    places = [
        (medium, track)
        for medium in _list(release, "media")
        for track in [*_list(medium, "tracks"), *_list(medium, "track")]  # in lookups, in searches
    ]
    if len(places) != 1:
        return Place()
    medium, track = places[0]
    return Place(
        _count(_of(medium, "position")),
        clean(_of(track, "number")),
        _count(_of(medium, "track-count")),
        clean(_of(medium, "format")),
    )


def _artists(data: Any) -> Iterator[Artist]:
    for credit in _list(data, "artist-credit"):
        artist = _of(credit, "artist")
        name = clean(_of(artist, "name"))
        if _id(artist) and name:
            credited, sort_name = clean(_of(credit, "name")) or name, clean(_of(artist, "sort-name")) or name
            aliases = _several(clean(_of(one, "name")) for one in _list(artist, "aliases"))
            yield Artist(_id(artist), name, credited, sort_name, aliases)


def _credit(data: Any) -> str:
    parts: list[str] = []
    for credit in _list(data, "artist-credit"):
        name, phrase = _of(credit, "name") or _of(_of(credit, "artist"), "name"), _of(credit, "joinphrase")
        parts += [one for one in (name, phrase) if isinstance(one, str)]
    return clean("".join(parts))


def _genres(data: Any) -> tuple[str, ...]:
    """The genres that most people voted for."""
    found = [
        (_count(_of(one, "count")), clean(_of(one, "name"))) for one in _list(data, "genres") if clean(_of(one, "name"))
    ]
    return _several(name for count, name in sorted(found, key=lambda one: -one[0])[:_MOST_GENRES] if count)


def _works(data: Any) -> Iterator[tuple[str, str]]:
    for relation in _list(data, "relations"):
        work = _of(relation, "work")
        if _of(relation, "type") == "performance" and _id(work) and clean(_of(work, "title")):
            yield _id(work), clean(_of(work, "title"))


def _of(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, Mapping) else None


def _id(data: Any) -> str:
    return uuid(_of(data, "id"))


def _list(data: Any, name: str, most: int = _MOST) -> list[Any]:
    found = _of(data, name)
    return found[:most] if isinstance(found, list) else []


def _seconds(value: Any) -> float | None:
    """A duration, in whatever unit; None for what is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < 1e9 else None


def _date(value: Any) -> str:
    """A year, a month or a day as far as it is known; of a day that no calendar has, the month."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return ""
    year, month, day = found.groups()
    exists = day is None or 1 <= int(day) <= calendar.monthrange(int(year), int(month))[1]
    return found[0] if exists else f"{year}-{month}"


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000 else 0


def _several(values: Iterator[str] | map[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
