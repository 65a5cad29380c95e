"""Reads the name of a subtitle or lyrics file: the file that it belongs to, its language, its purpose.

``Film.de.forced.srt`` belongs to ``Film.mkv``; the parts are those that Kodi, Jellyfin and Plex document.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewra.types.languages import language

from .folder import MAX_PARTS, Folder, stem

PURPOSES = {
    "forced": "forced", "foreign": "forced", "sdh": "hearing_impaired", "cc": "hearing_impaired",
    "hi": "hearing_impaired", "default": "default", "commentary": "commentary",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """The information in a name."""

    media: tuple[str, ...] = ()
    language: str = ""
    purposes: tuple[str, ...] = ()


def language_of(text: str) -> str:
    """Return the code of a common language for a part of a name or a header, "" for any other word."""
    return language(text, common=True)


def told(name: str, folder: Folder) -> Told:
    """Read the name of a file in ``folder``, using the names of the media files beside it."""
    parts = stem(name).split(".")
    for count in range(min(len(parts), MAX_PARTS), 0, -1):
        if media := folder.media_with_stem(".".join(parts[:count])):
            return _of(parts[count:], tuple(media))
    # Without the media file any word may be part of the title: only lower-case codes at the very end count.
    ends: list[str] = []
    while len(parts) > 1 and parts[-1].islower() and (parts[-1] in PURPOSES or language_of(parts[-1])):
        ends.insert(0, parts.pop())
        if language_of(ends[0]) and ends[0] not in PURPOSES:
            break
    return _of(ends, ())


def _of(parts: list[str], media: tuple[str, ...]) -> Told:
    words = [part.lower() for part in parts]
    purposes = tuple(dict.fromkeys(PURPOSES[word] for word in words if word in PURPOSES))
    languages = [language_of(word) for word in words if word != "hi" or words.count("hi") == len(words) == 1]
    language = next((code for code in languages if code), "")
    if words == ["hi"]:  # alone it is Hindi
        purposes = ()
    return Told(media, language, purposes)
