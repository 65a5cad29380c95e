"""Fields of metadata as people read them: names in words, and values of technical fields in units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from viewra.types.values import Value, joined
from viewra.web.pages.words import plays, span, words

_PARTS = (
    *("album", "artist", "by", "date", "disc", "encoded", "encoder", "group", "id", "movement", "number", "original"),
    *("recording", "release", "settings", "sort", "subtitle", "title", "total", "track", "tracks", "work", "year"),
)
_TOGETHER = re.compile(f"(?:{'|'.join(sorted(_PARTS, key=len, reverse=True))})+")
_PART = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)))
_WRITTEN = {
    **{name: name.upper() for name in ("asin", "bpm", "hdr", "icc", "id", "iso", "isrc", "nfo", "url")},
    "acoustid": "AcoustID",
    "imdb": "IMDb",
    "musicbrainz": "MusicBrainz",
    "replaygain": "ReplayGain",
    "tmdb": "TMDB",
    "artists": "artists",
    "isrcs": "ISRCs",
    "urls": "URLs",
}
"""Words that are written in a way of their own."""
_SWITCHES, _SWITCHED = frozenset({"compilation", "has_picture"}), {"true": "yes", "false": "no", "1": "yes"}
_PLAIN = re.compile(r"\d{1,12}(\.\d{1,6})?")


def field_name(name: str) -> str:
    """The name of a field in words: ``musicbrainz_albumartistid`` is MusicBrainz album artist ID."""
    parts = [part for one in name.split("_") for part in (_PART.findall(one) if _TOGETHER.fullmatch(one) else (one,))]
    return words(" ".join(_WRITTEN.get(part, part) for part in parts))


def field_value(value: Value, name: str) -> str:
    """A value in one line, with the unit that docs/vocabulary.md gives the field, if it is a number."""
    text = joined(value)
    if name in _SWITCHES:
        return _SWITCHED.get(text, text)
    shown = _UNITS.get(name)
    return shown(float(text)) if shown is not None and _PLAIN.fullmatch(text) else text


def _rate(bits: float) -> str:
    for least, unit, by in ((1e6, "Mbit/s", 1e6), (1e3, "kbit/s", 1e3)):
        if bits >= least:
            return f"{bits / by:,.4g} {unit}"
    return f"{bits:,.0f} bit/s"


def _duration(seconds: float) -> str:
    return plays(seconds) if seconds >= 60 else span(seconds)


def _in(unit: str, by: float = 1) -> Callable[[float], str]:
    return lambda number: f"{number / by:,.6g} {unit}"


_UNITS: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("bitrate", "overall_bitrate", "video_bitrate"), _rate),
    "duration": _duration,
    "focal_length": _in("mm"),
    "focal_length_35mm": _in("mm"),
    "frame_rate": _in("frames/s"),
    "sample_rate": _in("kHz", 1000),
    **dict.fromkeys(("height", "thumbnail_height", "thumbnail_width", "width"), _in("px")),
    **dict.fromkeys(("bits_per_sample", "image_bit_depth", "video_bit_depth"), _in("bit")),
}

FILTERS = {"field_name": field_name, "field_value": field_value}
