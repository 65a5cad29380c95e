"""What the library says of a file, as far as it tells which recording the file is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import attrs

from viewra.types import MediaFile, MetadataValue
from viewra.types.values import JOIN

from .texts import clean, isrc, named, uuid

_FINGERPRINT = re.compile(r"[A-Za-z0-9_-]{4,8000}")
"""As Chromaprint writes them; the address of a request must not become too long."""


@attrs.frozen
class Evidence:
    """An unknown text is "", an unknown duration None; ids are those that the file has, each once."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_s: float | None = None
    recording_ids: tuple[str, ...] = ()
    track_ids: tuple[str, ...] = ()
    release_ids: tuple[str, ...] = ()
    isrcs: tuple[str, ...] = ()
    acoustids: tuple[str, ...] = ()
    fingerprint: str = ""

    @property
    def artist(self) -> str:
        """All artists as one text."""
        return JOIN.join(self.artists)


def of(file: MediaFile, own: str) -> Evidence:
    """What others than the plugin ``own`` say: what it has put itself proves nothing."""

    def values(field: str, form: Callable[[object], str] = clean) -> tuple[str, ...]:
        said = _of_others(file.metadata, field, own)
        return tuple(dict.fromkeys(one for one in map(form, said) if one))

    return Evidence(
        title=next(iter(values("title", named)), ""),
        artists=values("artist", named),
        album=next(iter(values("album", named)), ""),
        duration_s=_seconds(next(iter(values("duration")), "")),
        recording_ids=values("musicbrainz_recordingid", uuid),
        track_ids=values("musicbrainz_trackid", uuid),
        release_ids=values("musicbrainz_albumid", uuid),
        isrcs=values("isrc", isrc),
        acoustids=values("acoustid_id", uuid),
        fingerprint=next(iter(values("acoustid_fingerprint", _fingerprint)), ""),
    )


def _of_others(metadata: Mapping[str, MetadataValue], field: str, own: str) -> tuple[str, ...]:
    found = metadata.get(field)
    if found is None:
        return ()
    said = [(found.plugin, found.value), *found.others]
    value = next((value for plugin, value in said if plugin != own), ())
    return (value,) if isinstance(value, str) else tuple(value)


def _fingerprint(value: object) -> str:
    return value if isinstance(value, str) and _FINGERPRINT.fullmatch(value) else ""


def _seconds(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 < found < 1e7 else None
