"""Which recording a file is found to be, and what is put of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.musicbrainz_enricher.service.client import Turns

from tests.musicbrainz import as_json, mbid, recording
from tests.vocabulary import faults
from viewra.types import TaskState

from .conftest import DUR, MOLL, TAGS, World, state, world_of


@pytest.mark.parametrize(
    ("tags", "way", "requests"),
    [
        ({"musicbrainz_recordingid": MOLL["id"]}, "recording id", 1),
        ({"musicbrainz_trackid": MOLL["releases"][0]["media"][0]["tracks"][0]["id"]}, "track id", 2),
        ({"isrc": "DE-ZZZ-22-00001", "title": "Romanze in a-Moll"}, "isrc", 2),
        ({"acoustid_id": mbid("print")}, "acoustid", 2),
        ({"acoustid_fingerprint": "AQAA", "duration": "1.000"}, "acoustid", 2),
        (TAGS, "tags", 2),
    ],
)
def test_the_ways(world: World, tags: dict[str, Any], way: str, requests: int) -> None:
    named = [{"id": MOLL["id"], "title": "Romanze a-Moll", "duration": 1, "artists": [{"name": "Clara Schumann"}]}]
    world.service.acoustids = {mbid("print"): named, "AQAA": named}
    world.put(**tags)
    world.scan()
    assert state(world) == ("matched", way, MOLL["id"])
    asked = [one for one in world.paths() if one.startswith(("/ws/", "/v2/"))]
    assert len(asked) == requests
    assert world.match()["looked_up_at"] > 0
    assert world.left() == []


def test_what_is_put(world: World) -> None:
    world.put(**TAGS)
    world.scan()
    (said,) = world.host.put_metadata.values()
    assert faults(said) == []
    assert said == {
        "title": "Romanze a-Moll", "artist": "Clara Schumann", "artists": "Clara Schumann",
        "artistsort": "Schumann, Clara", "album": "Drei Romanzen, op. 21",
        "date": "1996-05-02", "originaldate": "1996", "originalyear": "1996", "releasetype": "album",
        "releasestatus": "official", "releasecountry": "DE", "barcode": "4006408264064", "media": "CD",
        "tracknumber": "2", "totaltracks": "3", "discnumber": "1", "genre": "classical",
        "isrc": "DEZZZ2200001", "work": "Romanze a-Moll", "musicbrainz_workid": mbid("work Romanze a-Moll"),
        "musicbrainz_recordingid": MOLL["id"], "musicbrainz_artistid": mbid("Clara Schumann"),
        "musicbrainz_releasegroupid": mbid("group Drei Romanzen, op. 21"),
    }  # fmt: skip


def test_of_several_releases_only_what_they_have_in_common(world: World) -> None:
    (cd,) = MOLL["releases"]
    other = {**cd, "id": mbid("LP"), "date": "1980"}
    world.service.recordings = [{**MOLL, "releases": [cd, other]}, {**DUR, "releases": [cd, {**other, "title": "X"}]}]
    world.put(**TAGS)
    world.put(musicbrainz_recordingid=MOLL["id"], musicbrainz_albumid=other["id"])
    world.put(musicbrainz_recordingid=DUR["id"])
    world.scan()
    one, named, unknown = (world.host.put_metadata[number] for number in (1, 2, 3))
    assert (one["album"], one.get("date"), one["originaldate"]) == ("Drei Romanzen, op. 21", None, "1996")
    assert named["date"] == "1980", "the tags name it"
    assert "tracknumber" not in unknown
    assert ("albumartist" in one, named["albumartist"]) == (False, "Clara Schumann"), "only where tags name no album"
    assert not any("musicbrainz_albumid" in said for said in (one, named, unknown)), "an album would fall apart"


def test_a_release_is_certain_only_where_no_other_may_be_meant(world: World) -> None:
    (cd,) = MOLL["releases"]
    others = [{**cd, "id": mbid(f"sampler {at}"), "title": f"Sampler {at}"} for at in range(24)]
    world.service.recordings = [{**MOLL, "releases": [cd, *others]}, DUR]
    world.put(**TAGS)
    world.put(musicbrainz_recordingid=DUR["id"], musicbrainz_albumid=mbid("a later edition"), album=TAGS["album"])
    world.scan()
    for said in world.host.put_metadata.values():
        assert not {"date", "barcode", "tracknumber"} & {*said}
        assert said["musicbrainz_releasegroupid"] == cd["release-group"]["id"], "the album is the same"


def test_the_number_of_discs_is_not_guessed(world: World) -> None:
    (cd,) = MOLL["releases"]
    world.service.recordings = [{**MOLL, "releases": [{**cd, "media": [{**cd["media"][0], "position": 2}]}]}]
    world.put(**TAGS)
    world.scan()
    said = world.host.put_metadata[1]
    assert (said["discnumber"], "totaldiscs" in said) == ("2", False), "only the disc with the track is told"


def test_length_alone_tells_no_recordings_apart(world: World) -> None:
    (cd,) = MOLL["releases"]
    later = {**MOLL, "id": mbid("later"), "length": 5500, "releases": [{**cd, "id": mbid("x"), "title": "Works"}]}
    world.service.recordings = [MOLL, later]
    world.put(**{**TAGS, "album": ""})
    world.put(**{**TAGS, "album": "Nothing like it"})
    world.put(**TAGS)
    world.scan()
    assert [state(world, number)[0] for number in (1, 2, 3)] == ["unsure", "unsure", "matched"]


@pytest.mark.parametrize(("title", "artist"), [("Track 01", "Clara Schumann"), ("Romanze a-Moll", "Unknown Artist")])
def test_nothing_is_looked_for_by_what_is_no_name(world: World, title: str, artist: str) -> None:
    world.service.recordings = [recording(title, [{"name": artist, "joinphrase": "", "artist": {}}])]
    world.put(title=title, artist=artist, duration="1.000")
    world.scan()
    assert (state(world)[0], world.service.asked) == ("none", [])


def test_what_is_not_sure_is_not_taken(world: World) -> None:
    twin = {**MOLL, "id": mbid("twin"), "disambiguation": "recorded in 1987"}
    world.service.recordings = [MOLL, twin]
    world.put(**TAGS)
    world.put(**{**TAGS, "title": "Nocturne"})
    world.put(title="Romanze a-Moll")
    world.put(isrc="DEZZZ2200001")
    world.put("a.jpg")
    world.scan()
    assert [state(world, number)[0] for number in (1, 2, 3, 4)] == ["unsure", "none", "none", "unsure"]
    assert [one["recording_id"] for one in world.match(1)["candidates"]] == [MOLL["id"], twin["id"]]
    assert "not both a title and an artist" in world.match(3)["reason"]
    assert world.host.put_metadata == {}
    assert world.plugin._store.get(5) is None


def test_a_threshold_and_a_crowd(tmp_path: Path) -> None:
    for found in [1, 0]:
        with world_of(tmp_path, **{"matching.threshold": 1.0 if not found else 0.85}) as world:
            world.put(title="Romanze a-Moll", artist="Clara Schumann")
            world.scan()
            assert len(world.host.put_metadata) == found
            if not found:
                assert "0.88" in world.match()["reason"]
            crowd = [{**MOLL, "id": mbid(str(number))} for number in range(101)]
            world.service.recordings = [*crowd]
            world.put(title="Romanze a-Moll", artist="Clara Schumann")
            world.scan(2)
            assert state(world, 2)[0] == "unsure"


def test_an_isrc_of_another_song_is_not_believed(world: World) -> None:
    world.put(**{**TAGS, "isrc": "DEZZZ2200002"})
    world.scan()
    assert state(world) == ("matched", "tags", MOLL["id"]), "the next way is gone"


def test_a_fingerprint_that_is_not_quite_the_same_is_another(world: World) -> None:
    named = [{"id": MOLL["id"], "title": "Romanze a-Moll", "artists": [{"name": "Clara Schumann"}]}]
    world.service.instead = lambda path: (
        as_json({"status": "ok", "results": [{"id": mbid("x"), "score": 0.7, "recordings": named}]})
        if path.startswith("/v2/")
        else None
    )
    world.put(acoustid_id=mbid("print"))
    world.scan()
    assert state(world)[0] == "none"


def test_a_recording_that_is_twice_on_a_release_has_no_number_there(world: World) -> None:
    (cd,) = MOLL["releases"]
    (medium,) = cd["media"]
    twice = {**cd, "media": [{**medium, "tracks": [*medium["tracks"], {**medium["tracks"][0], "number": "3"}]}]}
    world.service.recordings = [{**MOLL, "releases": [twice]}]
    world.put(**TAGS)
    world.scan()
    said = world.host.put_metadata[1]
    assert (said["date"], "tracknumber" in said, "discnumber" in said) == ("1996-05-02", False, False)


def test_ids_that_are_several_or_gone_do_not_count(world: World) -> None:
    world.put(**{**TAGS, "musicbrainz_recordingid": (MOLL["id"], DUR["id"])})
    world.put(**{**TAGS, "musicbrainz_recordingid": mbid("deleted")})
    world.scan()
    assert [state(world, number)[1] for number in (1, 2)] == ["tags", "tags"]


def test_recordings_are_found_by_no_acoustid_without_a_key(world: World) -> None:
    world.fetch.key = ""
    world.put(acoustid_id=mbid("print"), **TAGS)
    world.scan()
    assert state(world)[1] == "tags"
    world.fetch.key = "wrong"
    world.plugin._queue.add_again([1])
    assert [one.state for one in world.work()] == [TaskState.DELAYED]
    assert "AcoustID refuses the key" in world.host.notices[0].text


def test_fewer_requests_than_one_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    at: list[float] = [0.0]
    waited: list[float] = []
    turns = Turns(now=lambda: at[0])
    monkeypatch.setattr(turns._over, "wait", waited.append)
    for per_s in (0.5, 0.5, 1.0, 0.5):
        turns.wait(per_s)
    at[0] = 100.0
    turns.wait(0.5)
    assert waited == [2.0, 4.0]


def test_a_recording_that_was_merged_has_its_new_id(world: World) -> None:
    world.service.recordings.append({**recording("Old", MOLL["artist-credit"]), "id": mbid("old")})
    world.service.instead = lambda path: (
        world.service._recording({}, MOLL["id"]) if f"/recording/{mbid('old')}" in path else None
    )
    world.put(musicbrainz_recordingid=mbid("old"))
    world.scan()
    assert state(world) == ("matched", "recording id", MOLL["id"])
