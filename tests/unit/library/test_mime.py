"""Which files are media: by name, by content where the name says too little, and as plugins declare."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.library.conftest import World
from viewra.errors import PluginUnavailable
from viewra.library.mime import MediaTypes, always_media
from viewra.types import Result

TYPES = MediaTypes()


def packets(size: int, offset: int, count: int = 40) -> bytes:
    return b"".join(b"\0" * offset + b"\x47" + b"\xff" * (size - offset - 1) for _ in range(count))


MODULE = b"\0" * 1080 + b"M.K."
CONTENTS = {
    "video.ts": (packets(188, 0), "video/mp2t"),
    "cut.ts": (packets(188, 0)[100:], "video/mp2t"),
    "short.ts": (packets(188, 0, 3), "video/mp2t"),
    "disc.m2ts": (packets(192, 4), "video/mp2t"),
    "camera.MTS": (packets(192, 4), "video/mp2t"),
    "code.ts": (b"import { Component } from '@angular/core';\n" * 100, ""),
    "empty.ts": (b"", ""),
    "gg.ts": (b"G" * 4096, "video/mp2t"),
    "module.mts": (b"export const answer = 42;\n" * 50, ""),
    "damaged.m2ts": (b"?" * 4096, "video/mp2t"),
    "film.ogg": (b"OggS" + b"\0" * 24 + b"\x80theora" + b"OggS" + b"\x01vorbis", "video/ogg"),
    "song.ogg": (b"OggS" + b"\0" * 24 + b"\x01vorbis", "audio/ogg"),
    "speech.ogg": (b"OggS" + b"\0" * 24 + b"OpusHead", "audio/opus"),
    "damaged.ogg": (b"nothing", "audio/ogg"),
    "disc.dat": (b"RIFF\0\0\0\0CDXAfmt ", "video/x-vcd"),
    "stream.dat": (b"\x00\x00\x01\xba", "video/mpeg"),
    "anything.dat": (b"\x00\x01\x02", ""),
    "real.rm": (b".RMF\0\0", "application/vnd.rn-realmedia"),
    "voice.rm": (b".ra\xfd\0", "audio/x-realaudio"),
    "link.ram": (b"rtsp://example.org/a.rm\n", "audio/x-pn-realaudio"),
    "memory.ram": (b"\xff\xff", ""),
    "tune.mod": (MODULE, "audio/x-mod"),
    "go.mod": (b"module example.org/x\n\ngo 1.23\n", ""),
    "camera.mod": (b"\x00\x00\x01\xba", "video/mpeg"),
    "tune.it": (b"IMPM", "audio/x-it"),
    "page.it": (b"<p>ciao</p>", ""),
    "words.sub": (b"{0}{25}Hello\n", "text/x-microdvd"),
    "album.cue": (b'REM GENRE Jazz\r\nTITLE "A"\r\nFILE "a b.wav" WAVE\r\n  TRACK 01 AUDIO\r\n', "application/x-cue"),
    "first.cue": (b"\xef\xbb\xbfFILE a.wav wave\rTRACK 01 AUDIO\r", "application/x-cue"),
    "wide.cue": ('FILE "a.wav" WAVE\n'.encode("utf-16"), "application/x-cue"),
    "plugin.cue": (b'id: "films"\nprofile: "a"\n', ""),
    "model.stl": (b"solid cube\n", ""),
    "noextension": (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
    "stream": (packets(188, 0), "video/mp2t"),
    "README": (b"Read me", ""),
}


@pytest.mark.parametrize(("name", "expected"), CONTENTS.items(), ids=CONTENTS)
def test_content_decides_where_the_name_says_too_little(name: str, expected: tuple[bytes, str]) -> None:
    content, kind = expected
    assert TYPES.by_name(name.encode()) == ""
    assert TYPES.by_content(name.encode(), content) == kind


def test_what_cannot_be_read_is_taken_for_what_such_files_mostly_are() -> None:
    assert TYPES.by_content(b"a.ts", None) == "video/mp2t"
    assert TYPES.by_content(b"noextension", None) == ""


NAMES = {
    "a.mp1": "audio/mpeg",
    "a.W64": "audio/x-w64",
    "a.m4v": "video/x-m4v",
    "a.mka": "audio/x-matroska",
    "a.dtshd": "audio/vnd.dts.hd",
    "a.mk3d": "video/x-matroska",
    "a.m3u8": "audio/x-mpegurl",
    "a.txt": None,
    ".mp3": "",
    "._a.mp3": None,
    "a.mp3.part": None,
    "a.": None,
}


@pytest.mark.parametrize(
    ("name", "kind"),
    NAMES.items(),
    ids=NAMES,
)
def test_names_tell_types(name: str, kind: str | None) -> None:
    assert TYPES.by_name(name.encode()) == kind


def test_playlists_are_no_audio_though_their_type_says_so() -> None:
    assert not always_media("audio/x-mpegurl")
    assert not always_media("audio/x-scpls")
    assert always_media("audio/mpeg")
    assert always_media("audio/x-of-a-plugin")


def test_plugins_add_extensions_and_take_none_away() -> None:
    types = MediaTypes(
        [
            {"audio/x-foo": (".foo", ".FU"), "text/x-mine": (".nfo",)},
            {"audio/x-other": (".foo",), "text/x-typescript": (".ts",), "text/x-theirs": (".mp3",)},
        ]
    )
    assert [types.by_name(name) for name in (b"a.foo", b"a.fu", b"a.nfo", b"a.mp3")] == [
        *("audio/x-foo", "audio/x-foo", "text/x-mine", "audio/mpeg")
    ]
    assert types.by_content(b"a.ts", packets(188, 0)) == "video/mp2t"
    assert types.by_content(b"a.ts", b"let a = 1") == "text/x-typescript"


def test_an_extension_with_several_dots_counts_before_its_last_part() -> None:
    declared = {"text/x-cue": (".cue.txt",), "text/x-log": (".log.cue.txt",), "x/y": (".x.mp3", ".y.ts", ".cover.jpg")}
    types = MediaTypes([declared, {"image/x-mine": (".jpg",)}])
    expected = {
        "a.cue.txt": "text/x-cue",
        "A.B.Cue.TXT": "text/x-cue",
        "a.log.cue.txt": "text/x-log",
        "a.txt": None,
        "a.cue": TYPES.by_name(b"a.cue"),
        "acue.txt": None,
        ".cue.txt": None,
        "a.cover.jpg": "x/y",
        "a.jpg": "image/x-mine",
        "a.x.mp3": "audio/mpeg",
        "a.y.ts": "",
    }
    assert {name: types.by_name(name.encode()) for name in expected} == expected


@given(st.binary(max_size=4096), st.sampled_from([b"a.ts", b"a.ogg", b"a.mod", b"a.dat", b"a", b"a.sub"]))
def test_any_content_has_a_type_or_none(content: bytes, name: bytes) -> None:
    kind = TYPES.by_content(name, content)
    assert kind == "" or "/" in kind


@given(st.text(st.characters(min_codepoint=9, max_codepoint=0x7E), min_size=1, max_size=4096))
def test_no_text_is_a_transport_stream_by_chance(text: str) -> None:
    if len(set(text)) > 1:
        assert TYPES.by_content(b"a.ts", (text * 20)[:8192].encode()) in {"", "video/mp2t"}


def names(world: World) -> set[str]:
    rows = world.rows("SELECT path_text FROM media_files WHERE missing_since IS NULL")
    return {row.path_text.rpartition("/")[2] for row in rows}


def test_code_is_no_video_in_a_library(world: World) -> None:
    world.put("app.ts", b"export class App {}\n" * 400)
    world.put("film.ts", packets(188, 0))
    world.scan()
    assert names(world) == {"film.ts"}


def test_a_type_is_in_the_library_while_an_enabled_plugin_reads_it(world: World) -> None:
    reader = world.hook.add_scraper("lists")
    reader.types = ("audio/x-mpegurl", "text/x-list")
    for name in ("a.m3u", "b.list", "c.mp3", "d.jpg"):
        world.put(name)
    declared = [{"text/x-list": (".list",)}]
    world.scan(media_types=declared)
    assert names(world) == {"a.m3u", "b.list", "c.mp3"}
    before = world.ids()
    world.hook.scrapers.clear()  # it is disabled
    report = world.scan()
    assert names(world) == {"c.mp3"}
    assert (report.counts.missing, report.counts.seen) == (2, 1)
    world.hook.scrapers.append(Result("lists", reader))
    report = world.scan(media_types=declared)
    assert names(world) == {"a.m3u", "b.list", "c.mp3"}
    assert (report.counts.returned, world.ids()) == (2, before)
    world.check_consistent()


def test_a_plugin_that_does_not_start_takes_no_file_out_of_the_library(world: World) -> None:
    reader = world.hook.add_scraper("lists")
    reader.types = ("audio/x-mpegurl", "text/x-list")
    world.put("a.m3u")
    world.put("b.list")
    declared = [{"text/x-list": (".list",)}]
    world.scan(media_types=declared)
    world.hook.scrapers[:] = [Result("lists", error=PluginUnavailable("lists", "did not start"))]
    assert world.scan(media_types=declared).counts.missing == 0
    assert names(world) == {"a.m3u", "b.list"}


def test_a_folder_that_is_gone_is_gone_whatever_was_in_it(world: World) -> None:
    world.put("below/a.ts", packets(188, 0))
    world.scan()
    shutil.rmtree(world.folder / "below")
    assert world.scan().counts.missing == 1
