"""Fetches covers from the Cover Art Archive, and links them with albums that have none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from viewra.errors import NotFound, QuotaExceeded
from viewra.types import FileEntry

from .answers import Garbled
from .client import Client
from .store import Match, Store
from .texts import uuid, uuid_in

if TYPE_CHECKING:
    from viewra.sdk.host import HostServices
    from viewra.sdk.log import Logger
    from viewra.sdk.settings import Settings

KINDS = {
    "download_front_cover": ("Front", "front"),
    "download_back_cover": ("Back", "back"),
    "download_booklet": ("Booklet", "booklet"),
    "download_medium": ("Medium", "disc"),
    "download_tray": ("Tray", "inlay"),
    "download_obi": ("Obi", "obi"),
    "download_spine": ("Spine", "spine"),
    "download_liner": ("Liner", "liner"),
    "download_sticker": ("Sticker", "sticker"),
    "download_poster": ("Poster", "poster"),
}
"""Setting → the archive's name of a kind (https://musicbrainz.org/doc/Cover_Art/Types), and viewra's."""
SIZES = (1200, 500, 250)
"""The sizes of the archive's thumbnails in pixels."""
_MOST_IMAGES = 500
_NOTHING_S = 86_400.0
"""Seconds for which it is remembered that the archive has nothing."""
_MOST_PICTURES = 100


class Covers:
    """Covers for the albums of files that were matched."""

    def __init__(self, host: HostServices, store: Store, log: Logger) -> None:
        self._host = host
        self._store = store
        self._log = log

    def enqueue(self, match: Match) -> None:
        """Have the covers of a file's release fetched, once for each album."""
        entry = self._entry(match)
        if entry is not None and match.covers_of:
            key = f"covers {entry.album_id} {match.covers_of}"
            self._host.tasks.enqueue("covers", {"file": match.media_file_id}, key=key, priority=-1)

    def fetch(self, match: Match, client: Client, settings: Settings) -> None:
        """Fetch the covers of a file's release, unless its album has some. Raises as ``Client`` does."""
        entry = self._entry(match)
        if entry is None or entry.album_id is None or not match.covers_of:
            return
        wanted = {kind: name for setting, (name, kind) in KINDS.items() if settings[setting]}
        there = self._store.kinds_of_album(entry.album_id)
        shown = {one.kind for one in self._host.assets.all_links(album_id=entry.album_id)} if wanted else set()
        others = shown - there if settings.skip_existing else set()
        wanted = {kind: name for kind, name in wanted.items() if kind not in there | others}
        if not wanted or (settings.skip_existing and not there and self._has_own(entry)):
            return
        if self._host.cache.get(nothing := f"no covers {match.covers_of}"):
            return
        index = client.covers(match.covers_of)
        if index is None:
            self._host.cache.set(nothing, True, ttl_s=_NOTHING_S)
            return
        size = next((one for one in SIZES if one <= settings.max_size), SIZES[-1])
        for kind, number in _chosen(index, wanted):
            release_id = match.covers_of.partition("/")[2]
            if match.covers_of.startswith("release-group/"):
                release_id = uuid_in(index.get("release"))
            if uuid(release_id):
                self._link(client, entry.album_id, kind, release_id, f"{number}-{size}.jpg", match.covers_of)

    def remove(self, covers_of: str) -> None:
        """Take back the covers of a release that no match leads to any more."""
        if not covers_of or self._store.files_of(covers_of):
            return
        for album_id, kind, asset_id in self._store.covers_of(covers_of):
            try:
                self._host.assets.unlink(asset_id, kind, album_id=album_id)
            except NotFound:
                continue
        self._store.drop_covers(covers_of)

    def _link(self, client: Client, album_id: int, kind: str, release_id: str, name: str, covers_of: str) -> None:
        try:
            answer = client.cover(release_id, name)
        except QuotaExceeded as error:
            self._log.warning("a cover is too large", release=release_id, kind=kind, error=error.message)
            return
        if answer is None:
            return
        asset = self._host.assets.get(answer.asset_id)
        if asset is None or not asset.media_type.startswith("image/"):
            self._host.assets.delete(answer.asset_id)
            raise Garbled(f"{answer.url[:200]} is no picture")
        self._host.assets.link(asset.id, kind, album_id=album_id, source_url=answer.url)
        self._store.put_cover(album_id, kind, asset.id, covers_of)

    def _entry(self, match: Match) -> FileEntry | None:
        """The file of a match, if it is part of an album."""
        found = self._host.library.files(f"id:{match.media_file_id}", limit=1).items
        return found[0] if found and found[0].album_id is not None else None

    def _has_own(self, entry: FileEntry) -> bool:
        """Whether an album has a picture in one of its files, or beside them."""
        library = self._host.library
        known = library.fields()  # a field that no plugin has said anything in cannot be asked for
        if "has_picture" in known and library.files(f"album_id:{entry.album_id} has_picture:yes", limit=1).items:
            return True
        folder = os.path.dirname(entry.path)  # noqa: PTH120 - a text that may have any bytes
        name = os.path.basename(folder).replace("\\", " ").replace('"', " ").strip()  # noqa: PTH119
        if not name or "cover_of" not in known:
            return False
        query = f'library_id:{entry.library_id} kind:image cover_of:"{name}"'
        beside = library.files(query, limit=_MOST_PICTURES).items
        return any(one.path.startswith(folder + "/") for one in beside)


def _chosen(index: Mapping[str, Any], wanted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The first approved picture of each kind, by its number in the archive."""
    if not isinstance(index.get("images"), list):
        raise Garbled("the Cover Art Archive's answer has no list of images")
    images = [one for one in index["images"][:_MOST_IMAGES] if isinstance(one, Mapping)]
    for kind, name in wanted.items():
        for image in images:
            types, number = image.get("types"), str(image.get("id", ""))
            is_front = kind == "front" and image.get("front") is True
            fits = is_front or (isinstance(types, list) and name in types)
            if fits and image.get("approved") is not False and number.isascii() and number.isdigit():
                yield kind, number[:20]
                break
