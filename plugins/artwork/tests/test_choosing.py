"""Which cover an album gets, from where and in which order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.artwork.service import pictures as found_pictures

from viewra.errors import UsageError
from viewra.types import Album, AssetLink, Fetched, LibraryEvent, LibraryEventKind, ScanEvent, ScanEventKind

from .conftest import EXAMPLE, GROUP, IDS, JPEG, OF_GROUP, OF_RELEASE, ONLINE, PNG, RELEASE, URL, World

MISSING, LOCKED = Fetched(404, "", {}, b"No image found"), Fetched(403, "", {}, b"Forbidden")


def test_an_album_without_a_cover_gets_that_of_its_release(world: World) -> None:
    world.put(1, **IDS)
    world.put(2, **IDS)
    assert world.scan() == [ONLINE]
    (link,) = world.host.assets.links(album_id=7)
    assert (world.host.assets_store.stored[link.asset.id], link.source_url) == (JPEG, OF_RELEASE)
    assert world.scan() == [ONLINE]
    assert world.asked == [OF_RELEASE], "once for both files, and never again"


def test_a_cover_that_another_plugin_has_linked_is_not_fetched_again(world: World) -> None:
    world.put(1, **IDS)
    asset = world.host.assets_store.add(PNG, "image/png")
    world.host.assets_store.linked.append(AssetLink(asset, "front", "another", album_id=7))
    assert (world.scan(), world.asked) == ([], [])
    assert world.ask("fetch", album_id=7) == [{"chosen": "operator", **ONLINE}], "unless the operator wants it"
    assert len(world.host.assets_store.linked) == 2, "the other's stays"


def test_the_release_group_is_asked_next_and_what_has_none_not_again(world: World) -> None:
    world.put(1, **IDS)
    world.fetch.answers[OF_RELEASE] = MISSING
    assert world.scan() == [ONLINE]
    assert world.asked == [OF_RELEASE, OF_GROUP]
    world.fetch.answers[OF_GROUP] = LOCKED
    world.put(2, 8, **IDS)
    world.scan()
    world.scan()
    assert world.asked == [OF_RELEASE, OF_GROUP, OF_GROUP]
    world.set(release_groups=False, size="original")
    world.put(3, 9, musicbrainz_albumid=GROUP, musicbrainz_releasegroupid=GROUP)
    world.scan()
    assert world.asked[3:] == [f"{URL}/release/{GROUP}/front"]


@pytest.mark.parametrize(
    "said",
    [
        [{}],
        [{"musicbrainz_albumid": RELEASE}, {"musicbrainz_albumid": GROUP}],
        [{"musicbrainz_albumid": [RELEASE, GROUP]}],
        [{"musicbrainz_albumid": "../../etc/passwd"}],
    ],
)
def test_nobody_is_asked_without_an_id_that_is_surely_the_albums(world: World, said: list[dict[str, Any]]) -> None:
    for number, one in enumerate(said, start=1):
        world.put(number, **one)
    assert (world.scan(), world.asked, world.states) == ([], [], [])


def test_what_viewra_shows_by_itself_is_neither_fetched_nor_copied(world: World) -> None:
    world.put(1, has_picture="true", **IDS)
    world.put(2, **IDS)
    assert (world.scan(), world.asked) == ([], [])
    world.library.media_files.clear()
    world.library.file_entries.clear()
    world.put(3, path=str(world.folder / "CD 1" / "1.flac"), **IDS)
    (world.folder / "Artwork").mkdir()
    (world.folder / "Artwork" / "Cover.JPG").write_bytes(JPEG)
    assert (world.scan(), world.asked, world.host.assets_store.stored) == ([], [], {})


def test_a_cover_that_comes_later_takes_the_place_of_the_fetched_one(world: World) -> None:
    world.put(1, **IDS)
    assert world.scan() == [ONLINE]
    (world.folder / "folder.png").write_bytes(PNG)
    assert world.scan() == []


def test_the_order_is_the_operators(world: World) -> None:
    (world.folder / "cover.jpg").write_bytes(JPEG)
    world.put(1, path=str(EXAMPLE / "01 Romanze a-Moll.mp3"), has_picture="true", **IDS)
    world.put(2, **IDS)
    world.set(order=["online", "folder"])
    assert world.scan() == [ONLINE]
    world.set(order=["embedded", "folder"])
    assert world.scan() == [{"kind": "front", "source": "embedded"}]
    (link,) = world.host.assets.links(album_id=7)
    assert link.asset.media_type == "image/png"
    world.set(order=["online"])
    world.fetch.answers = {OF_RELEASE: MISSING, OF_GROUP: MISSING}
    assert world.scan() == [], "what is not in the order does not stay"


def test_a_file_of_no_album_gets_the_cover_of_its_release(world: World) -> None:
    world.put(1, None, **IDS)
    world.put(2, None)
    world.scan()
    assert world.links(media_file_id=1) == [ONLINE]
    assert world.asked == [OF_RELEASE]


def test_what_the_operator_chose_stays(world: World) -> None:
    chosen = world.folder / "scan 3.png"
    chosen.write_bytes(PNG)
    world.put(1, **IDS)
    assert world.scan() == [ONLINE]
    of_file = {"kind": "front", "source": "file", "chosen": "operator"}
    assert world.ask("set", album_id=7, path=str(chosen)) == [of_file]
    (world.folder / "cover.jpg").write_bytes(JPEG)
    assert world.scan() == [of_file]
    world.set(order=["online"])
    assert world.scan() == [of_file]
    world.set(order=["folder", "online"])
    fetched = {**ONLINE, "chosen": "operator"}
    assert world.ask("fetch", album_id=7) == [fetched]
    assert world.scan() == [fetched], "though there is a cover in the folder"
    assert world.ask("unset", album_id=7) == []


def test_what_cannot_be_done_for_the_operator_is_said(world: World) -> None:
    (world.folder / "a.txt").write_text("text")
    os.mkfifo(world.folder / "pipe")
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("set", {"album_id": 7}, "the path of a picture is missing"),
        ("set", {"album_id": 7, "path": str(world.folder / "none.jpg")}, "cannot be opened"),
        ("set", {"album_id": 7, "path": str(world.folder / "pipe")}, "not a regular file"),
        ("set", {"album_id": 7, "path": str(world.folder / "a.txt")}, "is no picture"),
        ("fetch", {}, "not said of what"),
        ("fetch", {"album_id": "7"}, "not said of what"),
        ("dance", {"album_id": 7}, "there is no task 'dance'"),
    ]
    for name, data, reason in cases:
        with pytest.raises(UsageError, match=reason):
            world.ask(name, **data)
    assert world.links(album_id=7) == []


def test_albums_that_were_there_before_are_looked_at_once(world: World) -> None:
    world.put(1, **IDS)
    world.library.rows["albums"].append(Album(7, "Lieder", "", None, 1, 0.0, RELEASE, 0))
    completed = ScanEvent(ScanEventKind.COMPLETED, 1, 1)
    world.plugin.on_scan_events([completed])
    assert world.work() == [ONLINE]
    world.host.assets_store.linked.clear()
    world.plugin.on_scan_events([completed])
    assert world.work() == []
    world.set(size="500")
    world.fetch.answers[OF_RELEASE.replace("1200", "500")] = JPEG
    world.plugin.on_settings_changed()
    assert world.work() == [ONLINE]
    world.host.assets_store.linked.clear()
    hook = world.running.scanner_hook
    assert hook is not None
    hook.on_library_events([LibraryEvent(LibraryEventKind.PURGED, 1, 1, 1, "/x")])
    assert world.work() == []
    hook.on_library_events([LibraryEvent(LibraryEventKind.RETURNED, 1, 1, 1, "/x")])
    assert world.work() == [ONLINE]


def test_music_without_a_picture_has_none(tmp_path: Path) -> None:
    (tmp_path / "broken.mp3").write_bytes(b"ID3\x04\x00\x00\xff\xff\xff\xff" + bytes(1000))
    os.mkfifo(tmp_path / "pipe.mp3")  # which nobody writes: others would wait for it
    others = (tmp_path / name for name in ("broken.mp3", "none", "pipe.mp3"))
    for path in (EXAMPLE / "02 Romanze F-Dur.mp3", *others, tmp_path):
        with pytest.raises(found_pictures.Unreadable):
            found_pictures.inside(str(path))
    assert found_pictures.in_folders([os.fsdecode(b"/nowhere/\xff/1.mp3")]) == ""
