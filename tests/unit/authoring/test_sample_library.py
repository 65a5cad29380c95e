"""The sample library is what it pretends to be, as other programs read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import mutagen
import pytest
from PIL import Image

from viewra.authoring.sample_library import write_sample_library


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    written = write_sample_library(tmp_path_factory.mktemp("samples"))
    assert sum(file.stat().st_size for file in written) < 20_000
    return {file.suffix: file for file in written}


@pytest.mark.parametrize(
    ("suffix", "title", "seconds"), [(".wav", "INAM", 0.1), (".mp3", "TIT2", 0.2), (".flac", "title", 0.5)]
)
def test_sound(files: dict[str, Path], suffix: str, title: str, seconds: float) -> None:
    read: Any = mutagen.File(files[suffix])
    assert seconds <= read.info.length < 2 * seconds
    assert suffix == ".wav" or str(read[title]).strip("[']") == files[suffix].stem.partition(" - ")[2]
    with av.open(files[suffix]) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 0


def test_video(files: dict[str, Path]) -> None:
    with av.open(files[".avi"]) as container:
        assert [(frame.width, frame.height) for frame in container.decode(video=0)] == [(16, 16)] * 3


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_pictures(files: dict[str, Path], suffix: str) -> None:
    with Image.open(files[suffix]) as picture:
        picture.load()
        assert picture.size == (8, 8)
