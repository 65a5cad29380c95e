"""Collects the properties of one file while it is read: the audio's properties, its tags, and warnings."""

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
    """The properties of one file found so far; an unknown one is 0, "" or None."""

    source: Source
    start: int
    """Where the file's content begins, after leading ID3v2 tags."""
    end: int
    """Where the content ends, before the tags at the end of the file."""
    legacy_encoding: str = ""
    """The code page of texts that name no encoding of their own; "" for Windows-1252."""
    codec: str = ""
    seconds: float | None = None
    """The duration of the audio that is in the file."""
    bitrate: float = 0
    """Bits per second as stated by the file; later checked against ``audio_bytes``."""
    is_constant: bool = False
    """Whether the bit rate is constant, so that the audio hardly ever has less."""
    audio_bytes: int | None = None
    """Upper bound of the audio's bytes, if known."""
    sample_rate: int = 0
    channels: int = 0
    bits: int = 0
    """Bits of a sample, of lossless codecs only."""
    silent: bool = False
    """Whether the file is a film without sound, of which only the tags count."""
    picture: bool = False
    tags: list[list[Pair]] = field(default_factory=list)
    """The pairs of each tag, in order of precedence."""
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Add one sentence about a defect of the file."""
        if len(self.warnings) < MAX_WARNINGS and text not in self.warnings:
            self.warnings.append(text)

    def attempt(self, what: str, read: Callable[P, None], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call ``read`` for an optional part; adds a warning if ``what`` cannot be read."""
        try:
            read(*args, **kwargs)
        except Exception as error:
            # Any exception of a parser of arbitrary bytes (struct.error, IndexError …) means a damaged file.
            if self.source.exhausted:
                raise
            self.warn(f"{what} cannot be read: {reason(error, self.source)}")

    def add_tag(self, pairs: Iterable[Pair]) -> None:
        """Add the pairs of one tag, including those before an error; raises the error again."""
        kept: list[Pair] = []
        self.tags.append(kept)
        collect(kept, pairs)

    def hold(self, seconds: float, claimed: float) -> None:
        """Set the duration of the existing audio, and warn if the header claims more."""
        self.seconds = max(seconds, 0.0)
        if claimed > seconds + 0.001:
            self.warn(f"the file ends after {seconds:.3f} s of {claimed:.3f} s of audio")

    def decode(self, raw: bytes) -> str:
        """Decode text without a stated encoding: as UTF-8 if valid, else by the file's legacy code page."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return self.decode_legacy(raw)

    def decode_utf8(self, raw: bytes, what: str) -> str:
        """Decode text that has to be UTF-8; if ``what`` is not, warn and decode it by the legacy code page."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            if self.legacy_encoding:
                return self.decode_legacy(raw)
            letters = any(byte < 0x80 and chr(byte).isalnum() for byte in raw)
            self.warn(f"{what} is not UTF-8" + ("; it was read as Windows-1252" if letters else ""))
            return self.decode_legacy(raw) if letters else ""

    def decode_legacy(self, raw: bytes) -> str:
        """Decode text marked as Latin-1: by the setting's code page, else as Windows-1252, which writers really use."""
        if self.legacy_encoding:
            return raw.decode(self.legacy_encoding, "replace")
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:  # Windows-1252 leaves five bytes undefined
            return raw.decode("latin-1")


def reason(error: Exception, source: Source) -> str:
    """Describe an error that occurred while ``source`` was read, for users."""
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
