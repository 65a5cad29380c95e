"""Holds what has been found out of one file while it is read: the audio's facts, its tags, and what was wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ParamSpec

from .source import AudioFileError, Source

P = ParamSpec("P")
Pair = tuple[str, str]
"""A field and one raw value of it."""

MAX_WARNINGS = 8
"""Warnings that are kept of one file."""


@dataclass
class Facts:
    """The facts of one file as they are found; a fact that stays unknown is 0, "" or None."""

    source: Source
    start: int
    """Where the file's content begins, behind ID3v2 tags in front of it."""
    end: int
    """Where the content ends, before the tags at the end of the file."""
    legacy_encoding: str = ""
    """The code page of texts that name no encoding of their own; "" for Windows-1252."""
    codec: str = ""
    seconds: float | None = None
    """The time of the audio that is in the file."""
    bitrate: float = 0
    """Bits a second, as the file says; it is checked against ``audio_bytes`` later."""
    is_constant: bool = False
    """Whether the audio hardly ever has less than this bit rate."""
    audio_bytes: int | None = None
    """Bytes that the audio takes at most, where that is known."""
    sample_rate: int = 0
    channels: int = 0
    bits: int = 0
    """Bits of a sample, of lossless codecs only."""
    silent: bool = False
    """Whether the file is a film without sound, of which only the tags count."""
    picture: bool = False
    tags: list[list[Pair]] = field(default_factory=list)
    """What each tag says, the one whose word counts most first."""
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Keep one sentence on what is wrong with the file."""
        if len(self.warnings) < MAX_WARNINGS and text not in self.warnings:
            self.warnings.append(text)

    def attempt(self, what: str, read: Callable[P, None], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call ``read`` for a part that the file can be understood without; warn when ``what`` cannot be read."""
        try:
            read(*args, **kwargs)
        except Exception as error:
            # Whatever a parser of arbitrary bytes raises (struct.error, ValueError, IndexError …) is the file's fault.
            if self.source.exhausted:
                raise
            self.warn(f"{what} cannot be read: {reason(error, self.source)}")

    def add_tag(self, pairs: Iterable[Pair]) -> None:
        """Keep the pairs of one tag, those from before an error as well; the error is raised again."""
        kept: list[Pair] = []
        self.tags.append(kept)
        collect(kept, pairs)

    def hold(self, seconds: float, claimed: float) -> None:
        """Set the time that is there, and warn when the header claims more of it."""
        self.seconds = max(seconds, 0.0)
        if claimed > seconds + 0.001:
            self.warn(f"the file ends after {seconds:.3f} s of {claimed:.3f} s of audio")

    def decode(self, raw: bytes) -> str:
        """Return text that names no encoding: UTF-8 where it is that, else of the file's old code page."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return self.decode_legacy(raw)

    def decode_utf8(self, raw: bytes, what: str) -> str:
        """Return text that has to be UTF-8; where ``what`` is not, warn, and take it for text of the old code page."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            if self.legacy_encoding:
                return self.decode_legacy(raw)
            letters = any(byte < 0x80 and chr(byte).isalnum() for byte in raw)
            self.warn(f"{what} is not UTF-8" + ("; it was read as Windows-1252" if letters else ""))
            return self.decode_legacy(raw) if letters else ""

    def decode_legacy(self, raw: bytes) -> str:
        """Return text that is said to be Latin-1: of the setting's code page, else of Windows-1252, as in practice."""
        if self.legacy_encoding:
            return raw.decode(self.legacy_encoding, "replace")
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:  # five bytes that Windows-1252 has no characters for
            return raw.decode("latin-1")


def reason(error: Exception, source: Source) -> str:
    """Return what went wrong while ``source`` was read, in words for people who know no Python."""
    if isinstance(error, AudioFileError):
        return str(error)
    if isinstance(error, RecursionError):
        return "its parts are nested too deeply"
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    if isinstance(error, EOFError) or isinstance(error.__context__, EOFError):
        return "it ends too early"
    text = str(error)
    if type(error).__module__.startswith("mutagen") and text:
        return text
    if isinstance(error, (struct.error, IndexError)):
        return f"a part that begins before byte {source.tell():,} is cut off"
    return f"a part that begins before byte {source.tell():,} is damaged"


def collect(kept: list[Pair], pairs: Iterable[Pair]) -> None:
    """Add pairs to those that are kept, also those from before an error."""
    for pair in pairs:
        kept.append(pair)  # noqa: PERF402 - extend() would lose the pairs before an error
