"""Which covers are fetched for albums, and when they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.musicbrainz import PNG, mbid, recording
from viewra.types import AssetLink, FileEntry

from .conftest import MOLL, TAGS, World, with_cover, world_of


def test_covers_come_once_for_an_album_and_go_with_its_matches(world: World) -> None:
    path = with_cover(world)
    world.put(**TAGS)
    world.put(**{**TAGS, "title": "Romanze F-Dur"})
    world.scan()
    (link,) = world.host.assets_store.linked
    assert (link.kind, link.album_id, link.asset.media_type, path in link.source_url) == ("front", 7, "image/png", True)
    assert world.paths().count(path) == 1
    world.plugin._lookups.reject(1)
    assert len(world.host.assets_store.linked) == 1, "the other song is still of that record"
    world.plugin._lookups.reject(2)
    assert world.host.assets_store.linked == []


def test_covers_go_with_a_match_that_no_longer_holds(world: World) -> None:
    with_cover(world)
    number = world.put(**TAGS)
    world.scan()
    assert len(world.host.assets_store.linked) == 1
    other = recording("Another", MOLL["artist-credit"])
    world.service.recordings.append(other)
    world.plugin._lookups.choose(number, other["id"])
    world.work()
    assert world.host.assets_store.linked == []
    world.plugin._lookups.choose(number, MOLL["id"])
    world.work()
    assert len(world.host.assets_store.linked) == 1
    world.service.recordings.clear()
    world.plugin._queue.add_again([number])
    world.work()
    assert world.host.assets_store.linked == []


def test_albums_with_a_cover_of_their_own_are_left_alone(world: World) -> None:
    with_cover(world)
    picture = FileEntry(9, 1, str(world.folder / "front.png"), "image/png", 1, 0, "image")
    elsewhere = FileEntry(9, 1, "/elsewhere/front.png", "image/png", 1, 0, "image")
    beside = f'library_id:1 kind:image cover_of:"{world.folder.name}"'
    world.put(**TAGS)
    for own in ({"album_id:7 has_picture:yes": [picture]}, {beside: [picture]}):
        world.library.own = own
        world.plugin._queue.add_again([1])
        world.work()
        assert world.host.assets_store.linked == []
    world.library.own = {beside: [elsewhere]}
    world.plugin._queue.add_again([1])
    world.work()
    assert len(world.host.assets_store.linked) == 1


def test_a_cover_that_another_plugin_has_linked_is_not_fetched_again(world: World) -> None:
    with_cover(world)
    other = AssetLink(world.host.assets_store.add(PNG, "image/png"), "front", "another", album_id=7)
    world.host.assets_store.linked.append(other)
    world.put(**TAGS)
    world.scan()
    assert world.host.assets_store.linked == [other]
    assert not [one for one in world.paths() if one.endswith(".jpg")]


@pytest.mark.parametrize("image", [{"approved": False}, {"types": ["Back"], "front": False}, {"id": "../x"}])
def test_pictures_that_are_not_meant_are_not_fetched(world: World, image: dict[str, Any]) -> None:
    with_cover(world, **image)
    world.put(**TAGS)
    world.scan()
    assert world.host.assets_store.linked == []
    assert [one.rpartition("/")[2] for one in world.paths() if one.endswith(".jpg")] == []


def test_settings_choose_covers(tmp_path: Path) -> None:
    more = {"artwork.download_front_cover": False, "artwork.download_medium": True, "artwork.max_size": 499}
    with world_of(tmp_path, **more) as world:
        release_id = MOLL["releases"][0]["id"]
        with_cover(world, types=["Medium"])
        world.service.pictures = {f"{release_id}/829521842-250.jpg": PNG}
        world.put(**TAGS)
        world.scan()
        assert [one.kind for one in world.host.assets_store.linked] == ["disc"]
    with world_of(tmp_path, **{"artwork.enabled": False}) as world:
        with_cover(world)
        world.put(**TAGS)
        world.scan()
        assert world.host.assets_store.linked == []


def test_where_the_release_is_not_known_its_group_has_a_cover(world: World) -> None:
    with_cover(world)
    (cd,) = MOLL["releases"]
    (index,) = world.service.covers.values()
    world.service.covers = {f"release-group/{cd['release-group']['id']}": index}
    world.service.recordings = [{**MOLL, "releases": [cd, {**cd, "id": mbid("LP")}]}]
    world.put(**TAGS)
    world.scan()
    assert len(world.host.assets_store.linked) == 1


def test_nothing_is_asked_twice_of_an_archive_that_has_nothing(world: World) -> None:
    world.put(**TAGS)
    world.put(**{**TAGS, "title": "Romanze F-Dur"})
    for number in (1, 2):
        world.scan(number)
    assert sum(one.startswith("/release/") for one in world.paths()) == 1
