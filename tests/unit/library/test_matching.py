"""Recordings from elsewhere are matched to files: by identifiers, else by texts that need not be the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra.library.matching import match, similarity
from viewra.library.putting import put_metadata
from viewra.types import FileOutcome, Recording
from viewra.types.values import Value

ID = "db9fe74e-c014-5fc6-8b90-3b6deb1dba39"
SAID: dict[str, dict[str, Value]] = {
    "a": {"title": "Sarabande (Remastered 2011)", "artist": "Johann Sebastian Bach", "duration": "245.000"},
    "b": {"title": "Für Elise", "artist": "Ludwig van Beethoven", "isrc": ("DEZZZ2200002", "GBAAA0000001")},
    "c": {"title": "Something else", "artist": "Nobody", "musicbrainz_recordingid": ID},
    "d": {"title": "Sarabande", "artist": "Georg Friedrich Händel", "duration": "180.000"},
}


@pytest.fixture
def music(world: World) -> World:
    world.hook.add_scraper("tags", lambda files: [FileOutcome(SAID[Path(file.file_path).stem]) for file in files])
    for name in SAID:
        world.put(f"{name}.mp3")
    world.scan()
    return world


def found(world: World, recording: Recording) -> list[tuple[str, float, str]]:
    (matches,) = match(world.engine, [recording])
    return [(Path(one.path).stem, one.score, one.by) for one in matches]


def test_by_identifiers(music: World) -> None:
    assert found(music, Recording("Für Elise", musicbrainz_recordingid=ID)) == [("c", 1.0, "musicbrainz_recordingid")]
    assert found(music, Recording(isrc="gb-aaa-00-00001")) == [("b", 0.96, "isrc")]
    assert found(music, Recording(isrc="GBAAA0000002")) == []
    put_metadata(music.engine, "web", {music.ids()[str(music.folder / "a.mp3")]: {"acoustid_id": ID}}, priority={})
    assert found(music, Recording(acoustid_id=ID)) == [("a", 0.98, "acoustid_id")]
    (music.folder / "c.mp3").unlink()
    music.scan()
    assert found(music, Recording(musicbrainz_recordingid=ID)) == [], "it is missing"


def test_by_texts(music: World) -> None:
    (best, *_) = found(music, Recording("Sarabande", "J. S. Bach", 246.0))
    assert best[0] == "a"
    assert found(music, Recording("Fur Elise", "Ludwig van Beethoven"))[0] == ("b", 1.0, "texts")
    assert found(music, Recording("Fur Elisee", "Beethoven"))[0][0] == "b", "a slip in the title"
    assert found(music, Recording("Sarabande", "Händel", 180.0))[0][0] == "d"
    assert found(music, Recording("Purple Rain", "Prince")) == []
    assert found(music, Recording('"OR (', "artist:*")) == [], "what is asked is no query"
    assert found(music, Recording()) == []


def test_similarity() -> None:
    assert similarity("Hey Jude (Live)", "hey jude") == 1.0
    assert similarity("(What's the Story)", "whats the story") > 0.6
    assert similarity("", "") == 0.0
    assert similarity("abc", "xyz") == 0.0
