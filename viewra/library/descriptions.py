"""What the nfo files beside films, episodes and music videos say of them.

A video is described by the nfo file with its own name, ``Film.nfo`` for ``Film.mkv`` (and for ``Film cd1.avi``, as for
all discs of a film), else by ``movie.nfo`` in a folder with one film; an episode also by ``tvshow.nfo`` in its folder
or in the one above, as far as that is true of each episode. Nothing of this is stored: which file describes which
follows from their places whenever metadata is loaded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.bulk import select_in
from viewra.db.tables import directories, media_files
from viewra.library import outcomes
from viewra.library.outcomes import Answer
from viewra.library.paths import folder_of, join, plain

NFO = "text/x-nfo"
"""The MIME type of nfo files."""
IS_NFO = media_files.c.mime_type == sa.literal_column(f"'{NFO}'")  # written out, it can use the index of nfo files
_ANY = sa.select(media_files.c.directory_id).where(IS_NFO).limit(1)
IS_VIDEO = media_files.c.mime_type.startswith("video/")
IS_THERE = media_files.c.missing_since.is_(None)

MOVIE, SERIES = "movie.nfo", "tvshow.nfo"

OF_THE_FILE = frozenset({"sidecar_format", "nfo_type", "belongs_to", "unresolved"})
"""Fields that tell of the nfo file itself."""

OF_EACH_EPISODE = {
    "title": "show", "genre": "genre", "studio": "studio", "country": "country", "content_rating": "content_rating",
    "tag": "tag", "style": "style", "imdb_id": "show_imdb_id", "tmdb_id": "show_tmdb_id", "tvdb_id": "show_tvdb_id",
}  # fmt: skip
"""Fields of a series → the fields of its episodes in which that is true."""

_OF_VIDEOS = frozenset({"movie", "episode", "musicvideo"})
_EXTRA = re.compile(
    r"(.*[-._ ])?(trailer|sample)"
    r"|.*-(behindthescenes|clip|deleted|deletedscene|extra|featurette|interview|other|scene|short)"
)
_PART = re.compile(r"[-._ ]*[(\[]?\b(cd|dvd|dis[ck]|part|pt)[-._ ]?(\d{1,2}|[a-d])[)\]]?$")
_DISC = re.compile(r"[-._ ]*[(\[]?\b(cd|dvd|dis[ck])[-._ ]?(\d{1,2}|[a-d])[)\]]?$")  # parts may be films of their own


@attrs.frozen
class _Nfo:
    id: int
    path: bytes


@attrs.frozen
class _Near:
    """The nfo files that may describe a video: itself, and its series; those that count most come first."""

    own: Sequence[_Nfo]
    series: Sequence[_Nfo]


class Descriptions:
    """The nfo files beside some files, with what was read of them."""

    def __init__(self, near: Mapping[int, _Near], answers: Mapping[int, Sequence[Answer]]) -> None:
        self._near = near
        self._answers = answers

    def __iter__(self) -> Iterator[int]:
        """The files beside which there are nfo files that may describe them."""
        return iter(self._near)

    def read_of(self, file_id: int) -> Iterator[Sequence[Answer]]:
        """All that plugins have read of each nfo file beside a file."""
        near = self._near.get(file_id, _Near((), ()))
        return (self._answers.get(nfo.id, ()) for nfo in (*near.own, *near.series))

    def of(self, file_id: int, answers: Iterable[Answer]) -> list[Answer]:
        """What the nfo files say of a file; ``answers`` to the file itself tell whether it is an episode.

        The answers are those of the plugins that have read the nfo files. One on the series lacks what the same plugin
        has read of the episode.
        """
        near = self._near[file_id]
        own = self._first(near.own, _of_video)
        is_episode = any("episode" in fields for _, fields in own) or any(map(_has_episode, answers))
        known = {answer.plugin_id: fields.keys() for answer, fields in own}
        series = self._first(near.series, said_of_episodes) if is_episode else []
        further = [
            (answer, {name: fields[name] for name in fields.keys() - known.get(answer.plugin_id, set())})
            for answer, fields in series
        ]
        return [
            attrs.evolve(answer, data=orjson.dumps(fields).decode(), said=fields)
            for answer, fields in (*own, *further)
            if fields
        ]

    def _first(
        self, files: Sequence[_Nfo], facts: Callable[[Answer], Mapping[str, Any]]
    ) -> list[tuple[Answer, Mapping[str, Any]]]:
        """What the first nfo file says that says anything."""
        for nfo in files:
            said = [(attrs.evolve(one, stated_in=nfo.path), facts(one)) for one in self._answers.get(nfo.id, ())]
            if said := [(answer, fields) for answer, fields in said if fields]:
                return said
        return []


def beside(connection: sa.Connection, file_ids: Collection[int]) -> Descriptions:
    """The nfo files beside these files; where the database has none this is one look at an empty index."""
    if not file_ids or not are_any(connection):
        return Descriptions({}, {})
    columns = (media_files.c.id, media_files.c.name, media_files.c.directory_id, media_files.c.missing_since)
    places = sa.select(*columns, directories.c.path).join_from(media_files, directories)
    found = [*select_in(connection, file_ids, lambda some: places.where(media_files.c.id.in_(some), IS_VIDEO))]
    above = _above(connection, {row.path for row in found})
    folders = {row.directory_id for row in found} | set(above.values())
    nfos = [*select_in(connection, folders, lambda some: places.where(media_files.c.directory_id.in_(some), IS_NFO))]
    if not nfos:
        return Descriptions({}, {})
    shelf = _Shelf(nfos)
    films = _films(connection, shelf.folders_with(MOVIE))
    near = {}
    for row in found:
        is_film = row.directory_id in films and films[row.directory_id].has(row)
        beside_it = shelf.near(row, above.get(folder_of(row.path)), is_film)
        if beside_it.own or beside_it.series:
            near[row.id] = beside_it
    wanted = {nfo.id for one in near.values() for nfo in (*one.own, *one.series)}
    return Descriptions(near, outcomes.load_read(connection, wanted) if wanted else {})


def are_any(connection: sa.Connection) -> bool:
    """Whether the database has any nfo file."""
    return connection.execute(_ANY).first() is not None


def said_of_episodes(answer: Answer) -> Mapping[str, Any]:
    """The facts of each episode in an answer to the nfo file of its series."""
    said = _said(answer)
    is_of_series = said.get("nfo_type", "tvshow") == "tvshow"
    return {name: said[theirs] for theirs, name in OF_EACH_EPISODE.items() if theirs in said} if is_of_series else {}


def stem(name: bytes) -> str:
    """A file's name without its extension, by which files belong together: without case and composition of letters."""
    whole = plain(name)
    return whole.rpartition(".")[0] or whole


def stems(video: bytes) -> list[str]:
    """The stems of nfo files with a video's name, the one that counts most first: its own, that of all discs of it."""
    own = stem(video)
    whole = _DISC.sub("", own)
    return [own, whole] if whole not in {"", own} else [own]


def film_in(folder: bytes, videos: Collection[bytes]) -> set[bytes]:
    """Those of a folder's videos, by name, that are the one film in it: its parts and versions; none of several films.

    Trailers and other extras, as Jellyfin and Kodi name them, do not count. Versions are named as Jellyfin has it:
    ``Film (1927)/Film (1927) - 4K.mkv``.
    """
    films = {name: stem(name) for name in videos}
    films = {name: said for name, said in films.items() if not _EXTRA.fullmatch(said)}
    title = plain(folder.rpartition(b"/")[2])
    one = len({_PART.sub("", said) for said in films.values()}) == 1
    versions = title and all((said + " - ").startswith((title + " - ", title + " [")) for said in films.values())
    return set(films) if one or versions else set()


class _Film:
    """The one film in a folder with these videos."""

    def __init__(self, videos: Sequence[bytes]) -> None:
        self._videos = videos
        self._names: set[bytes] | None = None

    def has(self, video: Any) -> bool:
        """Whether a video, there or missing, is that film or a part or version of it."""
        if video.missing_since is not None:
            return video.name in film_in(video.path, {*self._videos, video.name})
        if self._names is None:
            self._names = film_in(video.path, self._videos)
        return video.name in self._names


class _Shelf:
    """Nfo files by folder and name."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._nfos: dict[tuple[int, str], list[Any]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.name):
            self._nfos[row.directory_id, stem(row.name)].append(row)

    def folders_with(self, name: str) -> set[int]:
        return {folder for folder, one in self._nfos if one == name.removesuffix(".nfo")}

    def near(self, video: Any, above: int | None, is_film: bool) -> _Near:
        here = video.directory_id
        own = [nfo for one in stems(video.name) for nfo in self._named(here, one, video)]
        if is_film:
            own += [nfo for nfo in self._named(here, "movie", video) if nfo not in own]
        series = self._named(here, "tvshow", video)
        if above is not None:
            series += self._named(above, "tvshow", video)
        return _Near(own, series)

    def _named(self, folder: int, name: str, video: Any) -> list[_Nfo]:
        """The nfo files of this name, first the one that has the video's in the same case and composition of letters.

        One that is missing still describes a video that is missing, too.
        """
        there = [
            row
            for row in self._nfos.get((folder, name), ())
            if row.missing_since is None or video.missing_since is not None
        ]
        exact = video.name.rpartition(b".")[0]
        there.sort(key=lambda row: (row.missing_since is not None, row.name.rpartition(b".")[0] != exact))
        return [_Nfo(row.id, join(row.path, row.name)) for row in there]


def _above(connection: sa.Connection, folders: Collection[bytes]) -> dict[bytes, int]:
    """The ids of the folders above these, by path."""
    table = directories.c
    above = {folder_of(folder) for folder in folders} - {b""}
    rows = select_in(connection, above, lambda some: sa.select(table.path, table.id).where(table.path.in_(some)))
    return {row.path: row.id for row in rows}


def _films(connection: sa.Connection, folder_ids: Collection[int]) -> dict[int, _Film]:
    """The one film in each folder, by the folder's id."""
    table = media_files.c
    videos = sa.select(table.directory_id, table.name).where(IS_VIDEO, IS_THERE)
    names: dict[int, list[bytes]] = {folder: [] for folder in folder_ids}
    for row in select_in(connection, folder_ids, lambda some: videos.where(table.directory_id.in_(some))):
        names[row.directory_id].append(row.name)
    return {folder: _Film(videos) for folder, videos in names.items()}


def _has_episode(answer: Answer) -> bool:
    # Within a value the quotes would be escaped.
    return answer.data is not None and '"episode":' in answer.data


def _of_video(answer: Answer) -> Mapping[str, Any]:
    """The facts of a video in an answer to its nfo file."""
    said = _said(answer)
    is_of_video = said.get("nfo_type", "movie") in _OF_VIDEOS
    return {name: value for name, value in said.items() if name not in OF_THE_FILE} if is_of_video else {}


def _said(answer: Answer) -> Mapping[str, Any]:
    try:
        said = orjson.loads(answer.data) if answer.data is not None else {}
    except orjson.JSONDecodeError:
        return {}  # fsck finds it
    return said if isinstance(said, dict) else {}
