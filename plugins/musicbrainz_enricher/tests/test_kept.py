"""What becomes of a match: versions of the file, people's corrections, scans, and settings."""

from __future__ import annotations

import os
from pathlib import Path

from tests.musicbrainz import mbid
from tests.vocabulary import faults
from viewra.types import LibraryEvent, LibraryEventKind

from .conftest import DUR, MOLL, TAGS, World, state, world_of


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
