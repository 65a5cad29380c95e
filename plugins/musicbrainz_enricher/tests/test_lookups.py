"""Which recording a file is found to be, what becomes of that, and what people's corrections are worth."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.musicbrainz_enricher.service.client import Turns

from tests.musicbrainz import PNG, as_json, mbid, recording, schumann
from tests.vocabulary import faults
from viewra.types import AssetLink, FileEntry, LibraryEvent, LibraryEventKind, TaskState

from .conftest import World, world_of

MOLL, DUR = schumann()
TAGS: dict[str, Any] = {
    "title": "Romanze a-Moll",
    "artist": "Clara Schumann",
    "album": "Drei Romanzen, op. 21",
    "duration": "1.000",
}
SET_ASIDE = [("look up", TaskState.SET_ASIDE)]
DELAYED = [("look up", TaskState.DELAYED)]


def state(world: World, number: int = 1) -> tuple[str, str, str]:
    found = world.match(number)
    return found["state"], found["way"], found["recording_id"]


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


def test_each_version_of_a_file_is_looked_up_once(world: World) -> None:
    number = world.put(**TAGS)
    world.scan()
    asked = len(world.service.asked)
    world.scan()
    assert len(world.service.asked) == asked
    os.utime(world.folder / "1.flac", ns=(1, 1))
    world.read_again(number, title="Romanze F-Dur")
    world.scan()
    assert state(world) == ("matched", "tags", DUR["id"])
    assert world.host.put_metadata[1]["isrc"] == "DEZZZ2200002"
    world.read_again(number, title="Something else")
    os.utime(world.folder / "1.flac", ns=(2, 2))
    world.read_again(number)
    world.scan()
    assert (state(world)[0], world.host.put_metadata[1]) == ("none", {}), "what no longer holds is taken back"


def test_a_correction_stays_whatever_scans_find(world: World) -> None:
    number = world.put(**TAGS)
    world.scan()
    world.plugin._lookups.choose(number, DUR["id"])
    assert world.match()["state"] == "waiting"
    world.work()
    assert (*state(world), world.match()["by_hand"]) == ("matched", "hand", DUR["id"], True)
    assert world.host.put_metadata[1]["title"] == "Romanze F-Dur"
    os.utime(world.folder / "1.flac", ns=(1, 1))
    world.read_again(number)
    world.scan()
    assert state(world) == ("matched", "hand", DUR["id"])
    world.service.recordings = [MOLL, {**DUR, "title": "Romance in F major"}]
    world.plugin._queue.add_again([number])
    world.work()
    assert world.match()["title"] == "Romance in F major", "what is known of it is fetched again"
    world.plugin._lookups.choose(number, mbid("nothing"))
    world.work()
    assert world.host.put_metadata[1] == {}
    assert world.match()["reason"] == f"MusicBrainz has no recording {mbid('nothing')}"


def test_a_rejected_match_is_taken_back_and_does_not_come_again(world: World) -> None:
    number = world.put(**TAGS)
    world.scan()
    world.plugin._lookups.reject(number)
    assert (state(world)[0], world.host.put_metadata[1]) == ("rejected", {})
    os.utime(world.folder / "1.flac", ns=(1, 1))
    world.read_again(number)
    world.host.put_metadata[1] = {"title": "read by a scan that had begun before"}
    world.scan()
    assert (state(world)[0], world.host.put_metadata[1]) == ("rejected", {})
    twin = {**MOLL, "id": mbid("twin")}
    world.service.recordings.append(twin)
    world.plugin._queue.add_again([number])
    world.work()
    assert state(world) == ("matched", "tags", twin["id"]), "only what was rejected is not taken"
    world.plugin._lookups.choose(number, MOLL["id"])
    world.work()
    assert state(world) == ("matched", "hand", MOLL["id"]), "people may change their minds"


def test_a_rejected_recording_is_not_taken_by_its_id_either(world: World) -> None:
    world.put(musicbrainz_recordingid=MOLL["id"], isrc="DEZZZ2200001")
    world.scan()
    world.plugin._lookups.reject(1)
    world.plugin._queue.add_again([1])
    world.work()
    assert (state(world)[0], world.host.put_metadata[1]) == ("none", {})


def test_scans_get_what_is_stored_without_a_network(world: World) -> None:
    number = world.put(**TAGS)
    path = str(world.folder / "1.flac")
    scraper = world.running.metadata_scraper
    assert scraper is not None
    assert scraper.extract_metadata(path) == {}
    world.scan()
    asked = len(world.service.asked)
    said = scraper.extract_metadata(path)
    assert said == world.host.put_metadata[1]
    assert faults(said) == []
    os.utime(path, ns=(1, 1))
    assert scraper.extract_metadata(path) == {}, "it may be another song now"
    world.plugin._lookups.choose(number, DUR["id"])
    world.work()
    os.utime(path, ns=(2, 2))
    assert scraper.extract_metadata(path)["title"] == "Romanze F-Dur", "people's word holds"
    world.plugin._lookups.reject(number)
    assert scraper.extract_metadata(path) == {}
    assert len(world.service.asked) == asked + 1


def test_files_are_followed(world: World) -> None:
    number = world.put("ä.flac", **TAGS)
    world.scan()
    hook = world.running.scanner_hook
    assert hook is not None
    (world.folder / "ä.flac").rename(world.folder / "ö.flac")
    new = str(world.folder / "ö.flac")
    hook.on_library_events([LibraryEvent(LibraryEventKind.MOVED, 1, 1, number, new, "/old")])
    assert world.plugin.extract_metadata(new)
    assert world.match()["path"] == new
    hook.on_library_events([LibraryEvent(LibraryEventKind.MISSING, 1, 1, number, new)])
    assert world.plugin.search({"q": MOLL["id"]}, 10, 0).total_count == 0
    hook.on_library_events([LibraryEvent(LibraryEventKind.RETURNED, 1, 1, number, new)])
    assert world.plugin.search({"q": MOLL["id"]}, 10, 0).total_count == 1
    hook.on_library_events([LibraryEvent(LibraryEventKind.PURGED, 1, 1, number, new)])
    assert world.plugin._store.get(number) is None
    assert world.plugin.search({"q": MOLL["id"]}, 10, 0).total_count == 0


def test_a_library_that_was_there_before_is_looked_through(world: World) -> None:
    world.put(**TAGS)
    world.put("a.jpg")
    world.host.kv.delete("walked")
    world.plugin.start()
    world.work()
    assert sorted(world.host.put_metadata) == [1]
    world.plugin.start()
    assert world.left() == []


def test_what_is_turned_off_is_not_looked_up(tmp_path: Path) -> None:
    with world_of(tmp_path, **{"matching.auto_enrich": False}) as world:
        number = world.put(**TAGS)
        world.scan()
        world.plugin.on_media_file_scanned(number, "/x", {})
        assert (world.service.asked, world.left()) == ([], [])
        world.plugin._queue.add_again([number])
        world.work()
        assert state(world)[0] == "matched"
    with world_of(tmp_path, enabled=False) as world:
        world.put(**TAGS)
        world.scan()
        world.plugin._queue.add_again([1])
        world.work()
        assert (world.service.asked, world.plugin.extract_metadata(str(world.folder / "1.flac"))) == ([], {})


# ---- covers ----


def with_cover(world: World, **image: Any) -> str:
    """Have a front cover for the record; its path."""
    release_id = MOLL["releases"][0]["id"]
    said = {"id": 829521842, "types": ["Front"], "front": True, "approved": True, **image}
    world.service.covers = {f"release/{release_id}": {"images": [said], "release": f"https://x/release/{release_id}"}}
    world.service.pictures = {f"{release_id}/829521842-1200.jpg": PNG}
    return f"/release/{release_id}/829521842-1200.jpg"


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


# ---- servers ----


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


def test_files_that_are_no_music_cost_nothing(world: World) -> None:
    for field in ("image_format", "video_codec", "sidecar_format"):
        world.plugin.on_media_file_scanned(5, "/x", {field: "x"})
    assert world.left() == []
    world.plugin.on_media_file_scanned(5, "/x", {"codec": "flac"})
    assert len(world.left()) == 1


def test_progress_is_shown_until_all_is_done(world: World) -> None:
    seen: list[tuple[str, float, float | None]] = []

    def look(_path: str) -> None:
        seen.extend((one.name, one.done, one.total) for one in world.host.shown_progress)

    world.service.instead = look
    for title in ("Romanze a-Moll", "Romanze F-Dur", "x"):
        world.put(**{**TAGS, "title": title})
    world.scan()
    assert ("looking up", 1, 4) in seen
    assert world.host.shown_progress == ()


def test_a_recording_that_was_merged_has_its_new_id(world: World) -> None:
    world.service.recordings.append({**recording("Old", MOLL["artist-credit"]), "id": mbid("old")})
    world.service.instead = lambda path: (
        world.service._recording({}, MOLL["id"]) if f"/recording/{mbid('old')}" in path else None
    )
    world.put(musicbrainz_recordingid=mbid("old"))
    world.scan()
    assert state(world) == ("matched", "recording id", MOLL["id"])
