"""Maps names of codecs, and determines bits per sample from the codec or its header."""

from __future__ import annotations

FAMILIES = (("pcm_", "pcm"), ("adpcm_", "adpcm"), ("dsd_", "dsd"), ("wma", "wma"), ("musepack", "musepack"))
"""Codecs with a common name in the vocabulary, by the prefix of libav's names."""

NAMES = {
    "pcm_alaw": "alaw", "pcm_mulaw": "mulaw", "pcm_bluray": "pcm", "pcm_dvd": "pcm", "subrip": "srt", "gsm_ms": "gsm",
    "mp4als": "als", "aac_latm": "aac",
}  # fmt: skip
"""Other codecs that the vocabulary names differently from libav."""


def name_of(libav: str) -> str:
    """Return the vocabulary's name of a codec that libav calls ``libav``."""
    if libav in NAMES:
        return NAMES[libav]
    return next((family for prefix, family in FAMILIES if libav.startswith(prefix)), libav)


def bits_per_sample(libav: str, extradata: bytes) -> int:
    """Return the bits per sample of a lossless codec, 0 if unknown."""
    kind, _, form = libav.partition("_")
    if kind == "dsd":
        return 1
    if kind == "pcm" and form[:1] in {"s", "u", "f"}:
        digits = "".join(character for character in form[1:4] if character.isdigit())
        return int(digits or 0)
    if libav == "flac" and len(extradata) >= 18:  # STREAMINFO: 5 bits behind 20 of the rate and 3 of the channels
        return ((int.from_bytes(extradata[10:18], "big") >> 36) & 0x1F) + 1
    if libav == "alac" and len(extradata) >= 18:  # Apple's "magic cookie", behind the 12 bytes of its atom
        return extradata[17]
    return 0
