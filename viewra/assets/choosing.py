"""Chooses the artwork of albums, artists, files and series, in the order that docs/artwork.md describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs
import sqlalchemy as sa

from viewra.assets import candidates
from viewra.assets.candidates import Candidate, Place
from viewra.assets.content import PICTURES
from viewra.assets.store import AssetStore
from viewra.db.tables import media_files
from viewra.db.transactions import reading
from viewra.library import priorities
from viewra.library.merge import Reading
from viewra.types import Asset, AssetLink

FRONT = ("front", "poster", "thumbnail")
ARTIST = ("artist", "thumbnail", "front")
_FIELD = "artwork"
"""The field by which an operator orders plugins that have pictures."""
_POSTER = "poster"
"""What a series has in common: an episode's other pictures are its own."""
_ALBUMS, _EMBEDDED, _COVERS, _LINKED = 3, 4, 4, 4
"""How many of each are tried at most."""

Ask = Callable[[Candidate], Sequence[AssetLink]]
"""Gives the pictures of a file, asking its plugin if need be; none if the plugin cannot be asked."""


@attrs.frozen
class Chosen:
    """A picture: an asset, or a media file that is one itself."""

    asset: Asset | None = None
    media_file_id: int | None = None


class Choosing:
    """Chooses pictures; ``ask`` asks plugins. Every method raises ``DatabaseError``, and gives None without any."""

    def __init__(self, store: AssetStore, ask: Ask) -> None:
        self._store = store
        self._engine: sa.Engine = store.engine
        self._ask = ask

    def of_album(self, album_id: int, kinds: Sequence[str] = FRONT) -> Chosen | None:
        """What is linked with the album; a cover beside its files; a picture in them."""
        if linked := self._linked({"album_id": album_id}, kinds):
            return linked
        with reading(self._engine) as connection:
            places = candidates.of_album(connection, album_id)
        return self._beside(places, kinds) or self._inside(places, kinds)

    def of_artist(self, artist_id: int, kinds: Sequence[str] = ARTIST) -> Chosen | None:
        """What is linked with the artist; a picture of the artist beside or above the albums; the newest album's."""
        if linked := self._linked({"artist_id": artist_id}, kinds):
            return linked
        with reading(self._engine) as connection:
            albums = candidates.albums_of(connection, artist_id, _ALBUMS)
            places = [place for album_id in albums for place in candidates.of_album(connection, album_id)]
        own = [kind for kind in kinds if kind not in FRONT]
        found = self._beside(places, own, above=True) if own else None
        if found is not None or "front" not in kinds:
            return found
        return next(filter(None, (self.of_album(album_id) for album_id in albums)), None)

    def of_file(self, media_file_id: int, kinds: Sequence[str] = FRONT) -> Chosen | None:
        """What is linked with the file; itself, if it is a picture; one inside; a cover beside it; its album's."""
        with reading(self._engine) as connection:
            place = candidates.of_file(connection, media_file_id)
            mime_type = connection.execute(
                sa.select(media_files.c.mime_type).where(media_files.c.id == media_file_id)
            ).scalar()
        if place is None:
            return None
        if place.kind == "image" and mime_type in PICTURES:
            return Chosen(media_file_id=media_file_id)
        with reading(self._engine) as connection:
            inside = candidates.embedded(connection, [media_file_id])
        for one in inside:  # so that its links are those of the file as it is now
            self._ask(one)
        found = self._linked({"media_file_id": media_file_id}, _with_others(kinds))
        if found is not None or place.kind not in {"audio", "video"}:
            return found
        if place.album_id is not None:
            return self.of_album(place.album_id, kinds)
        return self._beside([place], kinds)

    def of_series(self, series_id: int, kinds: Sequence[str] = FRONT) -> Chosen | None:
        """A cover beside or above its episodes; a poster linked with one of the first; a picture in them."""
        with reading(self._engine) as connection:
            places = candidates.of_series(connection, series_id)
        posters = [kind for kind in kinds if kind == _POSTER]
        linked = (self._linked({"media_file_id": place.media_file_id}, posters) for place in places[:_LINKED])
        return (
            self._beside(places, kinds, above=True)
            or next(filter(None, linked if posters else ()), None)
            or self._inside(places, kinds)
        )

    def _linked(self, target: dict[str, int], kinds: Sequence[str]) -> Chosen | None:
        return self._best(self._store.links(target), kinds)

    def _best(self, links: Iterable[AssetLink], kinds: Sequence[str]) -> Chosen | None:
        """The link of the first kind; of several, that of the plugin that counts most."""
        fitting = [one for one in links if one.kind in kinds and one.asset.media_type in PICTURES]
        if not fitting:
            return None
        key: Callable[[Reading], object] | None = None
        if len({one.plugin_id for one in fitting}) > 1:
            with reading(self._engine) as connection:
                key = priorities.load(connection).key(_FIELD)

        def rank(at: int) -> tuple[int, object, int]:
            one = fitting[at]
            return kinds.index(one.kind), key(Reading(one.plugin_id, 0, {})) if key is not None else 0, at

        return Chosen(fitting[min(range(len(fitting)), key=rank)].asset)

    def _beside(self, places: Sequence[Place], kinds: Sequence[str], *, above: bool = False) -> Chosen | None:
        with reading(self._engine) as connection:
            found = candidates.covers(connection, places, kinds, above=above) if places else []
        return self._first(found[:_COVERS], kinds)

    def _inside(self, places: Sequence[Place], kinds: Sequence[str]) -> Chosen | None:
        with reading(self._engine) as connection:
            found = candidates.embedded(connection, [place.media_file_id for place in places])
        return self._first(found[:_EMBEDDED], _with_others(kinds))

    def _first(self, found: Sequence[Candidate], kinds: Sequence[str]) -> Chosen | None:
        return next(filter(None, (self._best(self._ask(one), kinds) for one in found)), None)


def _with_others(kinds: Sequence[str]) -> Sequence[str]:
    """A picture in a file may be its front, whatever it says of itself."""
    return (*kinds, "other") if "front" in kinds else kinds
