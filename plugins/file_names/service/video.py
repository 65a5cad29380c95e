"""Reads names of films and episodes with guessit, and converts its results to the vocabulary's forms."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from guessit.api import GuessItApi, GuessitException

from viewra.types.values import Value

from .parts import FileNameError, Parts, plain

_NOT_USED = ["part", "language", "subtitle_language", "country", "website", "crc32", "uuid", "size", "bonus", "film"]
OPTIONS = {"no_user_config": True, "excludes": _NOT_USED}
_FIELDS = {"title": "title", "edition": "edition", "source": "source", "screen_size": "resolution", "year": "date"}
_EPISODE_FIELDS = _FIELDS | {"title": "show"}
_RESOLUTION = re.compile(r"[1-9][0-9]{2,3}[pi]")


@functools.cache
def _guesser() -> GuessItApi:
    guesser = GuessItApi()
    guesser.configure(OPTIONS)
    return guesser


@functools.lru_cache(maxsize=512)
def _said(path: str) -> Mapping[str, Any]:
    """Guessit's result; cached, because a name takes about 25 ms of processor time."""
    try:
        said: Mapping[str, Any] = _guesser().guessit(path, OPTIONS)
    except (GuessitException, ValueError, KeyError, IndexError, AttributeError, TypeError, RecursionError) as error:
        raise FileNameError(f"guessit cannot read the name: {type(error).__name__}") from error
    return said


def guess(parts: Parts, *, folders: bool) -> dict[str, Value]:
    """Return the fields in the names of a film or an episode."""
    names = [parts.above, parts.folder, parts.season] if folders else []
    said = _said("/".join([name for name in names if name] + [parts.stem + parts.ending]))
    is_episode = said.get("type") == "episode" and ("episode" in said or "season" in said or "date" in said)
    fields: dict[str, Value] = {}
    for theirs, ours in (_EPISODE_FIELDS if is_episode else _FIELDS).items():
        values = said.get(theirs, [])
        texts = [plain(str(value)) for value in (values if isinstance(values, list) else [values])]
        texts = list(dict.fromkeys(text for text in texts if _has_form(ours, text)))
        if ours != "edition":
            del texts[1:]
        if texts:
            fields[ours] = texts if len(texts) > 1 else texts[0]
    if is_episode:
        fields |= _episode(said)
    return fields


def _has_form(field: str, text: str) -> bool:
    if field == "date":
        return bool(re.fullmatch(r"(18[89]|19[0-9]|20[0-9])[0-9]", text))
    return bool(_RESOLUTION.fullmatch(text) if field == "resolution" else text)


def _episode(said: Mapping[str, Any]) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    for name in ("season", "episode"):
        values = said.get(name, [])
        numbers = [str(value) for value in (values if isinstance(values, list) else [values])]
        numbers = list(dict.fromkeys(text for text in numbers if re.fullmatch(r"0|[1-9][0-9]{0,4}", text)))
        if numbers:
            fields[name] = numbers if len(numbers) > 1 else numbers[0]
    if "episode_title" in said:
        title = plain(str(said["episode_title"]))
        fields |= {"title": title} if title else {}
    if hasattr(said.get("date"), "isoformat"):
        fields["date"] = str(said["date"].isoformat())[:10]
    return fields
