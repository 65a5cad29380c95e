"""What has a cover: an album, or a file of none; and what the host knows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

from viewra.types import FileEntry
from viewra.types.values import Value

if TYPE_CHECKING:
    from viewra.sdk.host.library import HostLibrary

_PAGE = 1000
_MOST_FILES = 200
_RELEASE, _GROUP, _PICTURE = "musicbrainz_albumid", "musicbrainz_releasegroupid", "has_picture"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@attrs.frozen
class Owner:
    """An album or a file, by its id."""

    kind: Literal["album", "file"]
    id: int

    @property
    def target(self) -> dict[str, int]:
        """It as ``assets.link`` names it."""
        return {"album_id" if self.kind == "album" else "media_file_id": self.id}

    @property
    def key(self) -> str:
        """The key of its task."""
        return f"{self.kind} {self.id}"


@attrs.frozen
class Known:
    """What is known of an owner: its files, the first with a picture inside, and its MusicBrainz ids.

    An id is "" where none is stated, and where files state several.
    """

    paths: tuple[str, ...]
    with_picture: str = ""
    release: str = ""
    release_group: str = ""


def known_of(library: HostLibrary, owner: Owner) -> Known:
    """What the host knows of an album or a file."""
    query = f"album_id:{owner.id} sort:track" if owner.kind == "album" else f"id:{owner.id}"
    entries = library.files(query, limit=_MOST_FILES).items
    said = library.metadata([one.id for one in entries], (_RELEASE, _GROUP, _PICTURE)) if entries else {}
    pictured = (one.path for one in entries if said.get(one.id, {}).get(_PICTURE) == "true")
    rows = list(said.values())
    return Known(tuple(one.path for one in entries), next(pictured, ""), _only(rows, _RELEASE), _only(rows, _GROUP))


def owners_of(library: HostLibrary, ids: Sequence[int]) -> list[Owner]:
    """The albums of these files, and those files of no album that name a release."""
    entries = library.with_ids(ids, "kind:audio")
    albums = dict.fromkeys(Owner("album", one.album_id) for one in entries if one.album_id is not None)
    return [*albums, *_alone(library, [one for one in entries if one.album_id is None])]


def albums_of_library(library: HostLibrary) -> Iterator[list[Owner]]:
    """All albums, some at a time."""
    after: str | None = None
    while True:
        page = library.albums(after=after, limit=_PAGE)
        yield [Owner("album", one.id) for one in page.items]
        if page.next is None:
            return
        after = page.next


def _alone(library: HostLibrary, entries: Sequence[FileEntry]) -> list[Owner]:
    said = library.metadata([one.id for one in entries], (_RELEASE,)) if entries else {}
    return [Owner("file", one.id) for one in entries if _RELEASE in said.get(one.id, {})]


def _only(rows: Sequence[dict[str, Value]], field: str) -> str:
    """The one id that all files with an id state."""
    values = {value if isinstance(value, str) else "; ".join(value) for row in rows if (value := row.get(field))}
    only = values.pop().lower() if len(values) == 1 else ""
    return only if _UUID.fullmatch(only) else ""
