"""The ids of albums stay as long as what they name, wherever its files go."""

from __future__ import annotations

import shutil

import pytest

from tests.unit.library.conftest import Shelf
from viewra.library import verify


def test_ids_stay(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A", genre="G")
    shelf.put("x/2.mp3", album="One", artist="A")
    shelf.put("y/3.mp3", album="One", artist="A")
    shelf.world.scan()
    ids, artist = shelf.ids(), shelf.access.artists().items[0].id
    (stays,) = (album.id for album in shelf.access.albums("path:y").items)
    shelf.world.scan(full=True)
    assert shelf.ids() == ids
    (shelf.world.folder / "x").rename(shelf.world.folder / "z")
    shelf.world.scan()
    assert shelf.ids() == ids
    shutil.move(shelf.world.folder / "z", shelf.world.folder.parent / "away")
    shelf.world.scan()
    assert shelf.ids() == [stays]
    shutil.move(shelf.world.folder.parent / "away", shelf.world.folder / "z")
    shelf.world.scan()
    assert shelf.ids() == ids
    assert shelf.access.artists().items[0].id == artist


def test_ids_stay_however_long_the_names_are(shelf: Shelf) -> None:
    shelf.put(f"{'x' * 150}/{'y' * 150}/1.mp3", album="One " * 100, artist="A", albumartist="B" * 300)
    shelf.world.scan()
    ids = shelf.ids()
    (shelf.world.folder / ("x" * 150)).rename(shelf.world.folder / ("z" * 150))
    shelf.world.scan()
    assert shelf.ids() == ids
    assert verify(shelf.world.engine) == []


@pytest.mark.parametrize("old_first", [True, False])
def test_an_album_keeps_its_id_when_it_moves_to_another_library(shelf: Shelf, old_first: bool) -> None:
    other = shelf.world.folder.with_name("other")
    other.mkdir()
    shelf.put("a/x/1.mp3", album="One", artist="A")
    shelf.put("a/x/2.mp3", album="One", artist="A")
    shelf.put("a/y/3.mp3", album="Two", artist="A")
    shelf.world.scan()
    shelf.world.scan(other)
    ids = shelf.ids()
    shutil.move(shelf.world.folder / "a" / "x", other / "a" / "x")
    shutil.copytree(shelf.world.folder / "a" / "y", other / "a" / "y")
    for folder in (shelf.world.folder, other) if old_first else (other, shelf.world.folder):
        shelf.world.scan(folder)
    assert shelf.ids()[:2] == ids
    assert shelf.access.album(ids[0]).files == 2
    assert [album.files for album in shelf.access.albums("sort:id").items] == [2, 1, 1], "a copy is an album of its own"
    assert verify(shelf.world.engine) == []


def test_a_copy_of_a_folder_is_an_album_of_its_own(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A")
    shelf.put("x/2.mp3", album="One", artist="A")
    shelf.world.scan()
    (first,) = shelf.ids()
    (shelf.world.folder / "y").mkdir()
    (shelf.world.folder / "x/2.mp3").rename(shelf.world.folder / "y/2.mp3")
    shelf.world.scan()
    assert sorted(album.files for album in shelf.access.albums().items) == [1, 1]
    assert shelf.access.album(first).files == 1


def test_tags_that_change_move_a_file_to_another_album(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A", genre=["Rock", "Pop"])
    shelf.put("x/2.mp3", album="One", artist="A")
    shelf.world.scan()
    shelf.tags["1.mp3"] = {"album": "Two", "artist": ["B", "C"], "genre": "Jazz"}
    shelf.world.scan(full=True)
    assert shelf.albums() == {"A: One": 1, "B; C: Two": 1}
    assert [artist.name for artist in shelf.access.artists().items] == ["A", "B", "C"]
    assert [genre.name for genre in shelf.access.genres().items] == ["Jazz"]
