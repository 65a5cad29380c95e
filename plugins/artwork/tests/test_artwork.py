"""Which cover an album gets, from where and in which order; and what an archive may answer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from viewra_plugins.artwork.service import Artwork
from viewra_plugins.artwork.service import pictures as found_pictures

from viewra.errors import PermissionDenied, UsageError
from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, PluginUnderTest, in_process
from viewra.types import (
    Album,
    AssetLink,
    Fetched,
    FileEntry,
    LibraryEvent,
    LibraryEventKind,
    MediaFile,
    MetadataValue,
    Page,
    ScanEvent,
    ScanEventKind,
    Task,
    TaskState,
)

RELEASE, GROUP = "a20b0c9a-aa27-5d31-8ab0-5f8b0e3bc468", "db9fe74e-c014-5fc6-8b90-3b6deb1dba39"
URL = "https://coverartarchive.org"
OF_RELEASE, OF_GROUP = f"{URL}/release/{RELEASE}/front-1200", f"{URL}/release-group/{GROUP}/front-1200"
IDS: dict[str, Any] = {"musicbrainz_albumid": RELEASE, "musicbrainz_releasegroupid": GROUP}
JPEG, PNG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64), b"\x89PNG\r\n\x1a\n" + bytes(64)
MISSING, LOCKED = Fetched(404, "", {}, b"No image found"), Fetched(403, "", {}, b"Forbidden")
EXAMPLE = Path(__file__).resolve().parents[3] / "examples/music/Clara Schumann/Drei Romanzen, op. 21"


class Shelf(FakeLibrary):
    """A library that understands the queries of this plugin."""

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        wanted = {(name, int(number)) for name, number in re.findall(r"\b(album_id|id):(\d+)", query)}
        return Page(tuple(one for one in self.file_entries if {("album_id", one.album_id), ("id", one.id)} & wanted))


@attrs.define
class World:
    folder: Path
    library: Shelf
    fetch: FakeFetch
    host: FakeHostServices
    plugin: Artwork
    running: PluginUnderTest

    def put(self, number: int, album: int | None = 7, /, path: str = "", **said: Any) -> None:
        path = path or str(self.folder / f"{number}.flac")
        self.library.file_entries.append(FileEntry(number, 1, path, "audio/flac", 1, 0, "audio", album_id=album))
        metadata = {field: MetadataValue(value, "audio_tags") for field, value in said.items()}
        self.library.media_files.append(MediaFile(number, 1, path, "audio/flac", 1, 0, metadata))

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.plugin._settings = type(self.plugin.settings)({**self.plugin.settings, **settings})

    def scan(self) -> list[dict[str, str]]:
        """Tell that all files were read; which covers are linked with album 7 by then."""
        ids = [one.id for one in self.library.file_entries]
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.FILE, 1, 1, media_file_id=number) for number in ids])
        return self.work()

    def work(self) -> list[dict[str, str]]:
        queue = self.host.tasks_queue
        for task in queue.queued:  # the fake queue has no clock
            if task.name == "files" and task.state is TaskState.DELAYED:
                self.plugin.execute_task(Task(task.id, task.name, task.data))
                queue.cancel(task.id, "")
        queue.run(self.plugin)
        return self.links(album_id=7)

    def links(self, **target: int) -> list[dict[str, str]]:
        return [{"kind": one.kind, **one.metadata} for one in self.host.assets.links(**target)]

    def ask(self, name: str, **data: object) -> list[dict[str, str]]:
        """As the operator does by hand."""
        self.plugin.execute_task(Task(1, name, data))
        return self.links(album_id=7)

    @property
    def asked(self) -> list[str]:
        return [one.url for one in self.fetch.requests]

    @property
    def states(self) -> list[tuple[TaskState, str]]:
        return [(one.state, one.error) for one in self.host.tasks_queue.queued]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    library, fetch, plugin = Shelf(), FakeFetch({OF_RELEASE: JPEG, OF_GROUP: PNG}), Artwork()
    host = FakeHostServices(library, fetch=fetch)
    with in_process(plugin, host=host) as running:
        yield World(tmp_path, library, fetch, host, plugin, running)


ONLINE = {"kind": "front", "source": "archive"}


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


def test_an_outage_sets_nothing_aside_and_is_told_until_it_is_over(world: World) -> None:
    world.fetch.answers[OF_RELEASE] = Fetched(502, "", {})
    world.put(1, **IDS)
    world.put(2, 8, **IDS)
    world.scan()
    assert [state for state, _ in world.states] == [TaskState.DELAYED] * 2
    assert (world.asked, [one.level for one in world.host.notices]) == ([OF_RELEASE], ["warning"])
    world.fetch.answers[OF_RELEASE] = JPEG
    world.plugin.on_settings_changed()
    world.plugin.execute_task(Task(1, "choose", {"album_id": 7}))
    assert (world.links(album_id=7), world.host.notices) == ([ONLINE], ())


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


# ---- the operator ----


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
        ("set", {"album_id": 7, "path": str(world.folder / "pipe")}, "is no file"),
        ("set", {"album_id": 7, "path": str(world.folder / "a.txt")}, "is no picture"),
        ("fetch", {}, "not said of what"),
        ("fetch", {"album_id": "7"}, "not said of what"),
        ("dance", {"album_id": 7}, "there is no task 'dance'"),
    ]
    for name, data, reason in cases:
        with pytest.raises(UsageError, match=reason):
            world.ask(name, **data)
    assert world.links(album_id=7) == []


# ---- an archive that fails ----


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>welcome to our hotel</html>", "is no picture"),
        (b"%PDF-1.7\n" + bytes(100), "is no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "is no picture"),
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0" + bytes(33 * 1024 * 1024), "more than"),
        (Fetched(500, "", {}), "the status 500"),
    ],
)
def test_an_archive_that_answers_wrongly_is_asked_again_and_then_set_aside(
    world: World, said: bytes | Fetched, reason: str
) -> None:
    with world.plugin.asking("archive"):
        pass  # it has answered before
    world.put(1, **IDS)
    world.fetch.answers[OF_RELEASE] = said
    assert world.scan() == []
    ((state, error),) = world.states
    assert (state, reason in error) == (TaskState.SET_ASIDE, True), error  # the fake queue makes one attempt
    assert [one for one in world.host.assets_store.stored.values() if one == said] == [], "it is not kept"


def test_an_archive_that_asks_for_patience_gets_it(world: World) -> None:
    world.fetch.answers[OF_RELEASE] = Fetched(503, "", {"retry-after": "120"})
    for number in (1, 2):
        world.put(number, number, **IDS)
    world.scan()
    assert [state for state, _ in world.states] == [TaskState.DELAYED, TaskState.DELAYED]
    assert world.asked == [OF_RELEASE], "nobody is asked for the other album within that time"


def test_the_operator_is_told_when_nothing_may_be_fetched(world: World) -> None:
    world.fetch.answers[OF_RELEASE] = PermissionDenied("coverartarchive.org is not granted")
    world.put(1, **IDS)
    world.scan()
    assert [state for state, _ in world.states] == [TaskState.DELAYED]
    assert [one.text for one in world.host.notices] == ["no covers can be fetched: coverartarchive.org is not granted"]


# ---- what was there before, and what is no picture ----


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
    for path in (EXAMPLE / "02 Romanze F-Dur.mp3", tmp_path / "broken.mp3", tmp_path / "none", tmp_path):
        with pytest.raises(found_pictures.Unreadable):
            found_pictures.inside(str(path))
    assert found_pictures.in_folders([os.fsdecode(b"/nowhere/\xff/1.mp3")]) == ""
