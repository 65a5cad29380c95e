"""What is there twice: by content, by recording, by look; how files are followed; and that none is changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any

import attrs
import pytest
from PIL import Image, ImageDraw
from viewra_plugins.duplicates.service import contents, facts
from viewra_plugins.duplicates.service import plugin as duplicates
from viewra_plugins.duplicates.service.contents import alike, digest, look, read
from viewra_plugins.duplicates.service.plugin import _parts

from viewra.testing import ask_http, check_http
from viewra.types import (
    LibraryEvent,
    LibraryEventKind,
    Task,
)

from .conftest import World


def photo(seed: int, size: tuple[int, int] = (300, 200), **options: Any) -> Callable[[Path], bytes]:
    """Writes a picture of circles that depend on ``seed``."""

    def write(path: Path) -> bytes:
        whole = Image.new("RGB", (600, 400), "white")
        draw = ImageDraw.Draw(whole)
        for place in range(6):
            value = hashlib.sha256(f"{seed} {place}".encode()).digest()
            x, y, radius = value[0] * 2, value[1], 40 + value[2] // 2
            draw.ellipse((x, y, x + radius, y + radius), fill=(value[3], value[4], value[5]))
        whole.resize(size).save(path, **options)
        return path.read_bytes()

    return write


def test_the_same_content(world: World) -> None:
    world.put("a.mp3", b"same" * 100)
    world.put("b.mp3", b"same" * 100)
    world.put("c.mp3", b"else" * 100)
    world.put("d.mp3", b"alone")
    world.scan()
    assert world.groups("content") == [["a.mp3", "b.mp3"]]
    answer = ask_http(world.running, "GET", "/groups").json
    assert (answer["total"], answer["spare_bytes"]) == (1, 400)
    with world.plugin._engine.connect() as connection:
        read = connection.exec_driver_sql("SELECT count(*) FROM files WHERE digest IS NOT NULL").scalar()
    assert read == 3, "a file of its own size is not read"


def test_what_a_file_is_now_counts(world: World) -> None:
    first, second = world.put("a.mp3", b"same"), world.put("b.mp3", b"same")
    world.scan()
    (world.folder / "b.mp3").write_bytes(b"else")
    world.scan(second)
    assert world.groups("content") == []
    (world.folder / "b.mp3").write_bytes(b"same")
    world.scan(second)
    assert world.groups("content") == [["a.mp3", "b.mp3"]]
    hook = world.running.scanner_hook
    assert hook is not None
    for kind, there in (("missing", False), ("returned", True), ("purged", False)):
        hook.on_library_events([LibraryEvent(LibraryEventKind(kind), 1, 1, first, "/moved/é.mp3")])
        assert (world.groups("content") == [["é.mp3", "b.mp3"]]) is there


def test_what_has_not_changed_is_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("a.mp3", b"same")
    world.put("b.mp3", b"same")
    world.scan()
    monkeypatch.setattr("viewra_plugins.duplicates.service.plugin._READ", {})
    world.scan()
    assert world.groups("content") == [["a.mp3", "b.mp3"]]


def test_the_same_recording(world: World) -> None:
    mbid = {"musicbrainz_recordingid": "m1"}
    world.put("by-id.flac", b"1" * 30, 100.0, title="One", artist="A", **mbid)
    world.put("by-id.mp3", b"1" * 20, 180.0, title="Uno", artist="A", **mbid)
    world.put("print.ogg", b"2" * 31, acoustid_id="a1")
    world.put("print.mp3", b"2" * 21, acoustid_id="a1")
    world.put("said.flac", b"3" * 32, 200.0, title="Été (live)", artist="Les Uns")
    world.put("said.mp3", b"3" * 22, 202.9, title="ete live", artist="LES UNS")
    world.put("longer.mp3", b"3" * 23, 206.5, title="Été, live", artist="Les Uns")
    world.put("take 1.mp3", b"4" * 24, 50.0, title="T", artist="B", musicbrainz_recordingid="m2")
    world.put("take 2.mp3", b"4" * 25, 50.0, title="T", artist="B", musicbrainz_recordingid="m3")
    world.put("no artist 1.mp3", b"5" * 26, 10.0, title="T")
    world.put("no artist 2.mp3", b"5" * 27, 10.0, title="T")
    world.scan()
    assert sorted(world.groups("recording")) == [
        ["by-id.flac", "by-id.mp3"], ["print.ogg", "print.mp3"], ["said.flac", "said.mp3"],
    ]  # fmt: skip


def test_pictures_that_look_alike(world: World) -> None:
    for name, write in {
        "whole.png": photo(1),
        "small.jpg": photo(1, (96, 64), quality=60),
        "other.png": photo(2),
        "third.jpg": photo(3),
    }.items():
        world.put(name, write(world.folder / name))
    for name, colour in (("white.png", "white"), ("black.png", "black")):
        Image.new("RGB", (64, 64), colour).save(world.folder / name)
        world.put(name, (world.folder / name).read_bytes())
    for name in ("gradient.png", "another gradient.png"):
        Image.linear_gradient("L").resize((64, 48)).save(world.folder / name)
        world.put(name, (world.folder / name).read_bytes() + name.encode())
    world.put("broken.jpg", b"\xff\xd8\xff no picture")
    world.scan()
    assert world.groups("picture") == [["whole.png", "small.jpg"]]
    shown = ask_http(world.running, "GET", "/", query="kind=picture", page=True).text
    assert "/picture/1" in shown
    assert "whole.png" in shown
    artwork = ask_http(world.running, "GET", "/picture/1").artwork
    assert artwork is not None
    assert (artwork.of, artwork.id) == ("file", 1)
    assert ask_http(world.running, "GET", "/picture/x").status == 404


def test_every_pair_within_the_bits_is_found() -> None:
    base = int.from_bytes(hashlib.sha256(b"x").digest()[:16], "big")
    near = {number: base ^ sum(1 << ((number * 37 + step * 11) % 128) for step in range(8)) for number in range(1, 40)}
    assert len(alike({0: base, **near}, 8)) == 1
    assert len(alike({0: base, **near}, 8)[0]) == 40
    assert alike({0: base, 1: base ^ 0b1_1111_1111}, 8) == []
    assert alike({0: base, 1: base}, 0) == [[0, 1]]
    assert alike({}, 8) == []


def test_a_picture_is_turned_upright_first(tmp_path: Path) -> None:
    write = photo(5)
    write(tmp_path / "a.jpg")
    turned = Image.open(tmp_path / "a.jpg").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter, clockwise
    turned.save(tmp_path / "b.jpg", exif=exif)
    one, other = (read(str(tmp_path / name), look).value for name in ("a.jpg", "b.jpg"))
    assert (int(one, 16) ^ int(other, 16)).bit_count() <= 4


def test_a_library_that_was_there_before_is_looked_through_once(world: World) -> None:
    world.put("a.mp3", b"same")
    world.put("b.mp3", b"same")
    world.host.tasks_queue.enqueue([])
    ask_http(world.running, "POST", "/walk", page=True)
    world.work()
    assert world.groups("content") == [["a.mp3", "b.mp3"]]
    assert world.host.kv.get("walked") is True


def test_tasks_are_neither_long_nor_many() -> None:
    tasks = list(_parts("digest", [(number, 10) for number in range(450)]))
    assert [len(task.data) for task in tasks] == [200, 200, 50]  # type: ignore[arg-type]
    assert [len(task.data) for task in _parts("digest", [(1, 5 * 1024**3), (2, 1), (3, 1)])] == [1, 2]  # type: ignore[arg-type]


def test_a_file_that_cannot_be_read_holds_up_no_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for name in "abc":
        world.put(f"{name}.mp3", b"same")
    (world.folder / "b.mp3").unlink()
    world.scan()
    assert world.groups("content") == [["a.mp3", "c.mp3"]]
    assert "a file cannot be read" in caplog.text


def test_a_file_that_is_changed_meanwhile_has_no_digest(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Files would be shown as equal that are not."""

    def change(file: BufferedReader) -> str:
        Path(file.name).write_bytes(b"changed meanwhile")
        return digest(file)

    world.put("a.mp3", b"same")
    with pytest.raises(OSError, match="changed while it was read"):
        read(str(world.folder / "a.mp3"), change)
    world.put("b.mp3", b"then")
    found = {1: read(str(world.folder / "a.mp3"), digest), 2: read(str(world.folder / "b.mp3"), digest)}
    world.plugin._store.put(facts.of_files(world.plugin.host.library, [1, 2]))
    (world.folder / "b.mp3").write_bytes(b"now")
    os.utime(world.folder / "b.mp3", ns=(1, 1))
    world.plugin._store.put(facts.of_files(world.plugin.host.library, [2]))
    world.library.file_entries[0] = attrs.evolve(world.library.file_entries[0], size=17)
    world.plugin._store.put(facts.of_files(world.plugin.host.library, [1]))
    world.plugin._store.note("digest", found)
    assert world.plugin._store.unread("digest", [1, 2]) == [2]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp3")
    with pytest.raises(OSError, match="it is no file"):
        read(str(tmp_path / "a.mp3"), digest)


def test_a_picture_that_kills_the_process_costs_the_others_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("a.png", "deadly.png", "c.png")
    for name in names:
        world.put(name, photo(1)(world.folder / name))
    world.plugin._store.put(facts.of_files(world.plugin.host.library, [1, 2, 3]))

    class Killed(BaseException):
        """As far as the task's queue sees."""

    def looked(file: BufferedReader) -> str:
        if "deadly" in file.name:
            raise Killed
        return look(file)

    monkeypatch.setattr(duplicates, "_READ", {"look": looked})
    for attempt in (1, 2):
        with pytest.raises(Killed):
            world.plugin.execute_task(Task(1, "look", [1, 2, 3], attempt=attempt, attempts=5))
    world.plugin.execute_task(Task(1, "look", [1, 2, 3], attempt=3, attempts=5))
    world.plugin.execute_task(Task(2, "compare"))
    assert world.groups("picture") == [["a.png", "c.png"]]


def test_a_large_progressive_jpeg_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_PROGRESSIVE", 300 * 200 - 1)
    for name, progressive, known in (("a.jpg", True, False), ("b.jpg", False, True)):
        photo(1, progressive=progressive)(tmp_path / name)
        assert bool(read(str(tmp_path / name), look).value) is known


@pytest.mark.parametrize("rate", ["\u00b2", "9" * 5000, "\u0661", "-1", "fast", "320000"])
def test_any_bit_rate_is_stored(world: World, rate: str) -> None:
    world.put("a.mp3", b"same", codec="mp3", bitrate=rate)
    (row,) = facts.of_files(world.plugin.host.library, [1])
    assert row["quality"] == ("mp3, 320 kbit/s" if rate == "320000" else "mp3")


def test_pages_escape_and_refuse(world: World) -> None:
    world.put("<b>.mp3", b"same")
    world.put("c.mp3", b"same")
    world.scan()
    shown = ask_http(world.running, "GET", "/", page=True).text
    assert "&lt;b&gt;.mp3" in shown
    assert "viewra deletes nothing" in shown
    for query in ("kind=x", "begin=-1", "begin=x"):
        assert ask_http(world.running, "GET", "/groups", query=query).status == 400
    check_http(world.running)
    assert sorted(one.name for one in world.folder.iterdir()) == ["<b>.mp3", "c.mp3"]
