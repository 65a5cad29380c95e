"""Makes the samples of media_info and image_info in tests/media/samples.

They are kept in the repository, so that only who changes them needs the encoders, which come with PyAV, Pillow and
pillow-heif:

    python -m tests.media.make

``expected.json`` says what a reader must find in each: the fields as ``samples.py`` has them and the seconds encoded.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pillow_heif

from tests.media import encode, pictures, written
from tests.media.samples import HDR, SAMPLES, SECONDS, sound

HERE = Path(__file__).parent
FOLDER = HERE / "samples"


def main() -> None:
    """Make everything anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    expected: dict[str, object] = {}
    for clip, fields in SAMPLES:
        encode.make(clip, FOLDER)
        expected[clip.name] = {"fields": fields, "duration": SECONDS.get(clip.name, clip.seconds)}
    (FOLDER / "tone.dff").write_bytes(written.dff(0.02))
    expected["tone.dff"] = {
        "fields": {"container": "dsdiff", "codec": "dsd"} | sound(2_822_400, 2, "stereo", 1),
        "duration": 0.02,
    }
    (FOLDER / "vision.mp4").write_bytes(written.dolby_vision((FOLDER / "hdr.mp4").read_bytes()))
    expected["vision.mp4"] = {
        "fields": HDR
        | {"container": "mp4", "frame_rate": "23.976", "color_transfer": "smpte2084"}
        | {"hdr": ["Dolby Vision", "PQ"], "dolby_vision_profile": "8.1"},
        "duration": 0.5,
    }
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    pillow_heif.register_heif_opener()
    for name, draw in pictures.PICTURES.items():
        draw(FOLDER / name)
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{len(expected)} media and {len(pictures.PICTURES)} picture samples, {total:,} bytes")


if __name__ == "__main__":
    main()
