"""Loudness against the values of EBU Tech 3341, and what of it becomes metadata, when and for which files."""

from __future__ import annotations

import array
import math
import os
import re
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import attrs
import pytest
from viewra_plugins.replaygain.service import ReplayGain
from viewra_plugins.replaygain.service.listening import Unheard, listen
from viewra_plugins.replaygain.service.loudness import Measured, integrated

from tests.vocabulary import faults
from viewra.testing import FakeHostServices, FakeLibrary, PluginUnderTest, in_process
from viewra.types import (
    FileEntry,
    LibraryEvent,
    LibraryEventKind,
    MediaFile,
    MetadataValue,
    Page,
    ScanEvent,
    ScanEventKind,
    TaskState,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "music"


def sine(path: Path, *parts: tuple[float, float], rate: int = 48_000, channels: int = 2) -> Path:
    """A file with a tone of 1 kHz: parts of a level in dBFS and a length in seconds."""
    period = rate // math.gcd(rate, 1000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        for level, seconds in parts:
            samples = array.array("h")
            for place in range(period):
                value = round(10 ** (level / 20) * 32767 * math.sin(2 * math.pi * 1000 * place / rate))
                samples.extend([value] * channels)
            file.writeframes(samples.tobytes() * round(seconds * rate / period))
    return path


def floats(path: Path, samples: list[float], rate: int = 48_000) -> Path:
    """A mono file of these samples."""
    data = array.array("f", samples).tobytes()
    form = struct.pack("<IHHIIHH", 16, 3, 1, rate, rate * 4, 4, 32)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    )
    return path


def lufs(path: Path) -> float | None:
    found = listen(str(path))
    assert found is not None
    return integrated([found])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 5)], -23.0),
        ([(-33, 5)], -33.0),
        ([(-36, 4), (-23, 24), (-36, 4)], -23.0),  # the relative gate leaves out what is 13 LU below
        ([(-72, 4), (-36, 4), (-23, 24), (-36, 4), (-72, 4)], -23.0),  # the absolute one what is below -70
        ([(-26, 8), (-20, 8.04), (-26, 8)], -23.0),
    ],
)
def test_the_vectors_of_the_ebu(tmp_path: Path, parts: list[tuple[float, float]], expected: float) -> None:
    assert lufs(sine(tmp_path / "a.wav", *parts)) == pytest.approx(expected, abs=0.1)


def test_rates_channels_and_peaks(tmp_path: Path) -> None:
    for number, (rate, channels) in enumerate([(44_100, 2), (8_000, 2), (96_000, 2), (48_000, 1)]):
        path = sine(tmp_path / f"{number}.wav", (-20, 2), rate=rate, channels=channels)
        assert lufs(path) == pytest.approx(-20, abs=0.15), (rate, channels)
    found = listen(str(sine(tmp_path / "p.wav", (-20, 1), (-6, 0.5))))
    assert found is not None
    assert found.peak == pytest.approx(10 ** (-6 / 20), abs=0.001)


def test_what_is_no_music(tmp_path: Path) -> None:
    assert lufs(sine(tmp_path / "silent.wav", (-200, 2))) is None
    assert lufs(sine(tmp_path / "short.wav", (-20, 0.2))) is None
    for content in (b"", b"no audio" * 1000, sine(tmp_path / "a.wav", (-20, 1)).read_bytes()[:40]):
        (tmp_path / "b.wav").write_bytes(content)
        with pytest.raises(Unheard):
            listen(str(tmp_path / "b.wav"))
    with pytest.raises(Unheard):
        listen(str(Path(__file__).parents[3] / "examples" / "photos" / "2021" / "night.png"))
    os.mkfifo(tmp_path / "d.wav")
    with pytest.raises(Unheard, match="it is no file"):
        listen(str(tmp_path / "d.wav"))
    assert listen(str(sine(tmp_path / "c.wav", (-20, 12))), lambda: False) is None


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_a_peak_is_the_highest_sample_and_not_what_another_rate_has_between_them(tmp_path: Path, rate: int) -> None:
    square = [0.9, 0.9, 0.9, 0.9, -0.9, -0.9, -0.9, -0.9] * (rate // 8)
    found = listen(str(floats(tmp_path / "a.wav", square, rate)))
    assert found is not None
    assert found.peak == pytest.approx(0.9, abs=0.0001)


@pytest.mark.parametrize("wrong", [math.inf, -math.inf, 1e30])
def test_samples_beyond_all_bounds_give_no_number(tmp_path: Path, wrong: float) -> None:
    with pytest.raises(Unheard, match="beyond all bounds"):
        listen(str(floats(tmp_path / "a.wav", [0.1, wrong] * 24_000)))


def test_samples_that_are_no_numbers_count_for_nothing(tmp_path: Path) -> None:
    found = listen(str(floats(tmp_path / "a.wav", [0.1, math.nan, -0.1, 0.1] * 12_000)))
    assert found is not None
    assert found.peak == pytest.approx(0.1, abs=0.0001)


def test_a_small_file_is_not_days_of_sound(tmp_path: Path) -> None:
    with pytest.raises(Unheard, match="1 samples a second"):
        listen(str(floats(tmp_path / "a.wav", [0.5, -0.5] * 500, rate=1)))


def test_an_album_is_as_loud_as_its_tracks_one_behind_the_other(tmp_path: Path) -> None:
    tracks = [listen(str(sine(tmp_path / f"{level}.wav", (level, 4)))) for level in (-13, -19, -33)]
    whole = lufs(sine(tmp_path / "whole.wav", (-13, 4), (-19, 4), (-33, 4)))
    assert integrated([one for one in tracks if one is not None]) == pytest.approx(whole, abs=0.15)
    assert integrated([]) is None


def test_every_format_can_be_heard() -> None:
    files = [path for path in sorted(EXAMPLES.rglob("*")) if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert isinstance(listen(str(path)), Measured), path


# ---- the plugin ----


class Shelf(FakeLibrary):
    """A library that understands the queries of this plugin."""

    def files(self, query: str, after: str | None, limit: int) -> Page[FileEntry]:
        wanted = re.findall(r"(album_id|id):(\d+)", query)
        if not wanted:
            return super().files(query, after, limit)
        chosen = {(name, int(number)) for name, number in wanted}
        return Page(tuple(one for one in self.file_entries if {("album_id", one.album_id), ("id", one.id)} & chosen))


@attrs.define
class World:
    folder: Path
    library: Shelf
    host: FakeHostServices
    plugin: ReplayGain
    running: PluginUnderTest

    def put(self, number: int, level: float = -20.0, album: int | None = None, gain: str = "") -> Path:
        path = sine(self.folder / f"{number}.wav", (level, 1))
        self.library.file_entries.append(FileEntry(number, 1, str(path), "audio/x-wav", 1, 0, "audio", album_id=album))
        said = {"replaygain_track_gain": MetadataValue(gain, "tags")} if gain else {}
        self.library.media_files.append(MediaFile(number, 1, str(path), "audio/x-wav", 1, 0, said))
        return path

    def scan(self) -> dict[int, dict[str, str]]:
        """Tell of the end of a scan; what was put by then."""
        self.host.put_metadata.clear()
        file = ScanEventKind.FILE
        found = [ScanEvent(file, 1, 1, media_file_id=one.id, file_path=one.path) for one in self.library.file_entries]
        self.plugin.on_scan_events(found)
        self.plugin.on_scan_events([ScanEvent(ScanEventKind.COMPLETED, 1, 1)])
        self.host.tasks_queue.run(self.plugin)
        assert [one for one in self.host.tasks_queue.queued if one.state != TaskState.DELAYED] == []
        return {number: cast("dict[str, str]", dict(said)) for number, said in self.host.put_metadata.items()}


def world_of(folder: Path, **settings: object) -> Iterator[World]:
    library, plugin = Shelf(), ReplayGain()
    host = FakeHostServices(library)
    plugin.bind(host=host)
    with in_process(plugin, settings=settings, host=host) as running:
        yield World(folder, library, host, plugin, running)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from world_of(tmp_path)


def test_tracks_and_albums_get_gains_and_peaks(world: World) -> None:
    world.put(1, -20, album=7)
    world.put(2, -14, album=7)
    world.put(3, -10)
    put = world.scan()
    assert {number: float(said["replaygain_track_gain"].removesuffix(" dB")) for number, said in put.items()} == {
        1: pytest.approx(2, abs=0.1), 2: pytest.approx(-4, abs=0.1), 3: pytest.approx(-8, abs=0.1),
    }  # fmt: skip
    assert put[1]["replaygain_album_gain"] == put[2]["replaygain_album_gain"]
    assert put[1]["replaygain_album_peak"] == put[2]["replaygain_track_peak"] > put[1]["replaygain_track_peak"]
    assert "replaygain_album_gain" not in put[3]
    assert all(faults(said) == [] for said in put.values())
    assert put[3]["replaygain_reference_loudness"] == "-18.00 LUFS"


def test_what_is_measured_is_not_measured_again_until_it_changes(world: World) -> None:
    path = world.put(1)
    world.put(2, album=7)
    world.put(3, album=7)
    assert sorted(world.scan()) == [1, 2, 3]
    assert world.scan() == {}
    sine(path, (-26, 1))
    os.utime(path, ns=(1, 1))
    assert [float(said["replaygain_track_gain"].split()[0]) for said in world.scan().values()] == [
        pytest.approx(8, abs=0.1)
    ]
    os.utime(world.folder / "3.wav", ns=(1, 1))
    assert sorted(world.scan()) == [2, 3], "an album is measured as a whole"
    hook = world.running.scanner_hook
    assert hook is not None
    hook.on_library_events([LibraryEvent(LibraryEventKind.PURGED, 1, 1, 1, str(path))])
    assert sorted(world.scan()) == [1]


def test_music_that_was_there_before_is_measured_and_later_only_what_scans_find(world: World) -> None:
    world.put(1)
    world.plugin.on_scan_events([ScanEvent(ScanEventKind.COMPLETED, 1, 1)])
    world.host.tasks_queue.run(world.plugin)
    assert sorted(world.host.put_metadata) == [1]
    world.put(2)
    world.library.queries.clear()
    world.plugin.on_scan_events([ScanEvent(ScanEventKind.COMPLETED, 1, 1)])
    world.host.tasks_queue.run(world.plugin)
    assert (sorted(world.host.put_metadata), world.library.queries) == ([1], [])
    assert sorted(world.scan()) == [2]


def test_files_with_tags_are_left_alone(world: World) -> None:
    world.put(1, gain="-6.00 dB")
    world.put(2, album=7, gain="-6.00 dB")
    world.put(3, album=7, gain="-6.00 dB")
    assert world.scan() == {}
    world.put(4, -14, album=7)
    put = world.scan()
    assert [number for number, said in put.items() if said] == [4]
    album, own = (float(put[4][f"replaygain_{what}_gain"].split()[0]) for what in ("album", "track"))
    assert album > own + 1, "a gain of the album needs all of it"


def test_a_changed_setting_counts_for_what_was_there_before(world: World) -> None:
    world.put(1, gain="-6.00 dB")
    assert world.scan() == {}
    world.plugin._settings = type(world.plugin.settings)({**world.plugin.settings, "tagged": True})
    world.plugin.on_settings_changed()
    world.host.tasks_queue.run(world.plugin)
    assert sorted(world.host.put_metadata) == [1]


def test_files_with_tags_are_measured_if_that_is_set(tmp_path: Path) -> None:
    for world in world_of(tmp_path, tagged=True, reference_lufs=-23):
        world.put(1, -23, gain="-6.00 dB")
        (said,) = world.scan().values()
        assert float(said["replaygain_track_gain"].split()[0]) == pytest.approx(0, abs=0.1)
        assert world.scan() == {}


def test_a_file_that_cannot_be_heard_leaves_its_album_without_a_gain(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.put(1, album=7)
    world.put(2, album=7).write_bytes(b"broken")
    world.put(3, album=7).unlink()
    put = world.scan()
    assert sorted(put) == [1]
    assert "replaygain_album_gain" not in put[1]
    assert "a file cannot be measured" in caplog.text
    assert world.scan() == {}, "it is not tried again and again"
    sine(world.folder / "2.wav", (-20, 1))
    assert sorted(world.scan()) == [1, 2]
