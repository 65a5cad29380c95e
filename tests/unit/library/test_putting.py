"""Metadata that plugins put outside of scans: it counts as a scraper's, is found, told of, and outlives scans."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_changes import Told
from viewra import library
from viewra.errors import NotFound
from viewra.library import fsck
from viewra.library.putting import put_metadata
from viewra.types.values import Value


@pytest.fixture
def scanned(world: World) -> World:
    world.hook.add_scraper("tags")
    world.put("a.mp3")
    world.put("b.mp3")
    world.scan()
    return world


def put(world: World, values: Mapping[str, Value], plugin: str = "web", priority: int = 0, name: str = "a") -> int:
    number = world.ids()[str(world.folder / f"{name}.mp3")]
    put_metadata(world.engine, plugin, {number: values}, priority={"title": priority})
    return number


def found(world: World, query: str) -> int:
    return library.search(world.engine, None, query).total


def test_it_is_shown_and_found_with_its_source(scanned: World) -> None:
    told = Told(scanned)
    listener = scanned.hook.add_listener()
    number = put(scanned, {"title": "Sarabande", "genre": ("Baroque", "Suite"), "mood": "calm"})
    said = library.show(scanned.engine, number).metadata
    assert (said["title"].value, said["title"].plugin, said["title"].others) == ("Sarabande", "web", (("tags", "a"),))
    assert [found(scanned, query) for query in ("sarabande", "genre:suite", "mood:calm", "title:a")] == [1, 1, 1, 0]
    assert told.take() == [("changed", "a.mp3", "")]
    assert listener.heard == [], "a listener that puts would hear of itself"
    scanned.check_consistent()
    put(scanned, {})
    assert [found(scanned, query) for query in ("sarabande", "title:a")] == [0, 1]
    assert library.has_read(scanned.engine, "web") is False


def test_orders_and_priorities_apply(scanned: World) -> None:
    put(scanned, {"title": "Low"}, priority=-1)
    assert found(scanned, "low") == 0, "the manifest's priority"
    library.set_priority(scanned.engine, "title", ["web"])
    assert found(scanned, "low") == 1, "the operator's order"


def test_it_outlives_scans_and_stands_beside_what_the_same_plugin_reads(scanned: World) -> None:
    put(scanned, {"title": "Found"}, plugin="tags")
    scanned.put("a.mp3", b"another content")
    scanned.scan()
    assert found(scanned, "found") == 0, "what it has read since is newer"
    put(scanned, {"title": "Found again", "isrc": "DEZZZ2200002"}, plugin="tags")
    scanned.scan(full=False)
    assert found(scanned, "found isrc:DEZZZ2200002") == 1
    scanned.check_consistent()
    assert not fsck.verify(scanned.engine)
    (scanned.folder / "a.mp3").unlink()
    scanned.scan()
    library.purge_missing(scanned.engine)
    assert scanned.rows("SELECT * FROM put_metadata") == []


def test_nothing_takes_back_what_the_same_plugin_has_read_of_this_file(scanned: World) -> None:
    put(scanned, {"mood": "calm"}, plugin="tags")
    put(scanned, {}, plugin="tags")
    assert library.show(scanned.engine, scanned.ids()[str(scanned.folder / "a.mp3")]).metadata == {}
    assert (found(scanned, "mood:calm"), found(scanned, "title:b")) == (0, 1), "only of this one"
    scanned.check_consistent()
    assert not fsck.verify(scanned.engine)
    scanned.scan(full=False)
    assert library.show(scanned.engine, scanned.ids()[str(scanned.folder / "a.mp3")]).metadata == {}
    scanned.put("a.mp3", b"another content")
    scanned.scan()
    assert library.show(scanned.engine, scanned.ids()[str(scanned.folder / "a.mp3")]).metadata["title"].plugin == "tags"


def test_a_file_that_is_not_there_changes_nothing(scanned: World) -> None:
    number = scanned.ids()[str(scanned.folder / "a.mp3")]
    with pytest.raises(NotFound, match="no file with the id 99"):
        put_metadata(scanned.engine, "web", {number: {"title": "x"}, 99: {"title": "y"}}, priority={})
    assert scanned.rows("SELECT * FROM put_metadata") == []
