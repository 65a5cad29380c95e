"""Numbers of EXIF that cannot be, and what nobody is to hear of: Pillow's own words."""

import io
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from viewra_plugins.image_info.service.limits import Limits
from viewra_plugins.image_info.service.reader import read
from viewra_plugins.image_info.service.source import ImageFileError

from tests import vocabulary

EXIF, FOCAL_LENGTH, FOCAL_35MM, F_NUMBER, TAKEN = 0x8769, 0x920A, 0xA405, 0x829D, 0x9003
ROOT = Path(__file__).resolve().parents[3]


def photo(path: Path, tags: dict[int, object]) -> dict[str, str]:
    exif = Image.Exif()
    exif.get_ifd(EXIF).update(tags)
    Image.new("RGB", (8, 8)).save(path, "JPEG", exif=exif)
    found = read(str(path), Limits())
    vocabulary.check(found)
    return found


@pytest.mark.parametrize(
    ("tags", "field", "value"),
    [
        ({FOCAL_35MM: 11113, FOCAL_LENGTH: IFDRational(6, 1)}, "focal_length_35mm", None),
        ({FOCAL_35MM: 1900, FOCAL_LENGTH: IFDRational(6, 1)}, "focal_length_35mm", None),
        ({FOCAL_35MM: 1700, FOCAL_LENGTH: IFDRational(6, 1)}, "focal_length_35mm", "1700"),
        ({FOCAL_35MM: 52}, "focal_length_35mm", "52"),
        ({F_NUMBER: IFDRational(64, 100)}, "f_number", None),
        ({F_NUMBER: IFDRational(95, 100)}, "f_number", "0.95"),
        ({TAKEN: "2216:11-15 11:46:51".replace("-", ":")}, "taken_at", None),
        ({TAKEN: "1825:01:01 00:00:00"}, "taken_at", None),
    ],
)
def test_what_no_camera_has_is_left_out(tmp_path: Path, tags: dict[int, object], field: str, value: str | None) -> None:
    assert photo(tmp_path / "a.jpg", tags).get(field) == value


def tiff(*entries: tuple[int, int, int, int]) -> bytes:
    """A TIFF file of one directory; an entry is its tag, its type, its count, and its value."""
    made = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + made + bytes(4)


def test_pillow_says_nothing_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tiff((256, 4, 1, 8), (257, 4, 1, 8), (277, 4, 1, 34564), (282, 5, 1, 0xFFFFFF)))
    with pytest.raises(ImageFileError):
        read(str(path), Limits())
    code = (
        "from viewra_plugins.image_info.service.limits import Limits\n"
        "from viewra_plugins.image_info.service.reader import read\n"
        "try: read(sys.argv[1], Limits())\n"
        "except ValueError as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code, str(path)],
        capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("ImageFileError\n", "")


@pytest.mark.parametrize("cut", [10, 30, 170])
def test_reasons_are_in_plain_words(tmp_path: Path, cut: int) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (8, 8)).save(whole, "JPEG")
    path = tmp_path / "a.jpg"
    path.write_bytes(whole.getvalue()[:cut])
    with pytest.raises(ImageFileError) as caught:
        read(str(path), Limits())
    assert "Error" not in str(caught.value)
