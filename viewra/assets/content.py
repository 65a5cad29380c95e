"""Says what type a file is by its content; a claim counts only where the content does not tell."""

from __future__ import annotations

import re

from viewra.errors import UsageError

HEAD = 8192
"""Bytes from the beginning that are enough."""
UNKNOWN = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_TEXTS = frozenset({"application/json", "application/xml", "application/x-subrip", "image/svg+xml"})
_AVIF = frozenset({b"avif", b"avis"})
PICTURES = frozenset({
    "image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff", "image/avif", "image/heic",
})  # fmt: skip
"""The types of artwork: pictures of pixels, which run no script."""


def media_type_of(head: bytes, claimed: str | None) -> str:
    """The media type of content that begins with ``head``. Raises UsageError for a claim that it contradicts."""
    claim = _claim(claimed)
    found = _recognised(head)
    if not found:
        if claim.startswith("text/") or claim in _TEXTS:
            return claim if _is_text(head) else _contradicted(claim, "no text")
        if claim in PICTURES:
            _contradicted(claim, "no picture of a known format")
        return UNKNOWN if not claim or claim in PICTURES else claim
    if claim and claim != UNKNOWN and claim.partition("/")[0] != found.partition("/")[0] and not _is_container(found):
        _contradicted(claim, found)
    return found


def _recognised(head: bytes) -> str:
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF:
        return "image/avif"
    import filetype  # type: ignore[import-untyped]  # light start: only for what is stored

    guessed = filetype.guess_mime(head)
    return guessed if isinstance(guessed, str) else ""


def _is_container(found: str) -> bool:
    """Whether a format holds sound as well as pictures, so that its beginning does not tell which."""
    return found.startswith(("video/", "audio/", "application/"))


def _claim(claimed: str | None) -> str:
    claim = (claimed or "").partition(";")[0].strip().lower()
    claim = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}.get(claim, claim)
    if claim and not _TYPE.fullmatch(claim):
        raise UsageError(f"{claim[:100]!r} is no media type", hint="a media type is, for example, image/jpeg")
    return claim


def _contradicted(claim: str, found: str) -> str:
    raise UsageError(f"it is said to be {claim}, but its content is {found}")


def _is_text(head: bytes) -> bool:
    try:
        text = head[:-3].decode() if len(head) == HEAD else head.decode()  # a character may be cut at the end
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.start >= len(head) - 7
    return "\0" not in text
