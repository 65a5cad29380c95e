"""Every sample gives exactly the fields it was made with, and no pixel of it is decoded."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageFile
from viewra_plugins.image_info.service.limits import Limits
from viewra_plugins.image_info.service.reader import read
from viewra_plugins.image_info.service.source import ImageFileError

from tests import vocabulary


def test_fields_are_those_the_sample_was_made_with(sample: Path, expected: dict[str, str]) -> None:
    assert read(str(sample), Limits()) == expected


def test_no_pixel_is_decoded(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_args: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    monkeypatch.setattr(Image.Image, "load", load)
    assert "width" in read(str(sample), Limits())


def test_a_wrong_or_missing_ending_changes_nothing(sample: Path, expected: dict[str, str], tmp_path: Path) -> None:
    for name in (b"picture.txt", b"picture", b"f\xfcr Elise \xff.eps"):
        copy = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        shutil.copyfile(sample, copy)
        assert read(copy, Limits()) == expected


def test_the_operators_limits(samples: Path) -> None:
    photo = str(samples / "photo.jpg")
    assert "latitude" not in read(photo, Limits(gps=False))
    assert "camera_make" not in read(photo, Limits(exif_bytes=100))
    with pytest.raises(ImageFileError, match="64 x 48 pixels, more than the 3,071"):
        read(photo, Limits(pixels=3071))
    with pytest.raises(ImageFileError, match="MiB to read"):
        read(photo, Limits(read_bytes=100))
    with pytest.raises(ImageFileError, match="given up after 0 s"):
        read(photo, Limits(seconds=0))


def test_a_pipe_or_a_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", tmp_path, tmp_path / "absent"):
        with pytest.raises(ImageFileError):
            read(str(path), Limits())


def test_fields_and_values_are_those_of_the_vocabulary(sample: Path) -> None:
    vocabulary.check(read(str(sample), Limits()))
