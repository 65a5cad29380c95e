"""The catalogue follows what happens to files, and fsck mends it."""

from __future__ import annotations

import random

from tests.unit.library.conftest import Shelf
from viewra.library import verify


def test_a_library_that_goes_leaves_nothing_behind(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A", genre="G")
    shelf.world.scan()
    shelf.access.remove(str(shelf.world.folder))
    for listing in (shelf.access.albums, shelf.access.artists, shelf.access.genres, shelf.access.files):
        assert listing().items == ()
    assert shelf.access.stats().files == 0


def test_fsck_mends_the_catalogue(shelf: Shelf) -> None:
    shelf.put("x/1.mp3", album="One", artist="A")
    shelf.put("x/2.mp3", album="Two", artist="A")
    shelf.world.scan()
    assert verify(shelf.world.engine) == []
    with shelf.world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM catalogue WHERE media_file_id = 1")
        connection.exec_driver_sql("UPDATE catalogue SET title = 'wrong' WHERE media_file_id = 2")
    assert {finding.check for finding in verify(shelf.world.engine)} == {"index"}
    verify(shelf.world.engine, repair=True)
    assert verify(shelf.world.engine) == []
    assert shelf.albums() == {"A: One": 1, "A: Two": 1}
    assert [file.title for file in shelf.access.files().items] == ["1", "2"]


def test_the_catalogue_follows_whatever_happens_to_files(shelf: Shelf) -> None:
    chance = random.Random(15)
    folders = ("a", "b", "b/CD1", "b/CD2")
    for number in range(12):
        shelf.put(f"{chance.choice(folders)}/{number}.mp3", **_tags(chance))
    for _ in range(12):
        for path in sorted(shelf.world.folder.rglob("*.mp3")):
            if (action := chance.randrange(6)) == 0:
                path.unlink()
            elif action == 1:
                shelf.tags[path.name] = _tags(chance)
                path.write_bytes(path.read_bytes() + b".")
            elif action == 2:
                (to := shelf.world.folder / chance.choice(folders)).mkdir(parents=True, exist_ok=True)
                path.rename(to / path.name)
        shelf.put(f"{chance.choice(folders)}/{chance.randrange(12)}.mp3", **_tags(chance))
        shelf.world.scan(full=chance.random() < 0.2)
        shelf.world.check_consistent()
        assert [finding for finding in verify(shelf.world.engine) if not finding.harmless] == []


def _tags(chance: random.Random) -> dict[str, str]:
    release = chance.choice(("", "", "a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468"))
    return {
        "album": chance.choice(("One", "one (Disc 2)", "Two", "")),
        "artist": chance.choice(("A", "B", "")),
        "albumartist": chance.choice(("", "", "A", "C")),
        "date": chance.choice(("", "1990", "2001")),
        "duration": chance.choice(("", "1.5", "2")),
        "musicbrainz_albumid": release,
    }


def test_names_that_no_index_could_hold(shelf: Shelf) -> None:
    long = "x" * 60_000
    shelf.put("x/1.mp3", album=long, artist=long + "1", genre=long)
    shelf.put("x/2.mp3", album=long + "2", artist=long, title="\u0301")
    shelf.world.scan()
    assert len(shelf.access.albums().items) == len(shelf.access.artists().items) == 2
    assert verify(shelf.world.engine) == []
