"""Every sample gives exactly the fields it was made with."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from viewra_plugins.media_info.service.limits import Limits
from viewra_plugins.media_info.service.reader import read

from tests import vocabulary

BY_THE_FILE = {"duration", "bitrate", "video_bitrate", "overall_bitrate"}


def test_fields_are_those_the_sample_was_made_with(sample: Path, expected: dict[str, Any]) -> None:
    found = read(str(sample), Limits())
    assert {name: value for name, value in found.items() if name not in BY_THE_FILE} == expected["fields"]


def test_duration_is_what_was_encoded(sample: Path, expected: dict[str, Any]) -> None:
    found = read(str(sample), Limits())
    if expected["duration"] is None:
        assert found.keys().isdisjoint({"duration", "overall_bitrate"})
    else:
        # Encoders pad, and an MPEG stream has no time of its last frames.
        assert float(str(found["duration"])) == pytest.approx(expected["duration"], abs=0.18)


def test_bitrates_fit_the_size(sample: Path) -> None:
    found = read(str(sample), Limits())
    if "duration" in found:
        whole = sample.stat().st_size * 8 / float(str(found["duration"]))
        for name in BY_THE_FILE & found.keys() - {"duration"}:
            assert int(str(found[name])) <= whole * 1.2
        if "overall_bitrate" in found:
            assert int(str(found["overall_bitrate"])) == pytest.approx(whole, rel=0.01)


def test_a_wrong_or_missing_ending_changes_nothing(sample: Path, tmp_path: Path) -> None:
    for name in ("film.txt", "film"):
        copy = tmp_path / name
        shutil.copyfile(sample, copy)
        assert read(str(copy), Limits()) == read(str(sample), Limits())


def test_a_name_that_is_not_utf8_or_that_looks_like_an_address(samples: Path, tmp_path: Path) -> None:
    for name in (b"f\xfcr Elise \xff", b"http:", b"concat:a|b"):
        path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        shutil.copyfile(samples / "film.mkv", path)
        assert read(path, Limits()) == read(str(samples / "film.mkv"), Limits())


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("Clara Schumann/Drei Romanzen, op. 21/01 Romanze a-Moll.mp3", 0.6),
        ("Scott Joplin/The Entertainer/Pine Apple Rag.aac", 0.65),
        ("Various Artists/Hausmusik/5 Clair de lune.dsf", 0.046),
        ("瀧廉太郎/四季/2 荒城の月.opus", 0.6),
    ],
)
def test_durations_of_music_are_what_a_decoder_finds(music: Path, name: str, seconds: float) -> None:
    assert float(str(read(str(music / name), Limits())["duration"])) == pytest.approx(seconds, abs=0.001)


def test_fields_and_values_are_those_of_the_vocabulary(sample: Path) -> None:
    vocabulary.check(read(str(sample), Limits()))
