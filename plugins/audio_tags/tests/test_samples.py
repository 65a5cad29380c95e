"""Every good sample gives exactly the fields it was made with."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.audio_tags.service.reader import read

BY_THE_FILE = ("duration", "bitrate")


def test_fields_are_those_the_sample_was_made_with(sample: Path, expected: dict[str, Any]) -> None:
    found = read(str(sample))
    assert {name: value for name, value in found.items() if name not in BY_THE_FILE} == expected["fields"]


def test_duration_is_what_a_decoder_finds(sample: Path, expected: dict[str, Any]) -> None:
    # Encoders pad, and two containers give no exact length: 0.1 s is far more than the codecs' frames.
    text = str(read(str(sample))["duration"])
    assert len(text.partition(".")[2]) == 3
    assert float(text) == pytest.approx(expected["duration"], abs=0.1)


def test_bitrate_is_in_bits_a_second(sample: Path, expected: dict[str, Any]) -> None:
    bitrate = int(str(read(str(sample))["bitrate"]))
    # from silence without loss, which is nearly nothing, to DSD at 2.8 Mbit/s
    assert 1_000 < bitrate < 3_000_000
    if expected["fields"]["codec"] == "pcm":
        fields = expected["fields"]
        samples = int(fields["sample_rate"]) * int(fields["channels"])
        assert bitrate == samples * int(fields["bits_per_sample"])


def test_a_wrong_or_missing_ending_changes_nothing(sample: Path, tmp_path: Path) -> None:
    for name in ("music.mp3", "music.flac", "music.txt", "music"):
        copy = tmp_path / name
        shutil.copyfile(sample, copy)
        assert read(str(copy)) == read(str(sample))


def test_a_name_that_is_not_utf8(sample: Path, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/f\xfcr Elise \xff")
    shutil.copyfile(sample, path)
    assert read(path) == read(str(sample))


def test_values_are_never_empty(sample: Path) -> None:
    for value in read(str(sample)).values():
        values = [value] if isinstance(value, str) else value
        assert values
        assert all(one.strip() == one != "" for one in values)


def test_a_file_without_tags_has_no_tag_fields(music: dict[str, Path], tmp_path: Path) -> None:
    bare = tmp_path / "bare.mp3"
    whole = music["mp3"].read_bytes()
    size = whole[6] << 21 | whole[7] << 14 | whole[8] << 7 | whole[9]
    bare.write_bytes(whole[10 + size :])
    assert set(read(str(bare))) == {"codec", "duration", "bitrate", "sample_rate", "channels", "has_picture"}
