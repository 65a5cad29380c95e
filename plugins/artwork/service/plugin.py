"""Defines the class that the host calls: after scans, tasks choose the covers of albums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from viewra.errors import NotFound, QuotaExceeded, UsageError
from viewra.sdk import Enricher
from viewra.types import AssetLink, NewTask, Task

from . import archive, pictures
from .owners import Known, Owner, albums_of_library, known_of, owners_of

FRONT = "front"
_CHOOSE, _ARCHIVE = "choose", "archive"
_DAY_S = 86_400.0
_BY_OPERATOR = {"chosen": "operator"}


class Artwork(Enricher):
    """Chooses the covers of albums."""

    settle_s = 60.0  # by then the other files of an album have been read, too
    complaints: ClassVar = {_ARCHIVE: "no covers can be fetched"}

    def look_at(self, ids: Sequence[int]) -> list[NewTask]:
        """A task for each album, and for each file of none that names a release."""
        return _choices(owners_of(self.host.library, ids))

    def look_at_library(self) -> Iterator[list[NewTask]]:
        """A task for each album."""
        return map(_choices, albums_of_library(self.host.library))

    def basis(self) -> object:
        """What of the settings decides which cover is chosen."""
        settings = self.settings
        return [list(settings.order), settings.size, settings.release_groups, settings.url]

    def enrich(self, task: Task) -> None:
        """Choose a cover, or do what the operator asks for (docs/plugins/artwork.md)."""
        owner = _owner(task.data)
        if task.name == "set":
            self._set(owner, task.data)
        elif task.name == "unset":
            self._unlink(owner)
            self._choose(owner, asked=False)
        elif task.name in (_CHOOSE, "fetch"):
            self._choose(owner, asked=task.name == "fetch")
        else:
            raise UsageError(f"there is no task {task.name!r}", hint="there are: walk, choose, fetch, set and unset")

    # ---- choosing ----

    def _choose(self, owner: Owner, *, asked: bool) -> None:
        """Choose a cover by the order of the settings; ``asked``: from the archive, whatever else is there."""
        known = known_of(self.host.library, owner)
        if not known.paths:
            return
        if asked:
            self._fetched(owner, known, asked=True)
            return
        links = self.host.assets.links(**owner.target)
        if any(map(_is_operators, links)):
            return
        in_folder = pictures.in_folders(known.paths)
        for source in dict.fromkeys(self.settings.order):
            if source == "folder" and in_folder:
                self._unlink(owner)  # viewra shows it by itself, and first
                return
            if source == "embedded" and known.with_picture:
                self._embedded(owner, known, is_first=not in_folder)
                return
            if source == "online":
                if any(one.metadata.get("source") == _ARCHIVE for one in links):
                    return
                if self._is_shown(owner):
                    break
                if self._fetched(owner, known, asked=False):
                    return
        self._unlink(owner)

    def _is_shown(self, owner: Owner) -> bool:
        """Whether another plugin has linked a cover, which is as good as another from the network."""
        found = self.host.assets.all_links(**owner.target)
        return any(one.kind == FRONT and one.plugin_id != self.context.plugin_id for one in found)

    def _embedded(self, owner: Owner, known: Known, *, is_first: bool) -> None:
        """Show the picture in the files; if that ``is_first`` of what viewra finds, it does so by itself."""
        if is_first:
            self._unlink(owner)
            return
        try:
            content = pictures.inside(known.with_picture)
        except pictures.Unreadable as error:
            self.log.warning("a picture cannot be read", file=known.with_picture, error=str(error))
            return
        self._link(owner, self.host.assets.put(content).id, {"source": "embedded"})

    def _fetched(self, owner: Owner, known: Known, *, asked: bool) -> bool:
        """Whether the archive has a cover, which is linked then."""
        groups = [("release-group", known.release_group)] if self.settings.release_groups else []
        for entity, mbid in (("release", known.release), *groups):
            unknown = f"none/{entity}/{mbid}"
            if not mbid or (not asked and self.host.kv.get(unknown)):
                continue
            with self.asking(_ARCHIVE):
                cover = archive.fetch(self.host, self.settings.url, entity, mbid, self.settings.size)
            if cover is not None:
                said = {"source": _ARCHIVE, **(_BY_OPERATOR if asked else {})}
                self._link(owner, cover.asset_id, said, cover.url)
                return True
            try:
                self.host.kv.set(unknown, True, ttl_s=self.settings.ask_again_days * _DAY_S)
            except QuotaExceeded:  # it is asked for again sooner
                self.log.warning("no more albums without covers can be remembered")
        return False

    def _set(self, owner: Owner, data: object) -> None:
        """Show what the operator chose, whatever comes."""
        path = data.get("path") if isinstance(data, dict) else None
        if not isinstance(path, str):
            raise UsageError("the path of a picture is missing", hint='data={"album_id": 7, "path": "/music/a.jpg"}')
        try:
            content = pictures.read(path)
        except pictures.Unreadable as error:
            raise UsageError(f"{path!r}: {error}", hint="name a picture in a library") from error
        stored = self.host.assets.put(content)
        if not stored.media_type.startswith("image/"):
            raise UsageError(f"{path!r} is no picture, but {stored.media_type}")
        self._link(owner, stored.id, {"source": "file", **_BY_OPERATOR})

    def _link(self, owner: Owner, asset_id: str, said: Mapping[str, str], source_url: str = "") -> None:
        """Link a cover in place of one that this plugin has linked."""
        try:
            self.host.assets.link(asset_id, FRONT, **owner.target, source_url=source_url, metadata=said)
        except NotFound:  # the album was forgotten meanwhile
            return
        for one in self.host.assets.links(**owner.target):
            if one.asset.id != asset_id:
                self.host.assets.unlink(one.asset.id, one.kind, **owner.target)

    def _unlink(self, owner: Owner) -> None:
        """Remove what this plugin has linked."""
        for one in self.host.assets.links(**owner.target):
            self.host.assets.unlink(one.asset.id, one.kind, **owner.target)


def _is_operators(link: AssetLink) -> bool:
    return _BY_OPERATOR.items() <= link.metadata.items()


def _owner(data: object) -> Owner:
    """The album or file that a task is about."""
    found = data if isinstance(data, dict) else {}
    if isinstance(number := found.get("album_id"), int):
        return Owner("album", number)
    if isinstance(number := found.get("media_file_id"), int):
        return Owner("file", number)
    raise UsageError("it is not said of what", hint='data={"album_id": 7} or data={"media_file_id": 7}')


def _choices(owners: Sequence[Owner]) -> list[NewTask]:
    return [NewTask(_CHOOSE, one.target, key=one.key) for one in owners]
