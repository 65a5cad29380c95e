"""Finds the one film, or the one series and its episodes, that a file surely has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from viewra.types.values import Value

from . import answers, describing
from .answers import Answer
from .api import Api
from .titles import LEAST, alike, surely
from .videos import Video

_LONGER = 1.25
"""How much longer or shorter than a film a file found by its title may be: else it is a trailer, or another film."""


@attrs.frozen
class Found:
    """What a file has: its metadata, and the path of a poster, "" for none."""

    metadata: Mapping[str, Value]
    poster: str


def identified(api: Api, one: Video) -> Found | None:
    """What the server says of a film or of episodes; None if it is not sure which these are. Raises as ``Api``."""
    return _film(api, one) if one.season is None else _episodes(api, one, one.season)


def _film(api: Api, one: Video) -> Found | None:
    number = _by_ids(api, one, "movie_results", ("imdb_id",))
    by_title = number is None and not one.ids
    if by_title and one.year is not None:
        number = _by_title(api, one, "movie")
    said = api.movie(number) if number is not None else None
    if said is None or ((by_title or one.shared) and not _is_as_long(said, one.duration_s)):
        return None
    return Found(describing.film(said), answers.poster(said.get("poster_path")))


def _episodes(api: Api, one: Video, season: int) -> Found | None:
    number = _by_ids(api, one, "tv_results", ("tvdb_id", "imdb_id"))
    if number is None and not one.ids:
        number = _by_title(api, one, "tv")
    series = api.series(number) if number is not None else None
    listed = api.season(number, season) if series is not None and number is not None else None
    if series is None or listed is None:
        return None
    by_number = {answers.number(each.get("episode_number")): each for each in answers.objects(listed.get("episodes"))}
    found = [by_number[each] for each in one.episodes if each in by_number]
    if len(found) < len(one.episodes) or not _fit(found, by_number.values(), one, season):
        return None
    poster = answers.poster(listed.get("poster_path")) or answers.poster(series.get("poster_path"))
    return Found(describing.episodes(series, found), poster)


def _fit(found: Sequence[Answer], of_season: Iterable[Answer], one: Video, season: int) -> bool:
    """Whether the titles that a file states do not tell that its numbers are of another order.

    Specials are numbered differently by everybody, so that of those only the title tells; of a season a title that
    another episode has does, as when the file is numbered as on the discs.
    """

    def named(episodes: Iterable[Answer]) -> bool:
        names = [answers.text(each.get("name")) for each in episodes]
        return any(alike(name, own) >= LEAST for name in names for own in one.own_titles)

    return named(found) or (season != 0 and not named(of_season))


def _by_ids(api: Api, one: Video, results: str, sites: tuple[str, ...]) -> int | None:
    """What the stated ids lead to; a file with ids that lead nowhere is not looked for by its title."""
    if "tmdb_id" in one.ids:
        return int(one.ids["tmdb_id"])
    for site in sites:
        if site in one.ids and (number := api.find(site, one.ids[site], results)) is not None:
            return number
    return None


def _by_title(api: Api, one: Video, kind: str) -> int | None:
    for title in one.titles:
        if (number := surely(api.search(kind, title, one.year), one.titles, one.year)) is not None:
            return number
    return None


def _is_as_long(said: Answer, duration_s: float | None) -> bool:
    minutes = answers.number(said.get("runtime"))
    if not minutes or not duration_s:
        return True
    return 1 / _LONGER <= duration_s / (60 * minutes) <= _LONGER
