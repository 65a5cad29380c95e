"""The songs of the library, as far as their words depend on it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from viewra.errors import NotFound
from viewra.types import FileEntry, MediaFile
from viewra.types.values import Value

from .alike import is_name
from .words import OWN_FIELDS, Words

if TYPE_CHECKING:
    from viewra.sdk.host.library import HostLibrary

_FIELDS = ("title", "artist", "artists", "albumartist", "album", "lyrics", "lyrics_source")


@attrs.frozen
class Song:
    """A song: ``embedded`` are the words that other plugins say it has, ``own`` what this plugin has put."""

    id: int
    path: str
    title: str
    artists: tuple[str, ...]
    album: str
    duration_s: float | None
    embedded: str = ""
    own: Words | None = None

    @property
    def can_be_asked_for(self) -> bool:
        """Whether enough is known to tell it from others."""
        return bool(self.title and self.artists and self.duration_s)

    def question(self, url: str) -> str:
        """A digest of what a server is asked; another one when title, artist, album or duration change."""
        said = [url, self.title, self.artists, self.album, round(self.duration_s or 0)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]


def of_files(library: HostLibrary, ids: Sequence[int], plugin_id: str) -> list[Song]:
    """The songs among files, and those to which the lyrics files among them belong.

    ``plugin_id`` is the plugin whose words are ``own``.
    """
    wanted = dict.fromkeys(ids)
    entries = library.with_ids(list(wanted))
    for number in [one for one in wanted if one not in {entry.id for entry in entries if entry.kind == "audio"}]:
        entries += library.with_ids([one for one in _owners(library, number) if one not in wanted])
    songs = {entry.id: entry for entry in entries if entry.kind == "audio"}
    said = library.metadata(list(songs), _FIELDS) if songs else {}
    return [_song(library, entry, said.get(entry.id, {}), plugin_id) for entry in songs.values()]


def _owners(library: HostLibrary, number: int) -> list[int]:
    """The songs to which a file belongs, if it has lyrics; also one that is missing now."""
    try:
        file = library.file(number)
    except NotFound:
        return []
    if _first(file, "sidecar_format") != "lrc" or (said := file.metadata.get("belongs_to")) is None:
        return []
    found = []
    for name in _texts(said.value):
        try:
            found.append(library.file(os.path.join(os.path.dirname(file.path), name)).id)  # noqa: PTH118, PTH120
        except NotFound:
            continue
    return found


def _song(library: HostLibrary, entry: FileEntry, said: Mapping[str, Value], plugin_id: str) -> Song:
    texts = {name: _texts(value) for name, value in said.items()}
    said_artists = (one for name in ("artist", "artists", "albumartist") for one in texts.get(name, ()))
    artists = dict.fromkeys(filter(is_name, said_artists))
    embedded, own = "\n\n".join(texts.get("lyrics", ())), None
    if "lyrics_source" in texts:  # only this plugin says that, so not all of the words are from others
        embedded, own = _by_whom(library, entry.id, plugin_id)
    return Song(
        entry.id,
        entry.path,
        next(filter(is_name, texts.get("title", ())), ""),
        tuple(artists),
        next(iter(texts.get("album", ())), ""),
        entry.duration_s,
        embedded,
        own,
    )


def _by_whom(library: HostLibrary, number: int, plugin_id: str) -> tuple[str, Words | None]:
    """The words that other plugins say a song has, and those of this one."""
    try:
        metadata = library.file(number).metadata
    except NotFound:
        return "", None
    ours: dict[str, str] = {}
    others: list[str] = []
    for field in OWN_FIELDS:
        known = metadata.get(field)
        for plugin, value in ((known.plugin, known.value), *known.others) if known is not None else ():
            text = "\n\n".join(_texts(value))
            if plugin == plugin_id:
                ours[field] = text
            elif field == "lyrics":
                others.append(text)
    return next(iter(others), ""), Words.of(ours) if ours else None


def _first(file: MediaFile, field: str) -> str:
    said = file.metadata.get(field)
    return next(iter(_texts(said.value)), "") if said is not None else ""


def _texts(value: Value) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value
