"""Filters of the templates: sizes, times and numbers as people read them."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping

from viewra.hosts import parse_host
from viewra.library import display
from viewra.types import PluginState
from viewra.types.values import Value, joined

_SIZES = ("kB", "MB", "GB", "TB", "PB")
_AGO = ((60, "second"), (3600, "minute"), (86_400, "hour"), (7 * 86_400, "day"))
_DIRECTIONS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Characters that turn the direction of what follows."""
HUES = 12
"""How many colours there are in the style for what has no picture."""

TONES: Mapping[str, str] = {
    PluginState.RUNNING: "good",
    PluginState.STARTING: "info",
    PluginState.DRAINING: "info",
    PluginState.BACKOFF: "warn",
    PluginState.CRASHED: "bad",
    PluginState.QUARANTINED: "bad",
    PluginState.INVALID: "bad",
    "healthy": "good",
    "degraded": "warn",
    "unhealthy": "bad",
    "completed": "good",
    "paused": "warn",
    "cancelling": "warn",
    "cancelled": "warn",
    "failed": "bad",
}
"""How a state is coloured; others are grey."""


def tone(state: str) -> str:
    """The colour of a state."""
    return TONES.get(state, "")


def count(number: float) -> str:
    """1,234,567."""
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Bytes in the unit that suits: 1.4 GB."""
    if number < 1000:
        return f"{number:.0f} bytes"
    for unit in _SIZES:
        number /= 1000
        if number < 1000 or unit == _SIZES[-1]:
            break
    return f"{number:.{1 if number < 100 else 0}f} {unit}"


def plays(seconds: float) -> str:
    """How long something plays: 3:07, 1:02:45."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """How long something takes or took: 12 ms, 4.2 s, 3 min, 2 h 5 min, 8 days."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs" if seconds else "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24:,} days"


def moment(microseconds: int) -> dt.datetime:
    """The local time of microseconds since the epoch; the nearest one that there is, for a wrong clock."""
    try:
        return dt.datetime.fromtimestamp(microseconds / 1e6).astimezone()
    except (OverflowError, ValueError, OSError):
        year = dt.MINYEAR if microseconds < 0 else dt.MAXYEAR
        return dt.datetime(year, 1, 1, tzinfo=dt.UTC)


def ago(microseconds: int, now: float | None = None) -> str:
    """How long ago, as far as that says something; else the date."""
    then = moment(microseconds)
    passed = (now if now is not None else dt.datetime.now(dt.UTC).timestamp()) - microseconds / 1e6
    if not 0 <= passed < 7 * 86_400:
        return f"{then:%Y-%m-%d %H:%M}"
    if passed < 5:
        return "just now"
    unit = 1
    for limit, name in _AGO:
        if passed < limit:
            number = math.floor(passed / unit)
            return f"{number} {name}{'' if number == 1 else 's'} ago"
        unit = limit
    return f"{then:%Y-%m-%d %H:%M}"


def plural(number: float, one: str, several: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{count(number)} {one if number == 1 else several or one + 's'}"


def hue(name: object) -> str:
    """A colour that always belongs to this name."""
    digest = hashlib.sha256(str(name).encode("utf-8", "surrogatepass")).digest()
    return f"h{digest[0] % HUES}"


def initials(name: str) -> str:
    """One or two letters for a name without a picture."""
    words = [word for word in name.split() if word[:1].isalpha()]
    if not words:
        return name[:1] or "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def words(name: str) -> str:
    """The name of a field in words: ``sample_rate`` is Sample rate."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def host(pattern: str) -> str:
    """The hosts that a permission names: any host, all names below lan, in your own network."""
    return parse_host(pattern).words


def memory(number: float) -> str:
    """Bytes of memory in the unit that suits: 512 MiB."""
    number /= 1024 * 1024
    return f"{number:.0f} MiB" if number < 1024 else f"{number / 1024:.1f} GiB"


def one_line(value: Value) -> str:
    """A value of metadata in one line."""
    return joined(value)


def plain(text: str) -> str:
    """A text where no element can keep its direction to itself: in titles of pages, and in attributes."""
    return " ".join(display(text).translate(_DIRECTIONS).split())


def file_name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


FILTERS = {
    "ago": ago,
    "count": count,
    "file_name": file_name,
    "host": host,
    "hue": hue,
    "initials": initials,
    "plays": plays,
    "memory": memory,
    "moment": moment,
    "plain": plain,
    "plural": plural,
    "size": size,
    "span": span,
    "joined": one_line,
    "tone": tone,
    "words": words,
}
