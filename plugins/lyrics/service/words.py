"""The words of a song: read from plain text and from LRC, and as they are stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import attrs

OWN_FIELDS = ("lyrics", "timed_lyrics", "instrumental", "lyrics_source")
"""The fields that words become."""
MAX_BYTES = 48 * 1024
"""Longer texts are no lyrics; metadata takes 64 KiB."""
_MOST_LINES = 3000
_TIME = re.compile(r"\s*\[(\d{1,3}):([0-5]?\d)(?:[.:](\d{1,3}))?\]", re.ASCII)
_WORD_TIME = re.compile(r"<\d{1,3}:[0-5]?\d(?:[.:]\d{1,3})?>\s?", re.ASCII)
_TAG = re.compile(r"\s*\[(?:[A-Za-z]{1,20}|#):([^\]]*)\]\s*")
_OFFSET = re.compile(r"(?i)\s*\[offset:\s*([+-]?\d{1,6})\s*\]\s*", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]+")


@attrs.frozen
class Words:
    """``plain`` are the lines, ``timed`` the same with times ("": none are known); or the song is ``instrumental``.

    ``source`` is where they are from: ``embedded``, ``beside`` or ``lrclib``.
    """

    plain: str = ""
    timed: str = ""
    instrumental: bool = False
    source: str = ""

    def metadata(self) -> dict[str, str]:
        """The fields of docs/vocabulary.md."""
        said = (self.plain, self.timed, "1" if self.instrumental else "", self.source)
        return {name: text for name, text in zip(OWN_FIELDS, said, strict=True) if text}

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Words:
        """The words of which ``metadata`` has made these fields."""
        plain, timed, instrumental, source = (said.get(name, "") for name in OWN_FIELDS)
        return cls(plain, timed, bool(instrumental), source)


def read(text: str, source: str) -> Words | None:
    """The words in a text, which is LRC if a line begins with a time; None for one without words, or too long."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        return None
    lines = _cleaned(text).split("\n")
    if len(lines) > _MOST_LINES:
        return None
    shift_ms = sum(int(match[1]) for line in lines if (match := _OFFSET.fullmatch(line)))
    timed: list[tuple[int, str]] = []
    plain: list[str] = []
    size = 0
    for line in lines:
        times, words = _times(line)
        if times:
            size += len(times) * (len(words) + 1)  # words with many times are there many times
            if size > MAX_BYTES:
                return None
            timed += [(max(0, time - shift_ms), words) for time in times]
        elif not _TAG.fullmatch(line):
            plain.append(line.strip())
    if any(words for _, words in timed):
        timed.sort(key=lambda one: one[0])
        written = "\n".join(f"{_clock(time)} {words}".rstrip() for time, words in timed)
        if len(written.encode()) > MAX_BYTES:
            return None
        return Words(_bare("\n".join(words for _, words in timed)), written, source=source)
    bare = _bare("\n".join(plain))
    return Words(bare, source=source) if bare else None


def _times(line: str) -> tuple[list[int], str]:
    """The times at the beginning of a line, in milliseconds, and the words behind them."""
    times: list[int] = []
    at = 0
    while match := _TIME.match(line, at):
        fraction = int(match[3].ljust(3, "0")) if match[3] else 0
        times.append((int(match[1]) * 60 + int(match[2])) * 1000 + fraction)
        at = match.end()
    return times, " ".join(_WORD_TIME.sub("", line[at:]).split()) if times else ""


def _clock(ms: int) -> str:
    return f"[{ms // 60_000:02}:{ms // 1000 % 60:02}.{ms % 1000:03}]"


def _cleaned(text: str) -> str:
    plain = re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))
    return unicodedata.normalize("NFC", _CONTROLS.sub(" ", plain))


def _bare(text: str) -> str:
    """Lines with at most one empty one between them."""
    return re.sub(r"\n{3,}", "\n\n", text).strip()
