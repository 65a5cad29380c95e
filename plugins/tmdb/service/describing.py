"""Makes metadata, as docs/vocabulary.md has it, of what a server says of a film or of episodes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from viewra.types.values import Value

from . import answers
from .answers import Answer

_IMDB = re.compile(r"tt\d{5,10}", re.ASCII)


def film(said: Answer) -> dict[str, Value]:
    """The fields of a film."""
    collection, imdb = said.get("belongs_to_collection"), said.get("imdb_id")
    return _filled({
        "title": answers.text(said.get("title")),
        "original_title": answers.text(said.get("original_title")),
        "tagline": answers.text(said.get("tagline")),
        "description": answers.lines(said.get("overview")),
        "date": answers.date(said.get("release_date")),
        "genre": answers.names(said.get("genres")),
        "runtime": str(answers.number(said.get("runtime"), 99_999) or ""),
        "studio": answers.names(said.get("production_companies")),
        "country": answers.names(said.get("production_countries")),
        "collection": answers.text(collection.get("name")) if isinstance(collection, dict) else "",
        "rating": answers.rating(said.get("vote_average"), said.get("vote_count")),
        "imdb_id": imdb if isinstance(imdb, str) and _IMDB.fullmatch(imdb) else "",
        "tmdb_id": str(answers.number(said.get("id")) or ""),
    })  # fmt: skip


def episodes(series: Answer, found: Sequence[Answer]) -> dict[str, Value]:
    """The fields of a file with these episodes of a series: without its title, by which files belong together."""
    first, only = found[0], len(found) == 1
    descriptions = [answers.lines(one.get("overview")) for one in found]
    return _filled({
        "title": list(dict.fromkeys(filter(None, (answers.text(one.get("name")) for one in found)))),
        "description": "\n\n".join(filter(None, descriptions)),
        "date": answers.date(first.get("air_date")),
        "genre": answers.names(series.get("genres")),
        "studio": answers.names(series.get("networks")),
        "runtime": str(answers.number(first.get("runtime"), 99_999) or "") if only else "",
        "rating": answers.rating(first.get("vote_average"), first.get("vote_count")) if only else "",
        "tmdb_id": str(answers.number(first.get("id")) or "") if only else "",
    })  # fmt: skip


def _filled(fields: dict[str, str | list[str]]) -> dict[str, Value]:
    """The fields that have a value; a list of one as a text."""
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in fields.items()
        if value
    }
