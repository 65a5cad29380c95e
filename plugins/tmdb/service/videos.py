"""What the library says of a film or an episode, and the nfo files beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from viewra.errors import NotFound
from viewra.types import MediaFile
from viewra.types.values import Value

from .titles import LEAST, alike

if TYPE_CHECKING:
    from viewra.sdk.host.library import HostLibrary

_MOST_EPISODES = 1000
_IDS = {"tmdb_id": r"[1-9]\d{0,9}", "imdb_id": r"tt\d{5,10}", "tvdb_id": r"[1-9]\d{0,9}"}
_LEVELS = 2
"""Folders above an episode in which tvshow.nfo is looked for: its own and that above a season's."""
Said = Mapping[str, Sequence[str]]


@attrs.frozen
class Video:
    """A film, or the ``episodes`` of a ``season`` of a series if that is not None.

    ``titles`` are those of the film or the series, ``ids`` the ones that nfo files or tags state; these are ``shared``
    if the nfo file may be another film's in the same folder. ``own_titles`` are those of the episodes.
    """

    file_id: int
    path: str
    titles: tuple[str, ...]
    year: int | None
    ids: Mapping[str, str]
    duration_s: float | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    own_titles: tuple[str, ...] = ()
    shared: bool = False

    @property
    def question(self) -> str:
        """A digest of what a server is asked; another one when any of that changes."""
        said = [self.titles, self.year, dict(self.ids), self.duration_s, self.season, self.episodes, self.own_titles]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]


def video(library: HostLibrary, file_id: int, plugin_id: str) -> Video | None:
    """The film or episode in a file, by what others than ``plugin_id`` say of it; None where too little is known."""
    try:
        file = library.file(file_id)
    except NotFound:
        return None
    if not file.mime_type.startswith("video/") or file.missing_since is not None:
        return None
    said = _said(file, plugin_id)
    folder, name = os.path.split(file.path)
    own = os.path.splitext(name)[0] + ".nfo"  # noqa: PTH122 - names may be any bytes
    return _episode(library, file, said, folder, own) if said.get("show") else _film(library, file, said, folder, own)


def ids_of(library: HostLibrary, ids: Sequence[int]) -> list[int]:
    """The videos among files, and those to which the nfo files among them belong."""
    found: dict[int, None] = {}
    for entry in library.with_ids(ids):
        if entry.kind == "video":
            found[entry.id] = None
        elif entry.path.lower().endswith(".nfo"):
            found |= dict.fromkeys(_owners(library, entry.id))
    return list(found)


def _film(library: HostLibrary, file: MediaFile, said: Said, folder: str, own: str) -> Video | None:
    nfo = _nfo(library, folder, (own,), "movie") or {}
    shared = False
    if not nfo and (of_folder := _nfo(library, folder, ("movie.nfo",), "movie")) is not None:
        shared = len(of_folder.get("belongs_to", ())) > 1  # trailers, parts, or other films
        nfo = of_folder if not shared or _have_one_title(of_folder, said) else {}
    ids = _ids(nfo) or _ids(said)
    titles = _titles(nfo, said, ("title", "original_title"))
    when = _year(nfo) or _year(said)
    is_music = bool(said.get("artist")) and not nfo
    if not ids and (is_music or not titles or when is None):
        return None
    return Video(file.id, file.path, titles, when, ids, _seconds(said), shared=shared)


def _episode(library: HostLibrary, file: MediaFile, said: Said, folder: str, own: str) -> Video | None:
    nfo = _nfo(library, folder, (own,), "episode") or {}
    season, episodes = (nfo.get(name) or said.get(name, ()) for name in ("season", "episode"))
    numbers = tuple(int(one) for one in episodes if re.fullmatch(r"\d{1,5}", one, re.ASCII))
    if len(season) != 1 or not re.fullmatch(r"\d{1,5}", season[0], re.ASCII) or not numbers:
        return None
    show: Said = {}
    for _ in range(_LEVELS):
        show = show or _nfo(library, folder, ("tvshow.nfo",), "tvshow") or {}
        folder = os.path.dirname(folder)  # noqa: PTH120
    titles = tuple(dict.fromkeys((*show.get("title", ()), *show.get("original_title", ()), *said.get("show", ()))))
    return Video(
        file.id, file.path, titles[:3], _year(show), _ids(show), season=int(season[0]), episodes=numbers[:20],
        own_titles=_titles(nfo, said, ("title",)),
    )  # fmt: skip


def _have_one_title(nfo: Said, said: Said) -> bool:
    fields = ("title", "original_title")
    return any(alike(one, other) >= LEAST for one in _titles(nfo, {}, fields) for other in _titles(said, {}, fields))


def _nfo(library: HostLibrary, folder: str, names: Sequence[str], kind: str) -> Said | None:
    """What an nfo file of this kind says, the first that there is."""
    for name in names:
        try:
            file = library.file(os.path.join(folder, name))  # noqa: PTH118
        except NotFound:
            continue
        said = _said(file, "")
        if file.missing_since is None and list(said.get("nfo_type", (kind,))) == [kind]:
            return said
    return None


def _owners(library: HostLibrary, number: int) -> list[int]:
    """The videos to which an nfo file belongs; of a series: all below its folder."""
    file = library.file(number)
    said, folder = _said(file, ""), os.path.dirname(file.path)  # noqa: PTH120
    if list(said.get("nfo_type", ())) == ["tvshow"]:
        words = " ".join(f'path:"{part}"' for part in re.findall(r"\w+", os.path.basename(folder))[:10])  # noqa: PTH119
        near = library.files(f"kind:video {words}", limit=_MOST_EPISODES).items
        return [one.id for one in near if one.path.startswith(folder + "/")]
    found = []
    for name in said.get("belongs_to", ()):
        try:
            found.append(library.file(os.path.join(folder, name)).id)  # noqa: PTH118
        except NotFound:
            continue
    return found


def _said(file: MediaFile, plugin_id: str) -> Said:
    """The values of each field that count, those of one plugin left out."""
    found: dict[str, Sequence[str]] = {}
    for field, known in file.metadata.items():
        values = ((known.plugin, known.value), *known.others)
        if (value := next((one for plugin, one in values if plugin != plugin_id), None)) is not None:
            found[field] = _texts(value)
    return found


def _ids(said: Said) -> dict[str, str]:
    return {
        name: said[name][0] for name, form in _IDS.items() if said.get(name) and re.fullmatch(form, said[name][0])
    }  # fmt: skip


def _titles(nfo: Said, said: Said, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for source in (nfo, said) for field in fields for one in source.get(field, ())))[:3]


def _year(said: Said) -> int | None:
    when = next(iter(said.get("date", ())), "")
    return int(when[:4]) if re.match(r"[12]\d{3}", when, re.ASCII) else None


def _seconds(said: Said) -> float | None:
    text = next(iter(said.get("duration", ())), "")
    return float(text) if re.fullmatch(r"\d{1,8}(\.\d{1,6})?", text, re.ASCII) else None


def _texts(value: Value) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value
